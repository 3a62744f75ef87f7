"""A run that is killed goes on where it stopped, to the same bytes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from word_labeler import ChanceLabeler, WordLabeler

from lingula.errors import InputError, LingulaError
from lingula.labels import Labels
from lingula.pipeline import run

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from word_labeler import WordLabeler
from lingula.pipeline import run
run(sys.argv[2], sys.argv[3], WordLabeler(seconds=0.25), workers=int(sys.argv[4]), batch_rows=20,
    evidence=sys.argv[5])
"""

WORDS = ["edema", "pneumonia", "fracture", "no consolidation", "atelectasis é👍"]


def make(path: Path, rows: int = 300) -> Path:
    lines = (f"{n},{WORDS[n % 5]} {n % 130} seen\n" for n in range(rows))
    path.write_text("id,text\n" + "".join(lines), encoding="utf-8")
    return path


def start(source: Path, output: Path, workers: int, evidence: Path) -> "subprocess.Popen[bytes]":
    here = Path(__file__).parent
    command = [sys.executable, "-c", SCRIPT, here, source, output, str(workers), evidence]
    return subprocess.Popen(command)


def kept_tasks(output: Path) -> int:
    return len(list(output.with_name(output.name + ".partial").glob("task-*.npz")))


@pytest.mark.parametrize(
    ("name", "evidence", "workers"),
    [("out.csv", "e.csv", 1), ("out.parquet", "e.parquet", 2), ("out.jsonl.gz", "e.jsonl", 2)],
)
def test_killed_and_resumed(tmp_path: Path, name: str, evidence: str, workers: int) -> None:
    source = make(tmp_path / "in.csv")
    output = tmp_path / name
    process = start(source, output, workers, tmp_path / evidence)
    until = time.monotonic() + 60
    while kept_tasks(output) < 2 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not output.exists()
    kept = kept_tasks(output)
    assert 2 <= kept < 15

    summary = run(
        source, output, WordLabeler(), batch_rows=20, evidence=tmp_path / evidence, resume=True
    )
    assert summary.rows == 300
    assert summary.restored >= 20 * kept
    (tmp_path / "whole").mkdir()
    whole = tmp_path / "whole" / name
    run(source, whole, WordLabeler(), batch_rows=20, evidence=tmp_path / "whole" / evidence)
    assert output.read_bytes() == whole.read_bytes()
    assert (tmp_path / evidence).read_bytes() == (tmp_path / "whole" / evidence).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["in.csv", name, evidence, "whole"]
    )


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv")
    process = start(source, tmp_path / "o.csv", 2, tmp_path / "e.csv")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        process.wait()
        pytest.skip("this system does not list a process's children")
    until = time.monotonic() + 60
    while kept_tasks(tmp_path / "o.csv") < 1 and time.monotonic() < until:
        time.sleep(0.02)
    pids = [int(pid) for pid in children.read_text().split()]
    assert len(pids) == 2
    process.kill()
    process.wait()
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(alive, pids))


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    # A process that has ended and that nobody has asked about is a zombie.
    return status.rpartition(")")[2].split()[0] != "Z"


class Stopping(WordLabeler):
    """Ctrl-C comes after some calls."""

    parallel = False

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def label(self, texts: Any, *, evidence: bool = False) -> Labels:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        self.left -= 1
        return super().label(texts, evidence=evidence)


class StoppingByChance(ChanceLabeler):
    """As Stopping, with probabilities."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def label(self, texts: Any, *, evidence: bool = False) -> Labels:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return super().label(texts, evidence=evidence)


def stop(source: Path, output: Path, **options: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(source, output, Stopping(3), batch_rows=20, **options)


def test_ctrl_c_keeps_finished_work_and_nothing_else(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv")
    stop(source, tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv.partial"]
    assert kept_tasks(tmp_path / "out.csv") == 3
    # The class is part of what the labels depend on.
    with pytest.raises(InputError, match=r"has changed: labeler; start anew with --overwrite"):
        run(source, tmp_path / "out.csv", WordLabeler(), batch_rows=20, resume=True)
    labeler = Stopping(99)
    summary = run(source, tmp_path / "out.csv", labeler, batch_rows=20, resume=True)
    assert summary.restored == 60
    assert sum(labeler.calls) == summary.labeled - 60


def test_probabilities_and_counts_of_cut_texts_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    lines = [f"{n},{'x' * (150 + n)}\n" for n in range(100)]
    source.write_text("id,text\n" + "".join(lines))
    options: dict[str, Any] = {"batch_rows": 20, "probabilities": True}
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "a.parquet", StoppingByChance(4), **options)
    summary = run(source, tmp_path / "a.parquet", StoppingByChance(99), resume=True, **options)
    assert summary.restored == 80
    assert summary.truncated == 49
    run(source, tmp_path / "b.parquet", StoppingByChance(99), **options)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_changed_input_is_refused(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv")
    stop(source, tmp_path / "out.csv")
    source.write_text(source.read_text().replace("edema", "EDEMA"))
    with pytest.raises(InputError, match="has changed: input"):
        run(source, tmp_path / "out.csv", Stopping(99), batch_rows=20, resume=True)
    run(source, tmp_path / "out.csv", Stopping(99), batch_rows=20, overwrite=True)
    assert "EDEMA" in (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sections": None}, "sections"),
        ({"identity": {"precision": "int8"}}, "labeler options"),
        ({"text_columns": ["id"]}, "text columns"),
        ({"on_bad_row": "skip"}, "input options"),
        ({"batch_rows": 30}, "rows of a batch"),
    ],
)
def test_changed_options_are_refused(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    source = make(tmp_path / "in.csv")
    stop(source, tmp_path / "out.csv")
    with pytest.raises(InputError, match=f"has changed: {named};"):
        run(
            source,
            tmp_path / "out.csv",
            Stopping(99),
            **{"batch_rows": 20, "resume": True, **change},
        )
    assert kept_tasks(tmp_path / "out.csv") == 3


def test_a_folder_of_files_is_resumed_too(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    for n in range(100):
        (folder / f"{n:03d}.txt").write_text(f"FINDINGS: {WORDS[n % 5]} {n}.")
    stop(folder, tmp_path / "out.jsonl")
    assert (
        run(folder, tmp_path / "out.jsonl", Stopping(99), batch_rows=20, resume=True).restored == 60
    )
    ids = [json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert ids == [f"{n:03d}" for n in range(100)]


def test_resume_with_nothing_kept_begins(tmp_path: Path) -> None:
    summary = run(make(tmp_path / "in.csv"), tmp_path / "o.csv", WordLabeler(), resume=True)
    assert (summary.rows, summary.restored) == (300, 0)


def test_standard_input_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(LingulaError, match="save it to a file"):
        run("-", tmp_path / "o.csv", WordLabeler(), resume=True)
