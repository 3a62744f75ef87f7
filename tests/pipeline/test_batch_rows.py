"""How many rows a labeler is given at once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from word_labeler import WordLabeler

import lingula
from lingula.bert.runtimes.onnx import OnnxRuntime
from lingula.errors import InputError, LingulaError
from lingula.labels import Labels
from lingula.pipeline import Progress, run
from lingula.tables.source import BATCH_CHARACTERS, BATCH_ROWS

#: A model folder that is in this repository.
INDIANA = (
    Path(__file__).parents[2] / "packages" / "lingula-indiana" / "src" / "lingula_indiana" / "model"
)


class Choosy(WordLabeler):
    """Likes so many rows at once; Ctrl-C comes after so many calls."""

    parallel = False

    def __init__(self, batch_rows: Any, calls: int = 99) -> None:
        super().__init__()
        self.batch_rows = batch_rows
        self.left = calls

    def label(self, texts: Any, *, evidence: bool = False) -> Labels:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return super().label(texts, evidence=evidence)


class Plain(WordLabeler):
    parallel = False


def make(path: Path, rows: int) -> Path:
    path.write_text("id,text\n" + "".join(f"{n},edema {n}\n" for n in range(rows)))
    return path


def batches(source: Path, labeler: WordLabeler, **options: Any) -> list[int]:
    """Numbers of rows by which the progress moves."""
    seen: list[Progress] = []
    run(source, source.with_name("o.csv"), labeler, progress=seen.append, **options)
    rows = [0, *(item.rows for item in seen)]
    return [after - before for before, after in pairwise(rows)]


def test_a_labeler_is_given_what_it_likes(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv", 2500)
    labeler = Choosy(1000)
    assert batches(source, labeler) == labeler.calls == [1000, 1000, 500]
    assert batches(source, Choosy(1000), batch_rows=2000, overwrite=True) == [2000, 500]
    assert batches(source, Choosy(8192), overwrite=True) == [2500]


def test_labelers_that_do_not_say(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv", 2500)
    assert batches(source, Plain()) == [512, 512, 512, 512, 452]
    assert batches(source, Choosy(None), overwrite=True) == [512, 512, 512, 512, 452]
    assert batches(source, WordLabeler(), workers=1, overwrite=True) == [BATCH_ROWS, 452]


def test_long_reports_make_shorter_batches(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    report = "The heart is enlarged. " * 5000
    source.write_text("id,text\n" + "".join(f"{n},{n} {report}\n" for n in range(300)))
    taken = batches(source, Choosy(8192))
    assert sum(taken) == 300
    assert max(taken) <= BATCH_CHARACTERS // len(report) + 1


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "many"])
def test_what_is_no_number_of_rows(tmp_path: Path, wrong: object) -> None:
    source = make(tmp_path / "in.csv", 3)
    with pytest.raises(LingulaError, match="batch_rows of Choosy must be a whole number"):
        run(source, tmp_path / "o.csv", Choosy(wrong))
    with pytest.raises(InputError, match="at least one row, not 0"):
        run(source, tmp_path / "o.csv", Plain(), batch_rows=0)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_resumed_run_takes_the_batches_of_the_first(tmp_path: Path) -> None:
    """The first on a GPU, say, and the second without."""
    source = make(tmp_path / "in.csv", 2500)
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "o.csv", Choosy(1000, calls=2))
    second = Choosy(300)
    assert batches(source, second, resume=True) == [1000, 1000, 500]
    assert second.calls == [500]
    resumed = (tmp_path / "o.csv").read_bytes()
    run(source, tmp_path / "o.csv", Choosy(300), overwrite=True)
    assert (tmp_path / "o.csv").read_bytes() == resumed


@pytest.mark.parametrize("held", ["[", "[]", '{"rows of a batch": "x"}'])
def test_kept_work_that_cannot_be_read_is_still_refused(tmp_path: Path, held: str) -> None:
    source = make(tmp_path / "in.csv", 2500)
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "o.csv", Choosy(1000, calls=2))
    (tmp_path / "o.csv.partial" / "manifest.json").write_text(held)
    with pytest.raises(InputError, match="--overwrite"):
        run(source, tmp_path / "o.csv", Choosy(1000), resume=True)


def test_bert_likes_many_on_a_gpu_and_few_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    labeler: Any = lingula.load(INDIANA)
    assert labeler.batch_rows == 512
    monkeypatch.setattr(OnnxRuntime, "tokens", 65536)
    assert labeler.batch_rows == 8192
