"""The parts of the pipeline that can be tested alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_labeler import WordLabeler

from lingula.errors import InputError
from lingula.pipeline.evidence_table import EvidenceRow, evidence_batch
from lingula.pipeline.journal import Journal, discard
from lingula.pipeline.seen import SeenHashes, Slot, SlotCache, text_key
from lingula.pipeline.task import ReadingOptions, TaskResult, label_texts
from lingula.pipeline.texts import locate
from lingula.tables.arrays import float32_array, int32_numbers, string_array, text_scalar
from lingula.tables.report_table import JOINT, texts_of

cells = st.none() | st.sampled_from(["", " ", "\r\n", "No edema.", "é👍", " x ", "a\n\nb"])


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-9, 9), max_size=12), max_size=12))
def test_seen_hashes_are_a_set(calls: list[list[int]]) -> None:
    seen, known = SeenHashes(), set[int]()
    for call in calls:
        old = []
        for value in call:
            old.append(value in known)
            known.add(value)
        assert seen.add(np.array(call, dtype=np.int64)).tolist() == old
        assert len(seen) == len(known)


def test_many_hashes_stay_few_runs() -> None:
    seen = SeenHashes()
    for start in range(0, 64_000, 100):
        assert not seen.add(np.arange(start, start + 100, dtype=np.int64)).any()
    assert len(seen) == 64_000
    assert len(seen._runs) < 12


def test_the_cache_forgets_what_was_longest_unseen() -> None:
    cache = SlotCache(2)
    slots = {name: Slot() for name in "abcde"}
    for name in "abc":
        cache.put(name.encode(), slots[name])
    assert cache.get(b"a") is slots["a"]  # asked for, so it moves to the young ones
    cache.put(b"d", slots["d"])
    assert cache.get(b"b") is None
    assert cache.get(b"a") is slots["a"]


def test_keys_of_texts() -> None:
    keys = [text_key(text) for text in (None, "", " ", "a", "A", "é", "e\u0301", "\ud800")]
    assert len(set(keys)) == len(keys)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
def test_joined_columns_and_the_way_back(rows: list[tuple[str | None, ...]]) -> None:
    columns = [string_array(column) for column in zip(*rows, strict=True)]
    batch = pa.RecordBatch.from_arrays(columns, names=["a", "b", "c"])
    joined = texts_of(batch, [0, 1, 2]).to_pylist()
    assert len(joined) == len(rows)
    for row, text in zip(rows, joined, strict=True):
        filled = [piece for piece in row if piece is not None and piece.strip()]
        assert text == (JOINT.join(filled) or None)
        for at, character in enumerate(text or ""):
            piece, offset = locate(row, at)
            held = row[piece]
            assert held is not None
            # A place in the joint itself belongs to no column.
            assert offset >= len(held) or offset < 0 or held[offset] == character
    assert texts_of(batch, [1]).to_pylist() == [row[1] for row in rows]


@settings(deadline=None)
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=8))
def test_string_arrays_are_those_of_pyarrow(values: list[str | None]) -> None:
    array = string_array(values)
    array.validate(full=True)
    assert array.equals(pa.array(values, pa.string()))
    if values:
        assert text_scalar(values[0], large=True).as_py() == values[0]


def test_float_and_integer_arrays() -> None:
    values = np.array([1.0, np.nan, -1.0] * 5, dtype=np.float32)
    array = float32_array(values, np.isnan(values))
    array.validate(full=True)
    assert array.to_pylist() == [1.0, None, -1.0] * 5
    numbers = pa.array([5, 6, 7, 8], pa.int32())
    assert int32_numbers(numbers.slice(1, 2)).tolist() == [6, 7]


def test_a_cue_in_another_column_has_no_offsets() -> None:
    from lingula.labels import Evidence, Label

    # "No" stands in the first column, "edema" in the second.
    item = Evidence("Edema", Label.BLANK, 4, 9, "edema", "rule", 0, 2, "No")
    batch = evidence_batch([EvidenceRow(7, "x", ["No", "edema"], [item])], ["f", "i"])
    assert batch.to_pylist() == [
        {
            "row": 7,
            "id": "x",
            "observation": "Edema",
            "label": None,
            "column": "i",
            "start": 0,
            "end": 5,
            "phrase": "edema",
            "cue_start": None,
            "cue_end": None,
            "cue": "No",
            "rule": "rule",
            "read": "",
            "cue_read": "",
            "probability": None,
        }
    ]


class TestJournal:
    MANIFEST: ClassVar = {"input": {"bytes": 3}, "sections": ["findings"]}

    def result(self, evidence: bool = True) -> TaskResult:
        texts = ["No edema.", None, 'Fracture "é👍"']
        return label_texts(WordLabeler(), texts, ReadingOptions(), evidence=evidence)

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path / "w", self.MANIFEST, resume=False, overwrite=False)
        kept = self.result()
        probabilities = np.random.default_rng(1).random((3, 14, 4), dtype=np.float32)
        journal.write(4, TaskResult(kept.classes, probabilities, kept.evidence, 2, kept.remarks))
        again = Journal(tmp_path / "w", self.MANIFEST, resume=True, overwrite=False)
        assert again.tasks == 1
        back = again.read(4, 3, True)
        assert back is not None
        np.testing.assert_array_equal(back.classes, kept.classes)
        np.testing.assert_array_equal(back.probabilities, probabilities)
        assert back.evidence == kept.evidence
        assert back.truncated == 2
        assert again.read(3, 3, True) is None
        assert again.read(4, 2, True) is None

    @pytest.mark.parametrize("keep", [0, 10, 200])
    def test_a_damaged_task_is_done_again(self, tmp_path: Path, keep: int) -> None:
        journal = Journal(tmp_path / "w", self.MANIFEST, resume=False, overwrite=False)
        journal.write(0, self.result(evidence=False))
        path = tmp_path / "w" / "task-000000.npz"
        path.write_bytes(path.read_bytes()[:keep])
        assert journal.read(0, 3, False) is None

    def test_other_input_or_options_are_refused(self, tmp_path: Path) -> None:
        folder = tmp_path / "w"
        Journal(folder, self.MANIFEST, resume=False, overwrite=False).write(0, self.result())
        with pytest.raises(InputError, match=r"go on with --resume, or .* --overwrite"):
            Journal(folder, self.MANIFEST, resume=False, overwrite=False)
        changed = {**self.MANIFEST, "sections": None}
        with pytest.raises(InputError, match=r"has changed: sections; .*--overwrite"):
            Journal(folder, changed, resume=True, overwrite=False)
        (folder / "manifest.json").write_text("{")
        with pytest.raises(InputError, match="cannot be read"):
            Journal(folder, self.MANIFEST, resume=True, overwrite=False)
        assert Journal(folder, changed, resume=False, overwrite=True).tasks == 0
        assert json.loads((folder / "manifest.json").read_text()) == changed

    def test_a_folder_of_something_else_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(InputError, match="in the way"):
            discard(tmp_path)
        assert (tmp_path / "thesis.txt").exists()


LOADED = """
import sys
import lingula.pipeline.worker
assert "pyarrow" not in sys.modules
sys.path.insert(0, sys.argv[1])
from word_labeler import WordLabeler
from lingula.pipeline import run
run(sys.argv[2], sys.argv[3], WordLabeler(), text_columns=["a", "b"])
run(sys.argv[2], sys.argv[4], WordLabeler(), text_columns=["a"])
assert "pandas" not in sys.modules
"""


def test_heavy_packages_are_left_alone(tmp_path: Path) -> None:
    """Worker processes need no pyarrow, and no run needs pandas, each some 40 MB."""
    source = tmp_path / "in.csv"
    source.write_text("a,b\nNo edema.,Fracture\n")
    here = Path(__file__).parent
    files = [here, source, tmp_path / "o.parquet", tmp_path / "o.csv"]
    subprocess.run([sys.executable, "-c", LOADED, *map(str, files)], check=True)
