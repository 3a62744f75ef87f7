"""Reports and ids from files."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lingula.errors import ColumnError, InputError, SchemaError
from lingula.score import GenerationScore, score_reports
from lingula.score.inputs import score_label_tables, score_report_tables
from lingula.tables.report_table import check_not_all_empty, read_report_table
from lingula.tables.usual_names import GENERATED_NAMES, REFERENCE_NAMES


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
    metric = score_report_tables(path, path, GenerationScore(words))
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
    metric = score_report_tables(left, right, GenerationScore(words), by_row_order=True)
    assert metric.per_report()["id"].to_pylist() == ["1", "2"]
    short = write(tmp_path / "s.csv", "report\nEdema.\n")
    with pytest.raises(InputError, match="has 2 rows"):
        score_report_tables(left, short, GenerationScore(words), by_row_order=True)


def test_row_order_against_the_ids_is_told(tmp_path, words):
    left = write(tmp_path / "l.csv", "id,report\na,Edema.\nb,Clear.\n")
    right = write(tmp_path / "r.csv", "id,report\nb,Edema.\na,Clear.\n")
    by_id = score_report_tables(left, right, GenerationScore(words)).compute()
    assert by_id.value("f1chexbert", class_set="5") == 0.0
    by_row = score_report_tables(left, right, GenerationScore(words), by_row_order=True).compute()
    assert by_row.value("f1chexbert", class_set="5") == 1.0
    assert by_row.notes == ("Matched by row order as asked, though the ids of 2 rows differ.",)


def test_repeated_ids_by_row_order(tmp_path, words):
    left = write(tmp_path / "l.csv", "id,report\na,Edema.\na,Clear.\n")
    right = write(tmp_path / "r.csv", "id,report\na,Edema.\na,Edema.\n")
    metric = score_report_tables(left, right, GenerationScore(words), by_row_order=True)
    assert metric.compute().notes == ("Ids repeat, so rows are named by their number.",)
    dropping = score_report_tables(
        left, right, GenerationScore(words, conventions="cvt2distilgpt2"), by_row_order=True
    ).compute()
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
    scores = score_label_tables(*paths, GenerationScore(conventions="all")).compute()
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
    scores = score_report_tables(left, right, GenerationScore(words), shared_only=True).compute()
    assert scores.reports == 2
    assert any("1 references and 1 generated reports" in note for note in scores.notes)
    assert any("s1 is 1" in note for note in scores.notes)
