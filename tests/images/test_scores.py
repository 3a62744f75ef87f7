"""AUROC, studies, and joint probabilities against short restatements."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from lingula.cli import cli
from lingula.documents import to_html
from lingula.errors import ColumnError
from lingula.images.calibrate import fit_temperatures, temperate
from lingula.images.calibration_page import calibration_document
from lingula.images.films import FilmTable, read_films
from lingula.images.group_areas import GroupSettings
from lingula.images.groups import at_sensitivity, group_document, youden
from lingula.images.hidden_strata import read_film_strata
from lingula.images.model import joint
from lingula.images.scoring import aurocs
from lingula.images.studies import studies_of
from lingula.metrics.curves import threshold_counts
from lingula.schemas import load_schema
from lingula.scores import Scores
from tests.images.drawn import films


def test_auroc_is_scikit_learns():
    draw = np.random.default_rng(1)
    classes = draw.integers(0, 4, (200, 3)).astype(np.int8)
    scores = draw.random((200, 3)).round(1)
    for blank in ("negative", "masked"):
        found = aurocs(classes, scores, blank)
        for column in range(3):
            kept = classes[:, column] != 3
            if blank == "masked":
                kept &= classes[:, column] != 0
            truth = classes[kept, column] == 1
            assert abs(found[column] - roc_auc_score(truth, scores[kept, column])) < 1e-12


def test_auroc_of_one_class_is_undefined():
    classes = np.array([[1], [1], [3]], dtype=np.int8)
    assert np.isnan(aurocs(classes, np.zeros((3, 1)), "negative")).all()


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12), st.integers(0, 9))
def test_studies_are_joined_as_a_loop_does_it(names, seed):
    draw = np.random.default_rng(seed)
    values = draw.random((len(names), 2))
    values[draw.random(values.shape) < 0.2] = np.nan
    studies = studies_of(names)
    order = list(dict.fromkeys(names))
    for how, of in (("maximum", max), ("mean", lambda items: sum(items) / len(items))):
        found = studies.scores(values, how)
        for row, name in enumerate(order):
            for column in range(2):
                cells = [values[at, column] for at, own in enumerate(names) if own == name]
                known = [cell for cell in cells if cell == cell]
                if known:
                    assert abs(found[row, column] - of(known)) < 1e-12
                else:
                    assert np.isnan(found[row, column])
    assert [names[at] for at in studies.first] == order
    assert studies.views.sum() == len(names)


def test_a_studys_label_is_the_strongest_of_its_views():
    classes = np.array([[0], [2], [3], [1], [0], [0]], dtype=np.int8)
    found = studies_of(list("aabbcc")).classes(classes)
    assert found.ravel().tolist() == [2, 1, 0]


def test_children_are_multiplied_by_their_parents():
    values = np.array([[0.5, 0.5, 0.5]])
    # the third below the second, the second below the first
    assert joint(values, ((), (0,), (1,))).tolist() == [[0.5, 0.25, 0.125]]
    assert joint(values, ()).tolist() == [[0.5, 0.5, 0.5]]


def test_thresholds_are_those_of_a_loop():
    draw = np.random.default_rng(2)
    truth = draw.random(60) < 0.4
    scores = (truth * 0.5 + draw.random(60)).round(1)
    counts = threshold_counts(truth, scores)

    def rates(threshold):
        said = scores >= threshold
        return said[truth].mean(), 1 - said[~truth].mean()

    tried = sorted(set(scores), reverse=True)
    best = max(sum(rates(threshold)) for threshold in tried)
    assert abs(sum(rates(counts.thresholds[youden(counts)])) - best) < 1e-12
    enough = next(threshold for threshold in tried if rates(threshold)[0] >= 0.8)
    assert counts.thresholds[at_sensitivity(counts, 0.8)] == enough


def test_a_group_in_which_a_model_fails_is_seen(tmp_path):
    table = read_films(FilmTable(films(tmp_path, "films", 200)), load_schema("chexpert14"))
    edema = table.labels.schema.index("Edema")
    truth = table.classes[:, edema] == 1
    draw = np.random.default_rng(3)
    scores = np.where(table.sexes == "f", draw.random(200), truth * 0.8 + draw.random(200) * 0.5)
    schema = table.labels.schema.restrict(["Edema"])
    found = group_document(table, Scores(schema, scores[:, None]), GroupSettings(resamples=200))
    rows = {row[1]: row for row in found.sections[0].exhibits[0].rows}
    assert rows["male"][3].low > 0.8 and rows["female"][3].value < 0.65
    inside = table.sexes == "m"
    assert abs(rows["male"][3].value - roc_auc_score(truth[inside], scores[inside])) < 1e-12
    assert rows["male"][4].value == rows["female"][3].value
    assert "18 to 39" in rows and "lateral" not in rows


REPORTS = (
    "Left pneumothorax with a left chest tube in place. Healed fracture of the left sixth rib.",
    "Left apical pneumothorax. Acute fracture of the right fifth rib.",
    "No pneumothorax. No fracture.",
)


def test_a_model_that_learned_the_chest_tube_is_seen_by_strata(tmp_path):
    count = 90
    lines = ["Path,Pneumothorax,Fracture"]
    reports = ["study_id,report"]
    (tmp_path / "films").mkdir()
    for row in range(count):
        path = f"films/p{1000 + row // 2}/s{5000 + row}/a.png"
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
        lines.append(f"{path},{int(row % 3 < 2)},{int(row % 3 < 2)}")
        reports.append(f'{5000 + row},"{REPORTS[row % 3]}"')
    (tmp_path / "films.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "reports.csv").write_text("\n".join(reports[:-1]) + "\n")  # one film has no report
    outcome = CliRunner().invoke(
        cli, ["strata", str(tmp_path / "reports.csv"), "-o", str(tmp_path / "strata.csv")]
    )
    assert outcome.exit_code == 0, outcome.output
    table = read_films(FilmTable(tmp_path / "films.csv"), load_schema("chexpert14"))
    found = read_film_strata(tmp_path / "strata.csv", table)
    draw = np.random.default_rng(5)
    kind = np.arange(count) % 3
    chances = np.stack([(kind == 0) * 1.0, (kind == 1) * 0.3], axis=1) + draw.random((count, 2))
    schema = table.labels.schema.restrict(["Pneumothorax", "Fracture"])
    scores = np.empty((count, 2))
    scores[:, schema.index("Pneumothorax")], scores[:, schema.index("Fracture")] = chances.T
    document = group_document(table, Scores(schema, scores), GroupSettings(resamples=100), found)
    (strata,) = [item for item in document.sections if item.title == "Hidden strata"]
    rows = {row[:2]: row for row in strata.exhibits[0].rows}
    for name, value, part, column in (
        ("Pneumothorax Chest Tube", "with chest tube", 0, "Pneumothorax"),
        ("Pneumothorax Chest Tube", "no chest tube mentioned", 1, "Pneumothorax"),
        ("Fracture Age", "healed", 0, "Fracture"),
        ("Fracture Age", "acute", 1, "Fracture"),
    ):
        inside = kind != 1 - part
        expected = roc_auc_score(kind[inside] == part, scores[inside, schema.index(column)])
        row = rows[name, value]
        assert abs(row[2].value - expected) < 1e-12
        assert row[4:] == (30, 30)
    tube = rows["Pneumothorax Chest Tube", "with chest tube"]
    assert tube[2].low > 0.9 and tube[3].value < 0.7
    (tmp_path / "other.csv").write_text("study_id,Edema\n5000,1\n")
    with pytest.raises(ColumnError, match="lingula strata"):
        read_film_strata(tmp_path / "other.csv", table)


def test_a_temperature_mends_overconfidence():
    draw = np.random.default_rng(4)
    chance = draw.uniform(0.05, 0.95, 4000)
    classes = np.where(draw.random(4000) < chance, 1, 2).astype(np.int8)[:, None]
    logits = np.log(chance / (1 - chance))
    bold = 1 / (1 + np.exp(-3 * logits))
    (found,) = fit_temperatures(("Edema",), classes, bold[:, None], "negative")
    assert 2.7 < found.temperature < 3.3 and found.after < found.before / 3
    np.testing.assert_allclose(temperate(bold, 3.0), chance, atol=1e-5)
    page = to_html(calibration_document([found], "films.csv"))
    assert "Edema" in page and "before" in page and page.count("<svg") >= 1
    few = fit_temperatures(("Edema",), classes[:12], bold[:12, None], "negative")[0]
    assert few.temperature == 1.0 and np.isnan(few.before)
