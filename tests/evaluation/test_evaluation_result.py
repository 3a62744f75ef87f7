"""The whole evaluation: figures against scikit-learn, resamples against re-evaluation, notes."""

import numpy as np
import pytest
from sklearn import metrics as sk

from lingula.errors import InputError, SchemaError
from lingula.evaluation import Candidate, Settings, evaluate
from lingula.evaluation.figures import BINARY, LABELS, PROBABILITY, Figure, compute_figures
from lingula.evaluation.people import majority_labels
from lingula.evaluation.resampling import cells_of, resampled_figures, total_sums
from lingula.labels import Label, Labels
from lingula.metrics.bootstrap import resample_weights, units_of
from lingula.metrics.chexbert import chexbert_weights
from lingula.metrics.uncertain import UncertainPolicy
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14")
SMALL = SCHEMA.restrict(["No Finding", "Edema", "Pneumonia", "Fracture"])


def drawn(schema, n, seed, like=None, rate=0.8):
    """Random labels; mostly those of ``like`` if given."""
    generator = np.random.default_rng(seed)
    classes = generator.choice(4, (n, len(schema)), p=[0.5, 0.25, 0.15, 0.1]).astype(np.int8)
    if like is not None:
        classes = np.where(generator.random(classes.shape) < rate, like.classes, classes)
    allowed = schema.permits()[np.arange(len(schema)), classes]
    return Labels(schema, np.where(allowed, classes, Label.BLANK).astype(np.int8))


@pytest.fixture(scope="module")
def labels():
    truth = drawn(SMALL, 120, 0)
    return truth, drawn(SMALL, 120, 1, truth), drawn(SMALL, 120, 2, truth, 0.95)


@pytest.mark.parametrize("policy", ["ones", "zeros", "multiclass"])
@pytest.mark.parametrize("zero_division", [0.0, 1.0, float("nan")])
def test_binary_averages_equal_scikit_learn(labels, policy, zero_division):
    truth, predicted, _ = labels
    result = evaluate(
        truth,
        [Candidate("a", predicted)],
        Settings(uncertain=UncertainPolicy(policy), zero_division=zero_division),
    )
    positive = [Label.POSITIVE, Label.UNCERTAIN] if policy == "ones" else [Label.POSITIVE]
    tables = [np.isin(side.classes, positive) for side in (truth, predicted)]
    if policy == "multiclass":
        tables = [
            np.concatenate([table, side.classes[:, 1:] == Label.UNCERTAIN], axis=1)
            for table, side in zip(tables, (truth, predicted), strict=True)
        ]
    for average in ("micro", "macro", "weighted", "samples"):
        want = sk.precision_recall_fscore_support(
            *tables, average=average, zero_division=zero_division
        )
        for metric, expected in zip(("precision", "recall", "f1"), want, strict=False):
            got = result.candidates[0].value(Figure(BINARY, metric, average=average))
            assert got == pytest.approx(expected, abs=1e-12)
    exact = result.candidates[0].value(Figure(BINARY, "exact match", average="reports"))
    assert exact == pytest.approx(sk.accuracy_score(*tables), abs=1e-12)


def test_ignore_equals_leaving_the_cells_out(labels):
    truth, predicted, _ = labels
    result = evaluate(
        truth, [Candidate("a", predicted)], Settings(uncertain=UncertainPolicy.IGNORE)
    )
    column = SMALL.index("Edema")
    rows = truth.classes[:, column] != Label.UNCERTAIN
    want = sk.f1_score(
        truth.classes[rows, column] == Label.POSITIVE,
        predicted.classes[rows, column] == Label.POSITIVE,
    )
    got = result.candidates[0].value(Figure(BINARY, "f1", observation="Edema"))
    assert got == pytest.approx(want, abs=1e-12)
    assert any("cells whose truth is uncertain are left out" in note for note in result.notes)


