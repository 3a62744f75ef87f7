"""Lays out what the site is built from: pages, reference pages, and those of the whole project."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import api_pages
import command_pages

ROOT = Path(__file__).parents[2]
#: Pages of the project that lie elsewhere -> where the site has them.
ELSEWHERE = {
    "benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def assemble(target: Path) -> None:
    """Fill the folder ``target`` anew with every page but the gallery."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target)
    for page in target.glob("**/*.md"):
        place = page.relative_to(target).as_posix()
        _write(page, _led(page.read_text("utf-8"), ROOT / "docs" / place, place))
    for source, place in ELSEWHERE.items():
        text = (ROOT / source).read_text("utf-8")
        _write(target / place, _led(text, ROOT / source, place))
    for place, text in {**command_pages.pages(), **api_pages.pages()}.items():
        _write(target / place, text)


def _led(markdown: str, source: Path, place: str) -> str:
    """The page with links that leave the site led to its page, or replaced by the file's name."""

    def lead(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        if "://" in target or target.startswith("mailto:"):
            return found[0]
        name = (source.parent / target).resolve().relative_to(ROOT).as_posix()
        inside = ELSEWHERE.get(name)
        if inside is None and name.startswith("docs/"):
            inside = name.removeprefix("docs/")
        if inside is None:
            return f"`{name}`" if words.strip("`") == name else f"{words} (`{name}`)"
        return f"[{words}]({'../' * place.count('/')}{inside}{anchor})"

    return LINK.sub(lead, markdown)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
