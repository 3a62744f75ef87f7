"""Ids between tables: MIMIC's two spellings, rows that share one, a column for each table."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from lingula.cli.evaluate import command
from lingula.errors import InputError
from lingula.labels import Label
from lingula.schemas import load_schema
from lingula.tables.ids import comparable_ids, settled
from lingula.tables.label_match import match_label_tables
from lingula.tables.label_table import read_label_table
from lingula.tables.label_values import CLASS_WORDS, parse_label
from lingula.tables.score_table import read_prediction_table


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def evaluated(*arguments):
    outcome = CliRunner().invoke(command, [*map(str, arguments), "--json", "-"])
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    assert outcome.exit_code == 0, outcome.output
    data = json.loads(outcome.stdout)
    exact = [f["value"] for f in data["figures"] if f["metric"] == "exact match"]
    return data, exact


def test_mimics_study_numbers_match_in_both_spellings():
    for other in (["50414267", "50414268"], ["50414267.0", "50414268.0"]):
        sides, note = comparable_ids([["s50414267", "s50414268"], other])
        assert sides == [["50414267", "50414268"]] * 2
        assert "s50414267 is 50414267" in note
    assert comparable_ids([["a", "s1"], ["s1", "2"]]) == ([["a", "s1"], ["s1", "2"]], "")
    assert comparable_ids([["s1", "1"], ["1.0", "2"]])[1] == ""  # two would become one
    assert comparable_ids([["x"], ["y"]]) == ([["x"], ["y"]], "")


def test_tables_of_mimic_match(tmp_path):
    truth = write(tmp_path / "t.csv", "study_id,Edema\n50414267,1\n50414268,0\n")
    predicted = write(tmp_path / "p.csv", "id,Edema\ns50414268,0\ns50414267,1\n")
    matched = match_label_tables([read_label_table(truth), read_label_table(predicted)])
    np.testing.assert_array_equal(
        matched.tables[0].labels.classes, matched.tables[1].labels.classes
    )
    data, exact = evaluated(truth, predicted)
    assert exact == [1.0] and any("without an s before" in note for note in data["notes"])


def test_several_rows_of_one_id(tmp_path):
    path = write(
        tmp_path / "t.csv", "image_id,rad_id,Edema,Fracture\na,R1,0,\na,R2,1,-1\nb,R1,,0\n"
    )
    table = read_label_table(path)
    for how, want in (
        ("first", [[2, 0], [0, 2]]),
        ("last", [[1, 3], [0, 2]]),
        ("max", [[1, 3], [0, 2]]),
    ):
        kept, note = settled(table, how)
        assert kept.ids.tolist() == ["a", "b"] and kept.labels.classes.tolist() == want
        assert "1 rows repeat an id" in note
    assert settled(table, "fail") == (table, "")
    with pytest.raises(InputError, match="--duplicates first, last or max"):
        match_label_tables([table, table])
    with pytest.raises(InputError, match="not 'mean'"):
        settled(table, "mean")


def test_the_highest_score_of_a_studys_images_counts(tmp_path):
    path = write(tmp_path / "s.csv", "study,Edema\nb,-1.5\na,0.5\nb,2.5\na,\n")
    kept, _ = settled(read_prediction_table(path), "max")
    assert kept.ids.tolist() == ["b", "a"] and kept.scores.values[:, 0].tolist() == [2.5, 0.5]
    path = write(tmp_path / "p.csv", "id,Edema,Edema probability\na,1,0.5\na,0,0.25\n")
    with pytest.raises(InputError, match="keep the first or the last"):
        settled(read_label_table(path), "max")


def test_max_says_the_most_of_two_labels():
    order = [Label.BLANK, Label.NEGATIVE, Label.UNCERTAIN, Label.POSITIVE]
    from lingula.tables.ids import _OF_RANK, _RANK

    assert _OF_RANK.tolist() == order and sorted(order, key=lambda c: _RANK[c]) == order


def test_boxes_of_vindr_are_lists_of_one_name_a_row(tmp_path):
    boxes = write(
        tmp_path / "boxes.csv",
        "image_id,rad_id,class_name,x_min\na,R1,Cardiomegaly,1\na,R2,Pleural effusion,2\n"
        "b,R1,No finding,\nb,R2,No finding,\n",
    )
    kept, _ = settled(read_label_table(boxes), "max")
    schema = load_schema("chexpert14")
    found = {
        (row, schema.names[column])
        for row, column in np.argwhere(kept.labels.classes == Label.POSITIVE)
    }
    assert found == {(0, "Cardiomegaly"), (0, "Pleural Effusion"), (1, "No Finding")}


def test_an_id_column_for_each_table(tmp_path):
    truth = write(tmp_path / "t.csv", "key,id,Edema\nx,1,1\ny,2,0\n")
    predicted = write(tmp_path / "p.csv", "name,id,Edema\ny,1,0\nx,2,1\n")
    _, exact = evaluated(truth, predicted, "--id-column", "key", "--id-column", "name")
    assert exact == [1.0]
    assert evaluated(truth, predicted)[1] == [0.0]
    with pytest.raises(InputError, match="one for the truth and one for the others"):
        evaluated(truth, predicted, *["--id-column", "id"] * 3)


def test_duplicates_on_the_command_line(tmp_path):
    truth = write(tmp_path / "t.csv", "study_id,Edema\n1,1\n2,0\n")
    scores = write(tmp_path / "s.csv", "study_id,Edema\n1,0.2\n1,0.9\n2,0.5\n")
    data, _ = evaluated(truth, scores, "--duplicates", "max")
    area = [f["value"] for f in data["figures"] if f["metric"] == "auroc" and f["observation"]]
    assert area == [1.0] and any("the highest counts" in note for note in data["notes"])


def test_class_numbers(tmp_path):
    assert [parse_label(v, CLASS_WORDS) for v in (0, 1.0, "2", "3.0", "", None)] == [
        *Label,
        Label.BLANK,
        Label.BLANK,
    ]
    assert parse_label(-1, CLASS_WORDS) is None and parse_label(2) is None
    truth = write(tmp_path / "t.csv", "id,Edema,Fracture\na,0,1\nb,2,3\n")
    plain = write(tmp_path / "p.csv", "id,Edema,Fracture\na,,1\nb,0,-1\n")
    assert read_label_table(truth, words=CLASS_WORDS).labels.classes.tolist() == [[0, 1], [2, 3]]
    with pytest.raises(InputError, match="--label-codes chexbert"):
        evaluated(truth, plain)
    exact = evaluated(truth, truth, "--label-codes", "chexbert")[1]
    assert exact == [1.0]


@pytest.mark.parametrize(
    "name", ["pleural_effusion", "PleuralEffusion", "Pleural-effusion", " EFFUSION"]
)
def test_names_without_their_spaces(tmp_path, name):
    schema = load_schema("chexpert14")
    assert name in schema and schema.names[schema.index(name)] == "Pleural Effusion"
    table = read_label_table(write(tmp_path / "t.csv", f"id,{name}\na,1\n"))
    assert table.schema.names == ("Pleural Effusion",)
    assert "pleural" not in schema and "" not in schema
