"""Reports and ids from files."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lingula.errors import ColumnError, InputError, SchemaError
from lingula.score import GenerationScore, score_reports
from lingula.score.inputs import score_label_tables, score_report_tables
from lingula.score.reading import Reading
from lingula.tables.report_table import (
    check_not_all_empty,
    read_report_lines,
    read_report_table,
)
from lingula.tables.usual_names import GENERATED_NAMES, REFERENCE_NAMES

BY_ROW_ORDER = Reading(by_row_order=True)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_with_quotes_and_line_breaks(tmp_path):
    path = write(tmp_path / "r.csv", 'study_id,report\n7,"Effusion, small.\nNo edema."\n8,\n')
    table = read_report_table(path)
    assert table.texts[0] == "Effusion, small.\nNo edema."
    assert not table.texts[1]
    assert table.ids == ("7", "8")
    assert table.columns == ("report",)


def test_parquet_with_whole_floats_as_ids(tmp_path):
    table = pa.table({"study_id": [1.0, 2.0], "text": ["Effusion.", "Edema."]})
    pq.write_table(table, tmp_path / "r.parquet")
    assert read_report_table(tmp_path / "r.parquet").ids == ("1", "2")


def test_json_lines(tmp_path):
    path = write(tmp_path / "r.jsonl", '{"id": "a", "text": "Edema."}\n{"id": "b", "text": null}\n')
    table = read_report_table(path)
    assert table.texts == ("Edema.", None)


def test_folder_of_texts(tmp_path):
    write(tmp_path / "b.txt", "Edema.")
    write(tmp_path / "a.txt", "Effusion.")
    table = read_report_table(tmp_path)
    assert (table.ids, table.texts) == (("a", "b"), ("Effusion.", "Edema."))


def test_findings_and_impression_are_joined(tmp_path):
    path = write(tmp_path / "r.csv", "id,findings,impression\n1,Large heart.,Edema.\n2,,Edema.\n")
    table = read_report_table(path)
    assert table.texts == ("Large heart.\n\nEdema.", "Edema.")
    assert table.columns == ("findings", "impression")


def test_one_table_with_both_sides(tmp_path, words):
    path = write(
        tmp_path / "both.csv", "id,reference,generated\n1,Edema.,Edema.\n2,Clear.,Edema.\n"
    )
    (metric,) = score_report_tables(path, path, GenerationScore(words))
    assert metric.compute().value("f1chexbert", "precision", class_set="5") == 0.5
    assert "references: reference, generated: generated" in metric.section
    assert read_report_table(path, side_names=REFERENCE_NAMES).columns == ("reference",)
    assert read_report_table(path, side_names=GENERATED_NAMES).columns == ("generated",)


def test_one_column_is_not_two_sides(tmp_path, words):
    path = write(tmp_path / "r.csv", "id,report\n1,Edema.\n")
    with pytest.raises(InputError, match="are the same column 'report'"):
        score_report_tables(path, path, GenerationScore(words))


def test_missing_columns_are_named(tmp_path):
    path = write(tmp_path / "r.csv", "id,body\n1,Edema.\n")
    with pytest.raises(ColumnError, match="--text-column"):
        read_report_table(path)
    with pytest.raises(ColumnError, match=r"'report'.*'body'"):
        read_report_table(path, text_columns=["report"])
    with pytest.raises(ColumnError, match="study"):
        read_report_table(path, text_columns=["body"], id_column="study")


@pytest.mark.parametrize("text", ["id,report\n", ""])
def test_empty_tables(tmp_path, text):
    with pytest.raises(InputError):
        read_report_table(write(tmp_path / "r.csv", text))


def test_an_empty_id_is_named_by_row(tmp_path):
    path = write(tmp_path / "r.csv", "id,report\n1,Edema.\n ,Edema.\n")
    with pytest.raises(InputError, match="column 'id', row 2: the cell is empty"):
        read_report_table(path)


def test_all_empty_reports_are_the_wrong_column(tmp_path):
    path = write(tmp_path / "r.csv", "id,report\n1,\n2,  \n")
    with pytest.raises(InputError, match="every report is empty in the column 'report'"):
        check_not_all_empty(read_report_table(path))


def test_no_ids_need_row_order(tmp_path, words):
    left = write(tmp_path / "l.csv", "report\nEdema.\nClear.\n")
    right = write(tmp_path / "r.csv", "report\nEdema.\nEdema.\n")
    with pytest.raises(InputError, match=r"l\.csv: no id column.*--by-row-order"):
        score_report_tables(left, right, GenerationScore(words))
    (metric,) = score_report_tables(left, right, GenerationScore(words), BY_ROW_ORDER)
    assert metric.per_report()["id"].to_pylist() == ["1", "2"]
    short = write(tmp_path / "s.csv", "report\nEdema.\n")
    with pytest.raises(InputError, match="has 2 rows"):
        score_report_tables(left, short, GenerationScore(words), BY_ROW_ORDER)


def test_row_order_against_the_ids_is_told(tmp_path, words):
    left = write(tmp_path / "l.csv", "id,report\na,Edema.\nb,Clear.\n")
    right = write(tmp_path / "r.csv", "id,report\nb,Edema.\na,Clear.\n")
    by_id = score_report_tables(left, right, GenerationScore(words))[0].compute()
    assert by_id.value("f1chexbert", class_set="5") == 0.0
    by_row = score_report_tables(left, right, GenerationScore(words), BY_ROW_ORDER)[0].compute()
    assert by_row.value("f1chexbert", class_set="5") == 1.0
    assert by_row.notes == ("Matched by row order as asked, though the ids of 2 rows differ.",)


def test_repeated_ids_by_row_order(tmp_path, words):
    left = write(tmp_path / "l.csv", "id,report\na,Edema.\na,Clear.\n")
    right = write(tmp_path / "r.csv", "id,report\na,Edema.\na,Edema.\n")
    (metric,) = score_report_tables(left, right, GenerationScore(words), BY_ROW_ORDER)
    assert metric.compute().notes == ("Ids repeat, so rows are named by their number.",)
    (dropping,) = score_report_tables(
        left, right, GenerationScore(words, conventions="cvt2distilgpt2"), BY_ROW_ORDER
    )
    dropping = dropping.compute()
    assert dropping.reports == 1
    assert "dropped" in dropping.notes[0]


def test_label_tables(tmp_path, words, references, generated, schema):
    paths = []
    for name, texts in (("r.csv", references), ("g.csv", generated)):
        table = words.label(texts).to_arrow()
        rows = [",".join(["id", *table.column_names])]
        for row, cells in enumerate(zip(*table.to_pydict().values(), strict=True)):
            rows.append(",".join([str(row), *("" if c is None else str(c) for c in cells)]))
        if name == "g.csv":
            rows[1:] = rows[:0:-1]
        paths.append(write(tmp_path / name, "\n".join(rows) + "\n"))
    scores = score_label_tables(*paths, GenerationScore(conventions="all"))[0].compute()
    expected = score_reports(references, generated, words, conventions="all")
    assert [s.value for s in scores.scores if s.value == s.value] == [
        s.value for s in expected.scores if s.value == s.value
    ]
    assert "r.csv" in scores.provenance.labeler
    assert scores.provenance.section == "not known: labels were given"
    some = write(tmp_path / "few.csv", "id,Edema\n1,1.0\n")
    with pytest.raises(SchemaError, match="lacks No Finding"):
        score_label_tables(some, some, GenerationScore())
    empty = write(tmp_path / "empty.csv", "id," + ",".join(schema.names) + "\n")
    with pytest.raises(InputError, match="no rows"):
        score_label_tables(empty, empty, GenerationScore())


def test_report_generators_files_are_scored_alone(tmp_path):
    from click.testing import CliRunner

    from lingula.cli import cli

    forms = {
        "r2gen": '[{"id": 1, "gts": "Edema.", "res": "Edema."}, {"id": 2, "gts": "A.", "res": ""}]',
        "rexrank": '{"s1": {"findings": "Edema.", "impression": "", "model_prediction": "Edema."}}',
        "no ids": '{"gts": ["Edema.", "Effusion."], "res": ["Edema.", "Effusion."]}',
    }
    for form, text in forms.items():
        path = write(tmp_path / "predictions.json", text)
        outcome = CliRunner().invoke(
            cli, ["score", str(path), "--quiet", "--csv", str(tmp_path / "o.csv")]
        )
        assert outcome.exit_code == 0, (form, outcome.output, outcome.exception)
        assert ",1.0" in (tmp_path / "o.csv").read_text()
    alone = CliRunner().invoke(cli, ["score", "labels.csv", "--labels"])
    assert alone.exit_code == 2 and "give two tables" in alone.output


def test_shared_ids_are_scored_alone_if_asked(tmp_path, words):
    left = write(tmp_path / "l.csv", "study_id,report\ns1,Edema.\ns2,Clear.\ns3,Edema.\n")
    right = write(tmp_path / "r.csv", "study_id,report\n3,Edema.\n1,Clear.\n4,Edema.\n")
    with pytest.raises(InputError, match="only in"):
        score_report_tables(left, right, GenerationScore(words))
    shared = Reading(shared_only=True)
    scores = score_report_tables(left, right, GenerationScore(words), shared)[0].compute()
    assert scores.reports == 2
    assert any("1 references and 1 generated reports" in note for note in scores.notes)
    assert any("s1 is 1" in note for note in scores.notes)


def test_one_report_a_line(tmp_path, words):
    left = write(tmp_path / "refs.txt", "Edema.\nEffusion.\n\nClear.\n")
    right = write(tmp_path / "hyps.txt", "Edema.\r\n\r\nEdema.\r\nClear.")
    (metric,) = score_report_tables(left, right, GenerationScore(words))
    scores = metric.compute()
    # The third reference is empty: nothing is true there; the second generated one misses.
    assert scores.reports == 3 and scores.value("f1chexbert", "recall", class_set="5") == 0.5
    assert any("1 reference has no text" in note for note in scores.notes)
    assert any("1 generated report is empty" in note for note in scores.notes)
    (kept,) = score_report_tables(left, right, GenerationScore(words), Reading(keep_empty=True))
    assert kept.compute().reports == 4
    short = write(tmp_path / "short.txt", "Edema.\n")
    with pytest.raises(InputError, match=r"refs\.txt has 4 rows, .*short\.txt has 1"):
        score_report_tables(left, short, GenerationScore(words))
    table = write(tmp_path / "t.csv", "id,report\na,Edema.\n")
    with pytest.raises(InputError, match="share no id"):
        score_report_tables(left, table, GenerationScore(words))
    with pytest.raises(InputError, match="holds no line"):
        read_report_lines(write(tmp_path / "none.txt", ""))


def test_json_lists_of_texts(tmp_path, words):
    left = write(tmp_path / "refs.json", '["Edema.", null, "Effusion."]')
    right = write(tmp_path / "hyps.json", '["Edema.", "Edema.", ""]')
    scores = score_report_tables(left, right, GenerationScore(words))[0].compute()
    assert scores.reports == 2 and scores.value("f1chexbert", "recall", class_set="5") == 0.5
    with pytest.raises(InputError, match="is JSON, but no table"):
        read_report_table(write(tmp_path / "mixed.json", '["Edema.", 7]'))


def test_which_of_several_rows_counts(tmp_path, words, schema):
    left = write(tmp_path / "l.csv", "id,report\na,Clear.\na,Edema.\nb,Clear.\n")
    right = write(tmp_path / "r.csv", "id,report\nb,Clear.\na,Edema.\n")
    with pytest.raises(InputError, match="--duplicates first or last"):
        score_report_tables(left, right, GenerationScore(words))
    for how, value in (("first", 0.0), ("last", 1.0)):
        read = Reading(duplicates=how)
        scores = score_report_tables(left, right, GenerationScore(words), read)[0].compute()
        assert scores.value("f1chexbert", class_set="5") == value
        assert any("l.csv: 1 row repeats an id" in note for note in scores.notes)
    with pytest.raises(InputError, match="max is for labels"):
        score_report_tables(left, right, GenerationScore(words), Reading(duplicates="max"))
    with pytest.raises(InputError, match="not 'some'"):
        Reading(duplicates="some")
    header = "id," + ",".join(schema.names) + "\n"
    row = ",".join("0" if name != "Edema" else "{}" for name in schema.names)
    images = header + "".join(f"{i},{row.format(c)}\n" for i, c in (("a", 1), ("a", 2), ("b", 0)))
    study = header + "".join(f"{i},{row.format(c)}\n" for i, c in (("b", 0), ("a", 1)))
    paths = write(tmp_path / "images.csv", images), write(tmp_path / "study.csv", study)
    # As class numbers: 2 is negative, 0 is blank.
    read = Reading(duplicates="max", label_codes="chexbert")
    scores = score_label_tables(*paths, GenerationScore(), read)[0].compute()
    assert scores.reports == 2 and scores.value("f1chexbert", class_set="5") == 1.0
    with pytest.raises(InputError, match="'2'"):
        score_label_tables(*paths, GenerationScore(), Reading(duplicates="max"))
    with pytest.raises(InputError, match="label codes are"):
        Reading(label_codes="other")


def test_cells_that_stand_for_no_report(tmp_path, words):
    left = write(tmp_path / "l.csv", "id,report\na,Edema.\nb,N/A\nc,to be dictated\n")
    right = write(tmp_path / "r.csv", "id,report\na,no report\nb,Edema.\nc,Clear.\n")
    scores = score_report_tables(left, right, GenerationScore(words))[0].compute()
    assert scores.reports == 1 and scores.value("f1chexbert", class_set="14") == 0.0
    assert any("l.csv: 2 cells stand for no report, such as 'n/a'" in n for n in scores.notes)
    assert any("r.csv: 1 cell stands" in n for n in scores.notes)


def test_reports_that_are_not_english_are_told(tmp_path, words):
    left = write(tmp_path / "l.csv", "id,report\na,Edema.\nb,No edema.\n")
    right = write(
        tmp_path / "r.csv", "id,report\na,Kein Pneumothorax und kein Erguss.\nb,Clear lungs.\n"
    )
    notes = score_report_tables(left, right, GenerationScore(words))[0].compute().notes
    assert [note for note in notes if "English" in note] == [
        f"{right}: 1 report does not read as English; figures on them mean nothing."
    ]
