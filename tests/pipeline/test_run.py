import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_table import TEXTS, make, read
from word_labeler import ChanceLabeler, WordLabeler

from lingula.errors import ColumnError, InputError, LingulaError, SchemaError
from lingula.labels import Labels
from lingula.pipeline import Progress, run

NAMES = WordLabeler().schema.names


def test_columns_rows_and_order_are_kept_and_labels_added(tmp_path: Path) -> None:
    summary = run(make(tmp_path / "in.csv", TEXTS), tmp_path / "out.csv", WordLabeler())
    rows = read(tmp_path / "out.csv")
    assert list(rows[0]) == ["id", "impression", "age", *NAMES]
    assert [row["id"] for row in rows] == ["000", "001", "002", "003", "004"]
    assert [row["impression"] for row in rows] == TEXTS
    assert {row["age"] for row in rows} == {"NA"}
    assert [row["Edema"] for row in rows] == ["0.0", "", "", "", "0.0"]
    assert [row["Pneumonia"] for row in rows] == ["1.0", "", "", "", "1.0"]
    assert (summary.rows, summary.empty, summary.distinct, summary.labeled) == (5, 2, 4, 4)
    assert summary.counts[NAMES.index("Pneumonia")].tolist() == [3, 2, 0, 0]
    assert summary.counts[NAMES.index("Edema")].tolist() == [3, 0, 2, 0]
    assert summary.processes == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("processes", [1, 2])
def test_every_form_and_any_number_of_processes_give_the_same(
    tmp_path: Path, processes: int
) -> None:
    texts = [f"{text} {n % 7}" for n in range(12) for text in TEXTS]
    source = make(tmp_path / "in.csv", texts)
    expected = WordLabeler().label(texts).values
    for name in ("o.csv", "o.tsv.gz", "o.parquet", "o.jsonl"):
        summary = run(source, tmp_path / name, WordLabeler(), workers=processes, batch_rows=11)
        assert summary.processes == (processes if processes > 1 else 0)
        assert summary.labeled == summary.distinct
    table = pq.read_table(tmp_path / "o.parquet")
    assert table.column_names == ["id", "impression", "age", *NAMES]
    values = np.array([table.column(name).to_numpy() for name in NAMES]).T
    np.testing.assert_array_equal(values, expected)
    lines = (tmp_path / "o.jsonl").read_text().splitlines()
    for line, row in zip(lines, expected, strict=True):
        held = json.loads(line)
        assert [held[name] for name in NAMES] == [None if v != v else v for v in row.tolist()]


class Counting(WordLabeler):
    """Keeps the texts that it was given."""

    parallel = False

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str | None] = []

    def label(self, texts: Any, *, evidence: bool = False) -> Labels:
        self.texts += texts
        return super().label(texts, evidence=evidence)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["Edema", "no edema", "", " ", "\r\nx", "é👍"]), min_size=1))