def test_four_label_figures_equal_scikit_learn(labels):
    truth, predicted, _ = labels
    result = evaluate(truth, [Candidate("a", predicted)]).candidates[0]
    column = SMALL.index("Pneumonia")
    sides = truth.classes[:, column], predicted.classes[:, column]
    for metric, want in (
        ("kappa", sk.cohen_kappa_score(*sides)),
        ("matthews", sk.matthews_corrcoef(*sides)),
        ("accuracy", sk.accuracy_score(*sides)),
    ):
        got = result.value(Figure(LABELS, metric, observation="Pneumonia"))
        assert got == pytest.approx(want, abs=1e-12)
    mean = np.mean(
        [sk.cohen_kappa_score(truth.classes[:, i], predicted.classes[:, i]) for i in range(4)]
    )
    assert result.value(Figure(LABELS, "kappa", average="macro")) == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("policy", list(UncertainPolicy))
@pytest.mark.parametrize("zero_division", [0.0, float("nan")])
@pytest.mark.parametrize("clustered", [False, True])
def test_resampled_figures_equal_evaluating_the_resampled_reports(
    labels, policy, zero_division, clustered
):
    truth, predicted, other = labels
    settings = Settings(uncertain=policy, zero_division=zero_division, bootstrap=4, seed=11)
    units = units_of(120, np.arange(120) // 3 if clustered else None)
    weights = chexbert_weights(truth.classes)
    cells = [cells_of(truth.classes, x.classes, SMALL, settings) for x in (predicted, other)]

    def figures(sums):
        return compute_figures(sums, SMALL, settings, weights)[1]

    got = resampled_figures([(own, figures) for own in cells], units, 4, 11)
    draws = np.concatenate(list(resample_weights(units, 4, 11))).astype(int)
    for resample, draw in enumerate(draws):
        rows = np.repeat(np.arange(120), draw)
        for figures, side in zip(got, (predicted, other), strict=True):
            again = cells_of(truth.classes[rows], side.classes[rows], SMALL, settings)
            _, want = compute_figures(total_sums(again), SMALL, settings, weights)
            np.testing.assert_allclose(figures[resample], want, rtol=0, atol=1e-12)


def test_probabilities_and_their_intervals(labels):
    truth, predicted, _ = labels
    generator = np.random.default_rng(5)
    chances = generator.dirichlet(np.ones(4), (120, 4)).astype(np.float32)
    chances[:, SMALL.index("Fracture")] = np.nan
    told = []
    result = evaluate(
        truth,
        [Candidate("a", predicted, chances)],
        Settings(uncertain=UncertainPolicy.ONES, bootstrap=60),
        progress=lambda done, total: told.append(done / total),
    ).candidates[0]
    assert told == sorted(told) and told[-1] == pytest.approx(1)
    column = SMALL.index("Edema")
    yes = np.isin(truth.classes[:, column], [Label.POSITIVE, Label.UNCERTAIN])
    score = chances[:, column, Label.POSITIVE] + chances[:, column, Label.UNCERTAIN]
    area = Figure(PROBABILITY, "auroc", observation="Edema")
    assert result.value(area) == pytest.approx(sk.roc_auc_score(yes, score), abs=1e-12)
    interval = result.interval(area)
    assert interval.low < result.value(area) < interval.high
    brier = Figure(PROBABILITY, "brier", observation="Edema")
    assert result.value(brier) == pytest.approx(
        sk.brier_score_loss(yes, score.astype(float)), abs=1e-7
    )
    assert result.interval(brier) is None
    with pytest.raises(KeyError):
        result.value(Figure(PROBABILITY, "auroc", observation="Fracture"))
    macro = np.mean([result.value(f) for f in result.figures if f.metric == "auroc"][:3])
    assert result.value(Figure(PROBABILITY, "auroc", average="macro")) == pytest.approx(macro)


def test_paired_comparison_sees_what_separate_intervals_do_not(labels):
    truth, predicted, _ = labels
    classes = predicted.classes.copy()
    wrong = np.argwhere((truth.classes == Label.POSITIVE) & (classes != Label.POSITIVE))[:8]
    classes[wrong[:, 0], wrong[:, 1]] = Label.POSITIVE
    result = evaluate(
        truth,
        [Candidate("a", predicted), Candidate("b", Labels(SMALL, classes))],
        Settings(bootstrap=500, seed=3),
    )
    figure = Figure(BINARY, "f1", average="micro")
    first, second = (c.interval(figure) for c in result.candidates)
    assert first.high > second.low, "the intervals overlap"
    gap = dict(result.differences)[figure]
    assert gap.estimate > 0 and gap.interval.low > 0 and gap.p_value < 0.05
    same = evaluate(
        truth, [Candidate("a", predicted), Candidate("b", predicted)], Settings(bootstrap=50)
    )
    assert all(d.estimate == 0 and d.p_value == 1 for f, d in same.differences if d.estimate == 0)
    assert dict(same.differences)[figure].p_value == 1


def test_the_seed_decides_and_patients_widen(labels):
    truth, predicted, _ = labels
    figure = Figure(BINARY, "f1", average="micro")

    def interval(seed, patients=None):
        result = evaluate(
            truth,
            [Candidate("a", predicted)],
            Settings(bootstrap=300, seed=seed),
            patients=patients,
        )
        return result, result.candidates[0].interval(figure)

    assert interval(1)[1] == interval(1)[1] != interval(2)[1]
    # Every report of a patient is a copy of its first.
    rows = np.repeat(np.arange(30), 4)
    copies, copied = truth.take(rows), predicted.take(rows)
    widths = []
    for patients in (None, rows):
        result = evaluate(
            copies, [Candidate("a", copied)], Settings(bootstrap=400), patients=patients
        )
        found = result.candidates[0].interval(figure)
        widths.append(found.high - found.low)
    assert result.unit == "patients" and result.n_units == 30
    assert widths[1] > 1.5 * widths[0]


def test_zero_divisions_absent_classes_and_undefined_figures_are_said():
    truth = Labels(SMALL, np.zeros((5, 4), np.int8))
    classes = truth.classes.copy()
    classes[0, SMALL.index("Edema")] = Label.POSITIVE
    result = evaluate(truth, [Candidate("a", Labels(SMALL, classes))])
    text = "\n".join(result.notes)
    assert "No observation is ever positive in the truth." in text
    assert (
        "a: precision is 0/0 (never predicted) for No Finding, Pneumonia, Fracture; recall is 0/0 "
        "(never true) for No Finding, Edema, Pneumonia, Fracture; F1 is 0/0 (neither) for "
        "No Finding, Pneumonia, Fracture, which the rule sets to 0."
    ) in result.notes
    assert "a: 4 reports are nowhere positive" in text
    assert "a, negation: precision is 0/0 (never predicted) for Edema, Pneumonia, Fracture" in text
    assert "a: kappa over four labels is undefined (only one class occurs)" in text
    assert "the average leaves out 3" in text
    assert "Negation averages leave out No Finding" in text
    assert "two labels only" in text
    kappa = result.candidates[0].value(Figure(LABELS, "kappa", average="macro"))
    assert kappa == 0.0
    left_out = evaluate(
        truth, [Candidate("a", Labels(SMALL, classes))], Settings(zero_division=float("nan"))
    )
    assert any("which averages leave out by the rule 0/0=nan" in note for note in left_out.notes)


def test_positive_only_gives_no_figure_over_four_labels(labels):
    truth, predicted, _ = labels
    result = evaluate(truth, [Candidate("a", predicted)], Settings(positive_only=True))
    assert {figure.group for figure in result.candidates[0].figures} == {BINARY}
    assert result.candidates[0].bounds is None


def test_weights_may_come_from_another_table(labels):
    truth, predicted, _ = labels
    only_negative = Labels(SMALL, np.where(truth.classes == 2, 2, 0).astype(np.int8))
    result = evaluate(truth, [Candidate("a", predicted)], weights_from=only_negative).candidates[0]
    weighted = result.value(Figure(LABELS, "chexbert weighted f1", observation="Edema"))
    assert weighted == result.value(Figure("negation", "f1", observation="Edema"))


def test_readers_and_a_majority(labels):
    truth, predicted, other = labels
    people = [drawn(SMALL, 120, seed, truth, 0.9) for seed in (7, 8, 9, 10)]
    voted, ties = majority_labels(people[:3], UncertainPolicy.ONES)
    assert not ties.any() and set(np.unique(voted.classes)) == {Label.POSITIVE, Label.NEGATIVE}
    votes = sum(np.isin(p.classes, [1, 3]).astype(int) for p in people[:3])
    np.testing.assert_array_equal(voted.classes == Label.POSITIVE, votes >= 2)
    chances = np.random.default_rng(1).random((120, 4, 4)).astype(np.float32) / 2
    result = evaluate(
        voted,
        [Candidate("a", predicted, chances)],
        Settings(positive_only=True),
        readers=[Candidate("r4", people[3])],
        voters=[Candidate(f"r{i}", p) for i, p in enumerate(people[:3], start=1)],
    )
    readers = result.readers
    (fourth,) = readers.readers
    assert fourth.name == "r4" and len(readers.raters) == 4
    yes = np.isin(people[3].classes[:, 1], [1, 3])
    assert fourth.point.sensitivity[1] == pytest.approx(
        sk.recall_score(voted.classes[:, 1] == 1, yes), abs=1e-12
    )
    # Random scores: a good reader is above their curve.
    assert fourth.below_roc == (False,) * 4
    assert readers.mean_below_roc == 0 and readers.mean_below_precision_recall == 0
    assert (readers.fleiss > 0.5).all() and (readers.krippendorff > 0.5).all()
    without = evaluate(voted, [Candidate("a", other)], readers=[Candidate("r4", people[3])])
    assert without.readers.readers[0].below_roc == (None,) * 4
    assert np.isnan(without.readers.mean_below_roc)
    assert without.readers.cohen is None


def test_the_majority_of_readers_is_a_point_and_no_reader(labels):
    truth, predicted, _ = labels
    people = [Candidate(f"r{seed}", drawn(SMALL, 120, seed, truth, 0.7)) for seed in (1, 2, 3, 4)]
    chances = np.random.default_rng(1).random((120, 4, 4)).astype(np.float32) / 2
    labeler = Candidate("a", predicted, chances)
    plain = evaluate(truth, [labeler], readers=people[:3]).readers
    voting = evaluate(truth, [labeler], Settings(readers_majority=True), readers=people[:3]).readers
    assert plain.majority is None and [r.name for r in voting.placed[:3]] == ["r1", "r2", "r3"]
    assert voting.majority.name == "majority of r1, r2, r3"
    votes = sum(np.isin(p.labels.classes, [1, 3]).astype(int) for p in people[:3]) >= 2
    true = np.isin(truth.classes, [1, 3])
    np.testing.assert_array_equal(
        voting.majority.point.counts.true_positive, (votes & true).sum(axis=0)
    )
    np.testing.assert_array_equal(voting.cohen, plain.cohen)
    np.testing.assert_array_equal(voting.krippendorff, plain.krippendorff)
    assert voting.raters == plain.raters and voting.mean_below_roc == plain.mean_below_roc
    tied = evaluate(truth, [labeler], Settings(readers_majority=True), readers=people)
    assert any("in the majority of the readers were ties" in note for note in tied.notes)


def test_a_missing_agreement_library_is_said_and_the_rest_is_there(labels, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "krippendorff", None)
    truth, predicted, other = labels
    result = evaluate(
        truth,
        [Candidate("a", predicted)],
        readers=[Candidate("r1", other), Candidate("r2", predicted)],
    )
    assert result.readers.fleiss is None and result.readers.cohen is not None
    assert any("lingula[agreement]" in note for note in result.notes)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"candidates": []}, InputError, "one labeler, or two"),
        ({"truth": Labels(SMALL, np.zeros((0, 4), np.int8))}, InputError, "no report"),
        ({"truth": drawn(SCHEMA, 120, 0)}, SchemaError, "different observations"),
        ({"truth": drawn(SMALL, 5, 0)}, SchemaError, "has 120 reports"),
        ({"weights_from": drawn(SCHEMA, 5, 0)}, SchemaError, "the table of weights"),
    ],
)
def test_what_cannot_be_evaluated(labels, change, error, message):
    truth, predicted, _ = labels
    arguments = {"truth": truth, "candidates": [Candidate("a", predicted)], **change}
    with pytest.raises(error, match=message):
        evaluate(**arguments)


@pytest.mark.parametrize(
    "options", [{"zero_division": 0.5}, {"bootstrap": -1}, {"level": 1.0}, {"bins": 0}]
)
def test_settings_out_of_range(options):
    with pytest.raises(InputError):
        Settings(**options)
