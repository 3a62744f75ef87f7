"""The page in Debian's Chromium: hostile reports are shown and never run; it fits a telephone."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

import lingula
from lingula.explain import Attribution, TokenWeight, explain, page
from lingula.labels import Label

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]

HOSTILE = [
    "<script>document.title='ran'</script> No pneumothorax.",
    "Edema <img src=x onerror=\"document.title='ran'\"> is mild.",
    "</p></section><svg onload=\"document.title='ran'\">effusion</svg>",
    '"><iframe srcdoc="<script>parent.document.title=\'ran\'</script>"></iframe> pneumonia',
    "<style>*{display:none}</style><base href='https://example.org'> small effusion",
    "W" * 300 + " cardiomegaly",
]


def chromium(tmp_path: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM is not None
    command = [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr"),
        *("--virtual-time-budget=2000", f"--user-data-dir={tmp_path / 'profile'}"),
        *arguments,
        url,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


@pytest.fixture
def hostile_page(tmp_path: Path) -> Path:
    labeler = lingula.load("rules")
    weights = Attribution(
        HOSTILE[0],
        "Pneumothorax",
        Label.NEGATIVE,
        "integrated-gradients",
        (TokenWeight(0, 8, 0.5), TokenWeight(41, 53, -1.0)),
        -0.5,
        0.0,
        name=HOSTILE[1],
    )
    target = tmp_path / "page.html"
    text = page(explain(labeler, HOSTILE, names=HOSTILE), title="Reasons", attributions=[weights])
    target.write_text(text, encoding="utf-8")
    return target


@pytest.mark.parametrize("policy", [True, False])
def test_markup_in_a_report_is_shown_and_never_run(
    hostile_page: Path, tmp_path: Path, policy: bool
) -> None:
    if not policy:
        # Escaping alone must do; the policy is a second wall.
        text = hostile_page.read_text(encoding="utf-8")
        text, removed = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
        assert removed == 1
        hostile_page.write_text(text, encoding="utf-8")
    seen = chromium(tmp_path, hostile_page.as_uri(), "--dump-dom")
    assert "<title>Reasons</title>" in seen.stdout
    assert not re.search(r"<(script|img|svg|iframe|base)\b", seen.stdout)
    words = unescape(re.sub(r"<[^>]*>", "", seen.stdout))
    for text in HOSTILE:
        assert words.count(text) >= 2  # as a name and as a report
    assert "CONSOLE" not in seen.stderr


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off_at_the_side(hostile_page: Path, tmp_path: Path, width: int) -> None:
    text = hostile_page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    probe = "<script>parent.postMessage(document.documentElement.scrollWidth, '*')</script>"
    hostile_page.write_text(text.replace("</body>", probe + "</body>"), encoding="utf-8")
    # In a frame, for a window is never narrower than 500 pixels.
    outer = tmp_path / "outer.html"
    outer.write_text(
        "<!doctype html><script>addEventListener('message', (e) => "
        "document.documentElement.setAttribute('data-width', e.data));</script>"
        f'<iframe src="{hostile_page.name}" style="width:{width}px;height:900px;border:0">'
        "</iframe>",
        encoding="utf-8",
    )
    seen = chromium(tmp_path, outer.as_uri(), "--dump-dom", "--window-size=1400,1000")
    found = re.search(r'data-width="(\d+)"', seen.stdout)
    assert found is not None
    assert int(found.group(1)) <= width


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(x * y for x, y in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def test_letters_stand_out_from_every_ground() -> None:
    from lingula.explain.html import STYLE

    ink = luminance("#1b1f24")
    grounds = [luminance(x) for x in re.findall(r"background: (#[0-9a-f]{6})", STYLE)]
    assert len(grounds) > 5
    for ground in grounds:
        assert (ground + 0.05) / (ink + 0.05) >= 4.5
