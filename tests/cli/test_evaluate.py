"""``lingula evaluate``, as a user runs it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lingula.cli.evaluate import command
from lingula.errors import ColumnError, InputError, SchemaError
from lingula.labels import Labels
from lingula.schemas import load_schema

DATA = Path(__file__).parent.parent / "metrics" / "data"
SCHEMA = load_schema("chexpert14")
OBSERVATIONS = ("Edema", "Pneumonia", "Fracture")


def write(path, rows, header=("id", *OBSERVATIONS)):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return str(path)


def run(*arguments):
    outcome = CliRunner().invoke(command, [str(a) for a in arguments])
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return outcome


@pytest.fixture
def tables(tmp_path):
    generator = np.random.default_rng(0)
    words = ["", "1", "0", "-1"]
    truth = generator.integers(0, 4, (40, 3))
    paths = {}
    for name, rate in (("truth", 1.0), ("first", 0.8), ("second", 0.9)):
        classes = np.where(
            generator.random(truth.shape) < rate, truth, generator.integers(0, 4, truth.shape)
        )
        rows = [
            [
                f"r{i}",
                *(words[c] for c in row),
                i // 2,
                *(f"{0.2 + 0.6 * (c == 1):.2f}" for c in row),
            ]
            for i, row in enumerate(classes)
        ]
        header = ("id", *OBSERVATIONS, "patient", *(f"{name}: positive" for name in OBSERVATIONS))
        paths[name] = write(tmp_path / f"{name}.csv", rows, header)
    ratings = ["absent", "present", "uncertain likely", "uncertain unlikely"]
    for reader in range(1, 5):
        classes = np.where(
            generator.random(truth.shape) < 0.8, truth % 2, generator.integers(0, 4, truth.shape)
        )
        rows = [[f"r{i}", *(ratings[c] for c in row)] for i, row in enumerate(classes)]
        paths[f"reader{reader}"] = write(tmp_path / f"reader{reader}.csv", rows)
    return paths


def test_the_reference_table_on_the_command_line(tmp_path):
    out = tmp_path / "result.json"
    run(
        DATA / "eval_true.csv",
        DATA / "eval_pred.csv",
        "--by-row-order",
        "--json",
        out,
        "--quiet",
    )
    data = json.loads(out.read_text())
    expected = json.loads((DATA / "eval_expected.json").read_text())
    found = {
        (row["group"], row["metric"], row["observation"]): row["value"]
        for row in data["figures"]
        if row["observation"]
    }
    tasks = {"mention": "mention", "negation": "negation", "uncertainty": "uncertain"}
    for position, name in enumerate(expected["conditions"]):
        for ours, theirs in (*tasks.items(), ("positive", "positive"), ("blank", "blank")):
            want = expected["metrics"][theirs][position]
            assert found.get((ours, "f1", name), 0.0) == pytest.approx(want, abs=1e-9)
        kappa = expected["metrics"]["kappa"][position]
        got = found["four labels", "kappa", name]
        assert got == (None if kappa is None else pytest.approx(kappa, abs=1e-9))
        weighted = expected["metrics"]["weighted"][position]
        assert found["four labels", "chexbert weighted f1", name] == pytest.approx(
            weighted, abs=1e-9
        )
    means = {
        (row["group"], row["metric"]): row["value"]
        for row in data["figures"]
        if row["average"] == "macro"
    }
    assert means["four labels", "chexbert weighted f1"] == pytest.approx(
        expected["macro"]["weighted"], abs=1e-9
    )
    assert means["mention", "f1"] == pytest.approx(expected["macro"]["mention"], abs=1e-9)
    assert means["negation", "f1"] == pytest.approx(
        expected["macro"]["negation_without_NoFinding"], abs=1e-9
    )
    assert any("kappa" in note and "Lung Lesion" in note for note in data["notes"])
    left_out = {
        (row["group"], row["metric"]): row["left_out"]
        for row in data["figures"]
        if row["average"] == "macro"
    }
    assert left_out["four labels", "kappa"] == 1 and left_out["mention", "f1"] == 0


def test_everything_at_once(tables, tmp_path):
    outputs = {form: tmp_path / f"out.{form}" for form in ("json", "csv", "html", "markdown")}
    outcome = run(
        tables["truth"],
        tables["first"],
        "--second",
        tables["second"],
        "--patient-column",
        "patient",
        "--bootstrap",
        50,
        "--readers",
        tables["reader1"],
        "--readers",
        tables["reader2"],
        *(part for form, path in outputs.items() for part in (f"--{form}", path)),
    )
    assert outcome.exit_code == 0
    for text in (
        "Difference: second minus first",
        "Readers below the curves of first",
        "Agreement of readers",
        "50 resamples of 20 patients",
        "uncertain=ones",
        "Only the 3 shared observations count",
    ):
        assert text in outcome.output
    data = json.loads(outputs["json"].read_text())
    assert data["convention"]["classes"] == "3 of chexpert14"
    assert {row["group"] for row in data["figures"]} >= {"positive vs rest", "probability"}
    assert outputs["html"].read_text().startswith("<!doctype html>")
    assert outputs["markdown"].read_text().startswith("# Evaluation against truth")
    assert outputs["csv"].read_text().startswith("labeler,")


def test_the_seed_makes_it_repeatable(tables, tmp_path):
    texts = []
    for _ in range(2):
        outcome = run(tables["truth"], tables["first"], "--bootstrap", 30, "--json", "-")
        texts.append(outcome.output)
    assert texts[0] == texts[1]
    json.loads(texts[0])


def test_majority_of_readers_is_the_truth(tables):
    outcome = run(
        tables["first"],
        *(part for i in (1, 2, 3) for part in ("--majority-of", tables[f"reader{i}"])),
        "--readers",
        tables["reader4"],
        "--json",
        "-",
    )
    data = json.loads(outcome.output)
    assert data["truth"] == "the majority of 3 readers"
    assert data["convention"]["positive_only"] is True
    assert data["readers"]["agreement"]["raters"] == ["reader4", "reader1", "reader2", "reader3"]
    assert [point["reader"] for point in data["readers"]["points"]] == ["reader4"]
    even = run(
        tables["first"],
        *("--majority-of", tables["reader1"], "--majority-of", tables["reader2"]),
    )
    assert "votes were ties" in even.output


def test_positive_only_truth(tmp_path):
    truth = write(tmp_path / "t.csv", [["a", "1", "", ""], ["b", "", "1", ""]])
    predicted = write(tmp_path / "p.csv", [["a", "1", "0", "0"], ["b", "-1", "1", "0"]])
    plain = run(truth, predicted)
    assert "--positive-only" in plain.output
    outcome = run(truth, predicted, "--positive-only", "--uncertain", "zeros")
    assert "Four labels" not in outcome.output and "two labels only" not in outcome.output
    assert "Never positive in the truth: Fracture." in outcome.output


@pytest.mark.parametrize("policy", ["ones", "zeros", "ignore", "multiclass"])
def test_every_policy_is_named(tables, policy):
    outcome = run(tables["truth"], tables["first"], "--uncertain", policy)
    assert f"uncertain={policy}" in outcome.output
    assert ("Edema (uncertain)" in outcome.output) == (policy == "multiclass")


def test_observations_and_weights(tables, tmp_path):
    outcome = run(tables["truth"], tables["first"], "--observations", "fracture, EDEMA")
    assert "2 observations of chexpert14" in outcome.output
    assert "Pneumonia" not in outcome.output
    five = run(
        DATA / "eval_true.csv", DATA / "eval_pred.csv", "--by-row-order", "--observations", "five"
    )
    assert "5 observations of chexpert14" in five.output
    weights = write(tmp_path / "w.csv", [["x", "1", "1", "1"], ["y", "0", "0", "0"]])
    assert run(tables["truth"], tables["first"], "--weights-from", weights).exit_code == 0
    lacking = write(tmp_path / "l.csv", [["x", "1"]], ("id", "Edema"))
    with pytest.raises(ColumnError, match="lacks Pneumonia, Fracture"):
        run(tables["truth"], tables["first"], "--weights-from", lacking)


def test_tables_with_several_usual_ids_share_one(tmp_path):
    header = ("study_id", "dicom_id", "Edema")
    truth = write(tmp_path / "t.csv", [["1", "x", "1"], ["2", "y", "0"]], header)
    predicted = write(tmp_path / "p.csv", [["y", "0"], ["x", "1"]], ("dicom_id", "Edema"))
    outcome = run(truth, predicted, "--json", "-")
    assert json.loads(outcome.output)["figures"][0]["value"] == 1.0


BAD = {
    "unmatched": ([["a", "1"], ["b", "0"]], [["a", "1"]], InputError, "only in"),
    "duplicate": ([["a", "1"], ["a", "0"]], [["a", "1"]], InputError, "'a'"),
    "unknown value": ([["a", "7"]], [["a", "1"]], InputError, "row 1: '7' is no label"),
    "no shared id": ([["a", "1"]], [["b", "1"]], InputError, "share no id"),
    "no rows": ([], [["a", "1"]], InputError, "no rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables(tmp_path, case):
    truth, predicted, error, message = BAD[case]
    header = ("id", "Edema")
    with pytest.raises(error) as caught:
        run(write(tmp_path / "t.csv", truth, header), write(tmp_path / "p.csv", predicted, header))
    assert message in str(caught.value)


def test_other_bad_input(tables, tmp_path):
    one = write(tmp_path / "one.csv", [["a", "1"]], ("id", "Edema"))
    other = write(tmp_path / "other.csv", [["a", "1"]], ("id", "Fracture"))
    nothing = write(tmp_path / "nothing.csv", [["a", "1"]], ("id", "Toe"))
    (tmp_path / "empty.csv").write_text("")
    for arguments, error in (
        ((one, other), ColumnError),
        ((one, nothing), ColumnError),
        ((one, tmp_path / "empty.csv"), InputError),
        ((one, tmp_path / "absent.csv"), InputError),
        ((one, one, "--schema", "absent"), SchemaError),
        ((one, one, "--observations", "Toe"), SchemaError),
        ((one, one, "--id-column", "study"), ColumnError),
        ((one, one, "--patient-column", "p"), ColumnError),
        ((one, one, "--probability-columns", "{observation} p"), ColumnError),
        ((one, one, "--json", tmp_path / "no" / "folder.json"), InputError),
    ):
        with pytest.raises(error):
            run(*arguments)
    for arguments in (
        (one,),
        (one, one, one),
        (one, one, "--majority-of", one),
        (one, one, "--json", "-", "--csv", "-"),
        (one, one, "--observations", ","),
        (one, one, "--bootstrap", "-1"),
    ):
        assert run(*arguments).exit_code == 2


def test_one_class_only_is_evaluated_and_said(tmp_path):
    table = write(tmp_path / "t.csv", [["a", "", "", ""], ["b", "", "", ""]])
    outcome = run(table, table, "--bootstrap", 20)
    assert outcome.exit_code == 0
    assert "No observation is ever positive in the truth." in outcome.output
    assert "kappa over four labels is undefined" in outcome.output


def test_shared_ids_only(tmp_path):
    truth = write(tmp_path / "t.csv", [["a", "1"], ["b", "0"], ["c", ""]], ("id", "Edema"))
    predicted = write(tmp_path / "p.csv", [["b", "0"], ["a", "1"]], ("id", "Edema"))
    outcome = run(truth, predicted, "--shared-ids")
    assert "t: 1 rows are left out" in outcome.output and "2 reports" in outcome.output


def test_an_error_is_one_line_and_status_two(tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "lingula", "evaluate", "absent.csv", "absent.csv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert finished.returncode == 2
    assert finished.stderr.strip().count("\n") == 0 and "absent.csv" in finished.stderr


def test_tables_of_another_schema_that_only_say_present(tmp_path):
    header = ("Image Index", "Effusion", "Hernia")
    truth = write(tmp_path / "t.csv", [["x.png", "1", "0"], ["y.png", "0", "0"]], header)
    predicted = write(tmp_path / "p.csv", [["y.png", "", ""], ["x.png", "1", "1"]], header)
    outcome = run(truth, predicted, "--schema", "nih14", "--positive-only", "--json", "-")
    rows = json.loads(outcome.output)["figures"]
    assert [row["value"] for row in rows if row["metric"] == "f1" and row["observation"]] == [1, 0]
    assert run(truth, predicted, "--schema", "nih14", "--bootstrap", 10).exit_code == 0


def test_quiet_prints_nothing(tables):
    assert run(tables["truth"], tables["first"], "--quiet").output == ""


def test_what_lingula_wrote_can_be_evaluated(tmp_path):
    """The columns of ``Labels.to_arrow`` come back as they went."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    classes = np.random.default_rng(1).integers(0, 2, (20, 14)).astype(np.int8)
    table = Labels(SCHEMA, classes).to_arrow().append_column("id", pa.array(range(20)))
    pq.write_table(table, tmp_path / "a.parquet")
    outcome = run(tmp_path / "a.parquet", tmp_path / "a.parquet", "--json", "-")
    data = json.loads(outcome.output)
    assert {row["value"] for row in data["figures"] if row["metric"] == "exact match"} == {1.0}
