"""The pages of the commands in Debian's Chromium: readable at two widths, sortable, never owned."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import CHROMIUM, photograph, probe, visit
from click.testing import CliRunner
from sample_document import DOCUMENT, HOSTILE

import lingula
from lingula.cli import cli
from lingula.documents import Document, to_html
from lingula.explain import Attribution, TokenWeight, document
from lingula.labels import Label

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]
#: Where the screenshots are kept, if somebody wants to look at them.
PICTURES = "LINGULA_SCREENSHOTS"
MARKUP = '<script>document.title = "owned"</script><img src=x onerror="document.title = 1">'
REPORTS = [
    f"No pneumothorax. Small left pleural effusion, unchanged. {MARKUP}",
    "Possible right basilar pneumonia; the heart is enlarged. Support devices are in place.",
    "</p></section><svg onload=\"document.title='ran'\">effusion</svg> Enlarged cardiomediastinum.",
    "<style>*{display:none}</style><base href='https://example.org'> Edema is mild.",
    "W" * 300 + " cardiomegaly, and no focal consolidation to suggest an acute infection.",
    "The lungs are clear.",
]
NAMES = ["s1", "<b>bold</b>", "a/long/path/to/patient00001/study1/view1_frontal", "d", "e", "f"]


def _run(*arguments: object) -> None:
    result = CliRunner().invoke(cli, [str(x) for x in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def _write(path: Path, head: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    return path


def _labels(path: Path, seed: int, n: int = 240) -> Path:
    """A table of labels of so many images, four to a patient, with ages and views."""
    generator = np.random.default_rng(seed)
    names = lingula.load_schema("chexpert14").names
    cells = generator.choice(["", "1", "0", "-1"], (n, len(names)), p=[0.5, 0.25, 0.2, 0.05])
    cells[:, 0] = np.where(generator.random(n) < 0.2, "1", "")
    rows = [
        [f"s{i}", f"p{i // 4}", "train" if i % 5 else "test", ("F", "M", MARKUP)[i % 3], *row]
        for i, row in enumerate(cells.tolist())
    ]
    return _write(path, ["study_id", "patient_id", "split", "sex", *names], rows)


def _audit(folder: Path) -> None:
    labels = _labels(folder / "labels.csv", 1)
    other = _labels(folder / "labels_of_a_second_labeler_with_a_long_name.csv", 2)
    reports = _write(
        folder / "reports.csv",
        ["study_id", "text"],
        [[f"s{i}", REPORTS[i % len(REPORTS)]] for i in range(240)],
    )
    _run(
        *("audit", labels, "--reports", reports, "--compare", other, "--truth", other),
        *("--show-text", "--resamples", 100, "-o", folder, "-q"),
    )


def _page_of_audit(folder: Path) -> Path:
    _audit(folder)
    return folder / "audit.html"


def _page_of_data_sheet(folder: Path) -> Path:
    _audit(folder)
    return folder / "datasheet.html"


def _page_of_rules(folder: Path) -> Path:
    table = _write(
        folder / "reports.csv",
        ["id", "text", "Edema"],
        [[name, text, "0"] for name, text in zip(NAMES, REPORTS, strict=True)],
    )
    _run("explain", "--table", table, "--labeler", "rules", "--html", folder / "explain-rules.html")
    return folder / "explain-rules.html"


def _page_of_model(folder: Path) -> Path:
    words = REPORTS[0].split(" ")
    starts = np.cumsum([0, *(len(word) + 1 for word in words)])
    weights = np.linspace(-1, 1, len(words))
    item = Attribution(
        REPORTS[0],
        "Pleural Effusion",
        Label.POSITIVE,
        "integrated-gradients",
        tuple(
            TokenWeight(int(start), int(start) + len(word), float(weight))
            for start, word, weight in zip(starts, words, weights, strict=False)
        ),
        float(weights.sum()),
        0.0,
        name=NAMES[1],
    )
    return _drawn(folder / "explain-model.html", document([], attributions=[item]))


def _page_of_evaluation(folder: Path) -> Path:
    """Two labelers with probabilities and two readers against a truth, with intervals."""
    truth, first, second, *readers = (_labels(folder / f"labels-{n}.csv", n) for n in range(5))
    for n, path in enumerate((first, second)):
        _add_probabilities(path, n)
    _run(
        *("evaluate", truth, first, "--second", second, "--bootstrap", 50, "--quiet"),
        *("--observations", "five"),
        *(x for reader in readers for x in ("--readers", reader)),
        *("--probability-columns", "p_{observation}", "--html", folder / "evaluate.html"),
    )
    return folder / "evaluate.html"


def _add_probabilities(path: Path, seed: int) -> None:
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    generator = np.random.default_rng(seed)
    for name in lingula.load_schema("chexpert14").names:
        table[f"p_{name}"] = generator.random(len(table)).round(3)
    table.to_csv(path, index=False)


def _page_of_scores(folder: Path) -> Path:
    tables = []
    for n, name in enumerate(("references.csv", "generated.csv")):
        rows = [[f"s{i}", REPORTS[(i * (n + 1)) % len(REPORTS)]] for i in range(30)]
        tables.append(_write(folder / name, ["study_id", "text"], rows))
    _run(
        *("score", *tables, "--labeler", "rules", "--convention", "all", "--bootstrap", 20),
        *("--html", folder / "score.html", "--quiet"),
    )
    return folder / "score.html"


def _page_of_everything(folder: Path) -> Path:
    return _drawn(folder / "sample.html", DOCUMENT)


def _drawn(path: Path, shown: Document) -> Path:
    path.write_text(to_html(shown), encoding="utf-8")
    return path


#: The page, its title, and how many texts it has at least.
PAGES: dict[str, tuple[Callable[[Path], Path], str, int]] = {
    "audit": (_page_of_audit, "Label audit: labels.csv", 500),
    "data sheet": (_page_of_data_sheet, "Data sheet: labels.csv", 200),
    "explain rules": (_page_of_rules, "Explanation: Why these labels", 100),
    "explain model": (_page_of_model, "Explanation: Why these labels", 30),
    "evaluate": (_page_of_evaluation, "Evaluation against labels-0", 500),
    "score": (_page_of_scores, "CheXbert F1: Scores of generated reports", 300),
    "everything": (_page_of_everything, f"Sample: {DOCUMENT.title}".replace("\x1b", "\ufffd"), 200),
}


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profile")


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    make, title, texts = PAGES[request.param]
    return make(tmp_path_factory.mktemp("page")), title, texts


def test_the_page_as_it_is(page: Any, profile: Path) -> None:
    path, _, _ = page
    seen = visit(path, profile, 1280, 2400)
    assert seen.console == ()
    assert seen.tree.count("<script") == 1
    for width in (1280, 390):
        picture = photograph(path, profile, width, 3000)
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert picture.stat().st_size > 30_000, "the picture is nearly empty"
        if PICTURES in os.environ:
            kept = Path(os.environ[PICTURES])
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, kept)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (1280, True)])
def test_what_a_reader_sees(page: Any, profile: Path, width: int, dark: bool) -> None:
    path, title, texts = page
    seen = probe(path, profile, width, 1600, dark=dark)
    assert (seen["width"], seen["dark"]) == (width, dark)
    # Escaping alone must do: the probe's copy of the page has no policy.
    assert seen["title"] == title
    assert seen["requests"] == []
    assert seen["scroll"] <= seen["width"], "wider than the window"
    assert seen["clipped"] == [], "cut off, and nothing says so"
    assert seen["texts"] > texts
    assert seen["faint"] == []
    if width == 1280 and path.stem != "sample":  # whose names are all one long word
        assert seen["broken"] == [], "words that break in their middle"
    assert seen["numbers"] == seen["drawings"]
    assert seen["sorted"]
    for name, found in seen["sorted"].items():
        _check_order(name, found)


def _check_order(name: str, found: Any) -> None:
    def number(key: str) -> float | None:
        try:
            return float(key)
        except ValueError:
            return None

    assert found["same"], name
    assert {found["said"], found["then"]} == {"ascending", "descending"}, name
    for keys, order in ((found["first"], found["said"]), (found["second"], found["then"])):
        missing = [key == "" for key in keys]
        assert missing == sorted(missing), f"{name}: missing figures come last"
        numbers = [number(key) for key in keys if key]
        if all(value is not None for value in numbers):
            assert numbers == sorted(numbers, reverse=order == "descending"), name  # type: ignore[type-var]


def test_the_policy_stops_a_script_that_is_not_ours(tmp_path: Path, profile: Path) -> None:
    text = to_html(DOCUMENT).replace("<main>", '<main><script>document.title = "owned"</script>')
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    seen = visit(tmp_path / "page.html", profile, 800, 600)
    assert "<title>owned" not in seen.tree
    assert HOSTILE[:10] == "<script>do"
    assert any("Content Security Policy" in line for line in seen.console)


def test_a_console_error_would_be_seen(tmp_path: Path, profile: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<script>undefinedFunction()</script>", encoding="utf-8")
    lines = visit(broken, profile, 600, 300).console
    assert any("undefinedFunction" in line for line in lines)
