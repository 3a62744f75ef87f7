"""Every command, watched: no socket but to this machine itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lingula.cli import COMMANDS
from tests.images.drawn import films, recipe
from tests.llm.server import MODEL, running
from tests.network.strace import offences, traced
from tests.training.test_commands import RECIPE

ROOT = Path(__file__).parents[2]
REPEAT = Path(__file__).parent / "repeat.py"
ASKED = Path(__file__).parent / "asked_once.py"
REVIEWED = Path(__file__).parent / "reviewed_once.py"
SECONDS = 60

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None and not os.environ.get("CI"),
    reason="strace is not installed (apt-get install strace); CI must have it",
)
STUDY = """
name = "two"
recipe = "small.toml"
[[variants]]
name = "all"
"""


def environment() -> dict[str, str]:
    """This process's, without what would hide a package's calls."""
    hidden = ("ORT_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DISABLE_TELEMETRY", "HF_HUB", "RAY_")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}


def watch(folder: Path, name: str, *arguments: object, seconds: float = 0) -> list[str]:
    """Offences of ``lingula ARGUMENTS``, which must succeed."""
    words = [str(word) for word in arguments]
    command = [sys.executable, str(REPEAT), str(seconds), *words]
    done, found = traced(command, folder / f"{name}.trace", env=environment(), cwd=folder)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return [f"{name}: {line}" for line in found]


@needs_strace
@pytest.mark.slow
def test_labeling_for_a_minute_opens_no_connection(tmp_path: Path, chexbert_pth: Path) -> None:
    source = ROOT / "examples" / "reports.csv"

    def label(labeler: object) -> list[str]:
        name = Path(str(labeler)).stem
        return watch(
            tmp_path, name, "label", source, "-o", tmp_path / f"{name}.csv", "--labeler", labeler,
            "--quiet", "--overwrite", seconds=SECONDS,
        )  # fmt: skip

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(label, ("rules", "builtin", chexbert_pth)))
    assert found == [[], [], []]


@needs_strace
@pytest.mark.slow
def test_no_command_opens_a_connection(
    tmp_path: Path, chexbert_pth: Path, encoder: Path, table: Path
) -> None:
    source = ROOT / "examples" / "reports.csv"
    (tmp_path / "small.toml").write_text(RECIPE.format(encoder=encoder), encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    shutil.copy(source, tmp_path / "generated.csv")
    make = ROOT / "examples" / "challenge" / "make.py"
    subprocess.run([sys.executable, make, "made"], check=True, cwd=tmp_path)
    reports = f"reports={table}"
    runs: dict[str, tuple[object, ...]] = {
        "label": ("label", source, "-o", "labels.csv", "--labeler", "rules", "--quiet"),
        "schema": ("schema", "list"),
        "doctor": ("doctor", "--json"),
        "explain": ("explain", "No pneumothorax. Small effusion.", "--labeler", "builtin",
                    "--html", "page.html"),
        "explain-model": ("explain", "Small effusion.", "--labeler", chexbert_pth),
        "strata": ("strata", source, "-o", "strata.csv", "--quiet"),
        "evaluate": ("evaluate", "labels.csv", "labels.csv", "--quiet", "--html", "evaluate.html"),
        "score": ("score", source, "generated.csv", "--labeler", "rules", "--quiet"),
        "audit": ("audit", "labels.csv", "--reports", source, "-o", "audit", "--quiet"),
        "train": ("train", "small.toml", "-o", "run", "--input", reports),
        "study": ("study", "study.toml", "-o", "study", "--input", reports),
        "calibrate": ("calibrate", "run/model", table),
        "distill": ("distill", chexbert_pth, table, "-o", "student", "--layers", "1",
                    "--epochs", "1", "--text-column", "Report Impression", "--quiet"),
        "convert": ("convert", chexbert_pth, "converted", "--onnx", "--int8"),
        "images": ("images", "train", films(tmp_path, "films", 24), "--valid",
                   films(tmp_path, "others", 16, first=50), "--recipe",
                   recipe(tmp_path / "films.toml", epochs=1), "-o", "images"),
        "challenge": ("challenge", "create", "challenge", "--truth", "made/truth.csv",
                      "--readers", "made/anna.csv"),
        "challenge-submit": ("challenge", "submit", "challenge", "made/scores.csv", "--team", "A"),
        "challenge-board": ("challenge", "board", "challenge"),
    }  # fmt: skip
    found = [line for name, words in runs.items() for line in watch(tmp_path, name, *words)]
    found += watch_service(tmp_path)
    found += watch_review(tmp_path, source)
    assert found == []
    assert {str(words[0]) for words in runs.values()} | {"serve", "review"} == set(COMMANDS)


def watch_service(folder: Path) -> list[str]:
    """Offences of ``lingula serve``, asked once of itself and told to end."""
    command = [sys.executable, str(ASKED), "--labeler", "rules", "--labeler", "builtin"]
    done, found = traced(command, folder / "serve.trace", env=environment(), cwd=folder)
    assert done.returncode == 0, f"serve: {done.stdout}{done.stderr}"
    assert '"Edema":"negative"' in done.stdout
    return [f"serve: {line}" for line in found]


def watch_review(folder: Path, reports: Path) -> list[str]:
    """Offences of ``lingula review``, made and served, and read from once."""
    command = [sys.executable, str(REVIEWED), str(reports), "--readers", "a", "-o", "made.review"]
    done, found = traced(command, folder / "review.trace", env=environment(), cwd=folder)
    assert done.returncode == 0, f"review: {done.stdout}{done.stderr}"
    assert 'id="report"' in done.stdout and '{"saved":["0000' in done.stdout
    return [f"review: {line}" for line in found]


@needs_strace
def test_a_language_model_is_asked_on_this_machine_only(tmp_path: Path) -> None:
    with running() as server:
        where = ("--labeler", f"llm:{MODEL}", "--endpoint", server.url)
        source = ROOT / "examples" / "reports.csv"
        assert watch(tmp_path, "llm", "label", source, "-o", "labels.csv", "--quiet", *where) == []
    assert server.asked


@needs_strace
def test_the_watch_sees_a_socket(tmp_path: Path) -> None:
    program = "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()"
    done, found = traced(
        [sys.executable, "-c", program], tmp_path / "trace", env=environment(), cwd=tmp_path
    )
    assert done.returncode == 0
    assert len(found) == 1


def test_only_loopback_is_allowed() -> None:
    trace = [
        "7 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3",
        '7 connect(3, {sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("127.0.0.1")}, '
        "16) = 0",
        "7 socket(AF_UNIX, SOCK_STREAM, 0) = 4",
    ]
    assert offences(trace) == []
    six = '8 bind(5, {sa_family=AF_INET6, sin6_port=htons(0), inet_pton(AF_INET6, "::1", ...'
    assert offences([*trace, "8 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 5", six]) == []
    asks = (
        '7 connect(5, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, '
        "16) = 0"
    )
    assert offences([*trace, asks]) == [asks]
    sent = (
        '7 sendto(5, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(443), '
        'sin_addr=inet_addr("192.0.2.1")}, 16) = 1'
    )
    assert offences([*trace, sent]) == [sent]
    alone = "9 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 6"
    assert offences([*trace, alone]) == [alone]
    assert offences([*trace, "9 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 6"]) == []