def test_each_distinct_text_is_labeled_once(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("once")
    labeler = Counting()
    summary = run(make(folder / "in.csv", texts), folder / "out.csv", labeler, batch_rows=3)
    assert sorted(labeler.texts) == sorted(set(texts))  # type: ignore[type-var]
    assert summary.distinct == summary.labeled == len(set(texts))
    expected = WordLabeler().label(texts).values[:, NAMES.index("Edema")]
    cells = [row["Edema"] for row in read(folder / "out.csv")]
    assert cells == ["" if value != value else str(value) for value in expected.tolist()]


class TestText:
    def test_whole_reports_are_cut_to_findings_and_impression(self, tmp_path: Path) -> None:
        report = "INDICATION: Pneumonia?\n\nFINDINGS:\nNo edema.\n\nIMPRESSION: Fracture."
        source = make(tmp_path / "in.csv", [report], "report")
        run(source, tmp_path / "a.csv", WordLabeler())
        run(source, tmp_path / "b.csv", WordLabeler(), sections=None)
        run(source, tmp_path / "c.csv", WordLabeler(), sections=["impression"])
        got = [
            [read(tmp_path / name)[0][label] for label in ("Pneumonia", "Edema", "Fracture")]
            for name in ("a.csv", "b.csv", "c.csv")
        ]
        assert got == [["", "0.0", "1.0"], ["1.0", "0.0", "1.0"], ["", "", "1.0"]]

    def test_a_column_of_one_section_is_taken_as_it_is(self, tmp_path: Path) -> None:
        report = "INDICATION: Pneumonia?\n\nIMPRESSION: Fracture."
        run(make(tmp_path / "in.csv", [report]), tmp_path / "a.csv", WordLabeler())
        assert read(tmp_path / "a.csv")[0]["Pneumonia"] == "1.0"

    def test_findings_and_impression_are_joined(self, tmp_path: Path) -> None:
        path = tmp_path / "in.jsonl"
        path.write_text(
            '{"impression": "Fracture", "findings": "No edema"}\n'
            '{"impression": null, "findings": "Pneumonia"}\n{"impression": " ", "findings": ""}\n'
        )
        summary = run(path, tmp_path / "a.csv", WordLabeler(), evidence=tmp_path / "evidence.jsonl")
        assert summary.text_columns == ("findings", "impression")
        assert summary.empty == 1
        rows = map(json.loads, (tmp_path / "evidence.jsonl").read_text().splitlines())
        assert [(row["row"], row["column"], row["start"], row["phrase"]) for row in rows] == [
            (1, "findings", 3, "edema"),
            (1, "impression", 0, "Fracture"),
            (2, "findings", 0, "Pneumonia"),
        ]

    def test_an_unknown_section(self, tmp_path: Path) -> None:
        with pytest.raises(LingulaError, match="no section 'assessment of'"):
            run(
                make(tmp_path / "in.csv", TEXTS),
                tmp_path / "a.csv",
                WordLabeler(),
                sections=["assessment of"],
            )

    def test_numbers_are_no_reports(self, tmp_path: Path) -> None:
        path = make(tmp_path / "in.csv", ["12", "", "-3.5", " 1e4"])
        with pytest.raises(ColumnError, match="'impression' holds numbers, not text"):
            run(path, tmp_path / "a.csv", WordLabeler())
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


@pytest.mark.parametrize("processes", [1, 2])
def test_evidence_points_into_the_text_as_given(tmp_path: Path, processes: int) -> None:
    report = "INDICATION: Pneumonia? é👍\r\n\r\nFINDINGS:\r\nThere is no edema.\r\n\r\n" + (
        "COMPARISON: None.\r\n\r\nIMPRESSION: 1. Rib fracture {}."
    )
    texts = [report.format(n) for n in range(9)]
    source = make(tmp_path / "in.csv", texts, "text")
    for name in ("e.csv", "e.parquet", "e.jsonl.gz"):
        summary = run(
            source,
            tmp_path / "out.parquet",
            WordLabeler(),
            evidence=tmp_path / name,
            workers=processes,
            batch_rows=3,
            overwrite=True,
        )
        assert summary.processes == (processes if processes > 1 else 0)
    rows = read(tmp_path / "e.csv")
    table = pq.read_table(tmp_path / "e.parquet").to_pylist()
    assert len(rows) == len(table) == 18
    for line, row in zip(rows, table, strict=True):
        text = texts[row["row"] - 1]
        assert row["id"] == f"{row['row'] - 1:03d}"
        assert text[row["start"] : row["end"]] == row["phrase"]
        assert {key: "" if v is None else str(v) for key, v in row.items()} == line
        if row["cue"]:
            assert text[row["cue_start"] : row["cue_end"]] == row["cue"] == "no"
            assert row["label"] == 0.0
    assert [row["observation"] for row in table[:2]] == ["Edema", "Fracture"]


class TestProbabilities:
    def test_flat_in_csv_and_nested_in_parquet(self, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", TEXTS)
        for name in ("a.csv", "a.parquet", "a.jsonl"):
            run(source, tmp_path / name, ChanceLabeler(), probabilities=True)
        row = read(tmp_path / "a.csv")[0]
        assert len(row) == 3 + 14 + 14 * 4
        assert row["Edema: negative"] == "0.7"
        assert row["Edema: blank"] == "0.1"
        table = pq.read_table(tmp_path / "a.parquet")
        nested = table.column("probabilities").to_pylist()[0]
        assert nested["Edema"]["negative"] == np.float32(0.7)
        line = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])
        assert line["probabilities"]["Edema"] == {
            "blank": 0.1,
            "positive": 0.1,
            "negative": 0.7,
            "uncertain": 0.1,
        }

    def test_a_labeler_without(self, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", TEXTS)
        with pytest.raises(LingulaError, match="gives no probabilities"):
            run(source, tmp_path / "a.csv", WordLabeler(), probabilities=True)

    def test_texts_that_were_cut_are_counted(self, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", ["x" * 300, "x" * 300, "y" * 300, "short"])
        assert run(source, tmp_path / "a.csv", ChanceLabeler()).truncated == 2


class TestChexbertForm:
    def test_text_and_labels_in_the_order_of_its_heads(self, tmp_path: Path) -> None:
        texts = ["Edema, mild.", "line one\r\nline two\r\n", '"quoted"', "   No edema   "]
        source = make(tmp_path / "in.csv", texts, "Report Impression")
        run(source, tmp_path / "a.csv", WordLabeler(), format_like="chexbert")
        lines = (tmp_path / "a.csv").read_bytes().decode()
        assert lines == (
            "Report Impression,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,"
            "Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,"
            "Pleural Other,Fracture,Support Devices,No Finding\n"
            '"Edema, mild.",,,,,1.0,,,,,,,,,\n'
            '"line one\r\nline two\r\n",,,,,,,,,,,,,,\n'
            '"""quoted""",,,,,,,,,,,,,,\n'
            "   No edema   ,,,,,0.0,,,,,,,,,\n"
        )

    def test_other_observations_do_not_fit(self, tmp_path: Path) -> None:
        from lingula.schemas import load_schema

        with pytest.raises(SchemaError, match="chexpert14"):
            run(
                make(tmp_path / "in.csv", TEXTS),
                tmp_path / "a.csv",
                WordLabeler(load_schema("nih14")),
                format_like="chexbert",
            )


class TestBadRows:
    def test_rejects_are_written_and_counted(self, tmp_path: Path) -> None:
        source = tmp_path / "in.csv"
        source.write_bytes(b"id,text\n1,Edema.\n2,a,b\n3,\xff\n4,Fracture.\n")
        summary = run(source, tmp_path / "a.csv", WordLabeler(), on_bad_row="skip")
        assert (summary.rows, summary.rejected) == (2, 2)
        assert summary.rejects == tmp_path / "a.csv.rejects.csv"
        assert read(summary.rejects) == [
            {"row": "2", "line": "3", "reason": "has 3 cells, not 2", "text": "2,a,b"},
            {
                "row": "3",
                "line": "4",
                "reason": "holds the byte 0xFF, which is not UTF-8",
                "text": "3,\\udcff",
            },
        ]
        with pytest.raises(InputError, match=r"a\.csv"):
            run(source, tmp_path / "a.csv", WordLabeler(), on_bad_row="skip")
        source.write_text("id,text\n1,Edema.\n")
        run(source, tmp_path / "a.csv", WordLabeler(), on_bad_row="skip", overwrite=True)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "in.csv"]

    def test_nothing_is_written_when_a_row_is_broken(self, tmp_path: Path) -> None:
        source = tmp_path / "in.csv"
        source.write_text("id,text\n1,Edema.\n2,a,b\n")
        with pytest.raises(InputError, match="row 2"):
            run(source, tmp_path / "a.csv", WordLabeler())
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_duplicate_ids_are_counted(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("uid,text\nA,x\nB,x\n,x\n,x\nB,y\nA,z\nB,z\n")
    summary = run(source, tmp_path / "a.csv", WordLabeler(), batch_rows=2)
    assert summary.duplicate_ids == 3
    assert summary.first_duplicate_id == "B"


def test_no_rows(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,text\n")
    for name in ("a.csv", "a.parquet", "a.jsonl"):
        summary = run(source, tmp_path / name, WordLabeler(), evidence=tmp_path / f"e_{name}")
        assert summary.rows == 0
    assert (tmp_path / "a.csv").read_text() == ",".join(["id", "text", *NAMES]) + "\n"
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 0
    assert (tmp_path / "a.jsonl").read_text() == ""


def test_a_label_column_that_is_there_already(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text,Edema\nEdema.,x\n")
    with pytest.raises(ColumnError, match=r"already has a column 'Edema'; .*--suffix"):
        run(source, tmp_path / "a.csv", WordLabeler())
    run(source, tmp_path / "a.csv", WordLabeler(), suffix=" (new)")
    row = read(tmp_path / "a.csv")[0]
    assert (row["Edema"], row["Edema (new)"]) == ("x", "1.0")


def test_progress_tells_every_batch(tmp_path: Path) -> None:
    seen: list[Progress] = []
    source = make(tmp_path / "in.csv", TEXTS)
    run(source, tmp_path / "a.csv", WordLabeler(), batch_rows=2, progress=seen.append)
    assert seen == [Progress(2, 5, 0), Progress(4, 5, 0), Progress(5, 5, 0)]


def test_a_parquet_table_keeps_its_columns(tmp_path: Path) -> None:
    import datetime

    import pyarrow as pa

    table = pa.table(
        {
            "study": pa.array([1, 2, 3]),
            "report": pa.array(["Edema.", None, "Edema."]).dictionary_encode(),
            "when": pa.array([datetime.datetime(2026, 1, 1), None, None]),
            "tags": pa.array([["a"], [], None]),
        }
    ).replace_schema_metadata({"source": "a test"})
    pq.write_table(table, tmp_path / "in.parquet")
    summary = run(tmp_path / "in.parquet", tmp_path / "out.parquet", WordLabeler(), batch_rows=2)
    back = pq.read_table(tmp_path / "out.parquet")
    assert back.select(table.column_names).equals(table)
    assert back.schema.metadata[b"source"] == b"a test"
    assert back.column("Edema").to_pylist() == [1.0, None, 1.0]
    assert summary.empty == 1


def test_a_folder_of_text_files(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    (folder / "p1").mkdir(parents=True)
    (folder / "p1" / "s1.txt").write_text("FINDINGS: No edema.")
    (folder / "s2.txt").write_text("12")
    (folder / "s1.txt").write_text("INDICATION: Edema.\n\nIMPRESSION: Fracture.")
    summary = run(folder, tmp_path / "a.csv", WordLabeler())
    rows = read(tmp_path / "a.csv")
    assert [(row["id"], row["Edema"], row["Fracture"]) for row in rows] == [
        ("s1", "0.0", ""),
        ("s1", "", "1.0"),
        ("s2", "", ""),
    ]
    assert summary.first_duplicate_id == "s1"
