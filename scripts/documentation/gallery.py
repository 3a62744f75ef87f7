"""The gallery: pages and plots that the package draws, made by its commands, photographed."""

from __future__ import annotations

import csv
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--force-device-scale-factor=1",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """One exhibit of the gallery.

    Attributes:
        name: Of its picture file.
        title: Its heading.
        words: What it shows.
        commands: What a user types for it, one a line, in a folder with the example data.
        file: What they write: a page to photograph, or a picture.
        height: Of the photograph, in pixels.
    """

    name: str
    title: str
    words: str
    commands: str
    file: str
    height: int = 900


SHOWN = (
    Shown(
        "explain",
        "Why a report got its labels",
        "Mentions in the colour of what is said of them; each label with its words and its rule.",
        "lingula explain --file examples/folder/p11/s50000005.txt --html why.html",
        "why.html",
    ),
    Shown(
        "evaluate",
        "How well labels agree with a truth",
        "Figures with intervals, reliability and curves where there are probabilities.",
        "lingula label examples/reports.csv -o truth.csv --labeler rules\n"
        "lingula label examples/reports.csv -o labeled.csv --labeler builtin --probabilities\n"
        "lingula evaluate truth.csv labeled.csv --bootstrap 200 --html evaluation.html",
        "evaluation.html",
    ),
    Shown(
        "score",
        "Scores of generated reports",
        "Every convention of the field that publishes a CheXbert F1, beside each other. The "
        "references are the example reports; every third generated one is that of the row before.",
        "lingula score references.csv generated.csv --convention all --bootstrap 200"
        " --html score.html",
        "score.html",
    ),
    Shown(
        "audit",
        "What hides in a table of labels",
        "Checks with stars, prevalence, contradictions, duplicates, and a data sheet.",
        "lingula label examples/reports.csv -o labels.csv\n"
        "lingula audit labels.csv --reports examples/reports.csv -o audited",
        "audited/audit.html",
    ),
    Shown(
        "board",
        "A leaderboard beside readers",
        "Ranks with the range that the test cannot exclude, and the readers below each curve.",
        "python examples/challenge/make.py challenge\n"
        "lingula challenge create held --truth challenge/truth.csv --readers challenge/anna.csv"
        " --readers challenge/ben.csv --readers challenge/clara.csv\n"
        'lingula challenge submit held challenge/scores.csv --team "Our team" --title "A model"'
        " --single\n"
        'lingula challenge submit held challenge/other.csv --team "Another" --ensemble\n'
        "lingula challenge board held --resamples 500",
        "held/board/index.html",
    ),
    Shown(
        "films",
        "Where an image model looks",
        "Grad-CAM over films that are drawn by a script of the examples.",
        "python examples/films/make.py films\n"
        "lingula label films/reports.csv -o films/labels.csv\n"
        "lingula images train films/films.csv --labels films/labels.csv --valid films/valid.csv"
        " --recipe small --epochs 6 -o run\n"
        "lingula images explain run films/pictures/patient00241/study1/view1_frontal.png"
        " -o looks.html",
        "looks.html",
    ),
    Shown(
        "groups",
        "In whom an image model fails",
        "AUROC by view, sex and age, each with its interval.",
        "lingula images predict run films/valid.csv -o films/scores.csv\n"
        "lingula images groups films/valid.csv films/scores.csv --bootstrap 200 --html groups.html",
        "groups.html",
    ),
    Shown(
        "reliability",
        "Whether an image model's scores are chances",
        "How often a finding is there among films with such a score, before and after calibration.",
        "lingula images calibrate run films/valid.csv --html reliability.html",
        "reliability.html",
    ),
)


def write_gallery(site: Path, *, pictures: bool) -> None:
    """Write ``gallery.md`` and, if wanted, its pictures into the site's sources.

    Raises:
        SystemExit: A command failed, or no Chromium is there.
    """
    folder = site / "gallery"
    folder.mkdir()
    lines = ["# Gallery", "", "Made by these commands on the example data, all of it invented.", ""]
    if pictures:
        _draw(folder)
    for shown in SHOWN:
        lines += [f"## {shown.title}", "", shown.words, ""]
        lines += ["```", shown.commands, "```", ""]
        if pictures:
            lines += [f"![{shown.title}](gallery/{shown.name}.png)", ""]
    (site / "gallery.md").write_text("\n".join(lines), encoding="utf-8")
    if not pictures:
        home = site / "index.md"
        text = home.read_text("utf-8").splitlines()
        kept = [line for line in text if "](gallery/" not in line]
        home.write_text("\n".join(kept) + "\n", encoding="utf-8")


def _draw(folder: Path) -> None:
    browser = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit("the gallery needs Chromium; without: --without-pictures")
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        shutil.copytree(ROOT / "examples", work / "examples")
        _write_pairs(work)
        for shown in SHOWN:
            for line in shown.commands.splitlines():
                _run(line, work)
            file = work / shown.file
            picture = folder / f"{shown.name}.png"
            if file.suffix == ".png":
                shutil.copyfile(file, picture)
            else:
                _photograph(browser, file, picture, shown.height)


def _run(line: str, work: Path) -> None:
    program, *words = shlex.split(line)
    start = [sys.executable, *(["-m", "lingula"] if program == "lingula" else [])]
    done = subprocess.run([*start, *words], cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{line}\n{done.stdout}{done.stderr}")


def _photograph(browser: str, page: Path, picture: Path, height: int) -> None:
    with tempfile.TemporaryDirectory() as profile:
        size = f"--window-size=1100,{height}"
        command = [browser, *FLAGS, f"--user-data-dir={profile}", size]
        done = subprocess.run(
            [*command, f"--screenshot={picture}", page.as_uri()],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode or not picture.is_file():
        raise SystemExit(f"{page.name} was not photographed:\n{done.stderr[-2000:]}")


def _write_pairs(work: Path) -> None:
    """References, and what an invented generator wrote: often the same, else the row before's."""
    with (work / "examples" / "reports.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["report"].strip()]
    for name, texts in (
        ("references", [row["report"] for row in rows]),
        ("generated", [rows[at - (at % 3 == 0)]["report"] for at in range(len(rows))]),
    ):
        with (work / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["study_id", "report"])
            writer.writerows(zip([row["study_id"] for row in rows], texts, strict=True))
