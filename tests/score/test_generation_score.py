"""The metric that is fed batch by batch: any split, any process, the same figures."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lingula
from lingula.errors import InputError, SchemaError
from lingula.labels import Labels
from lingula.score import GenerationScore, score_reports

PHRASES = [
    "Small effusion.",
    "No effusion.",
    "Possible edema.",
    "Pneumonia.",
    "No pneumonia. Large heart.",
    "Clear lungs.",
    "",
]


def figures(scores):
    return [(s.convention, s.figure, s.value, s.note) for s in scores.scores]


def assert_same(left, right):
    for a, b in zip(figures(left), figures(right), strict=True):
        assert a[:2] == b[:2]
        assert a[2] == b[2] or (np.isnan(a[2]) and np.isnan(b[2]))
        assert a[3] == b[3]


def test_one_call_and_batches_agree(words, references, generated):
    whole = score_reports(references, generated, words, conventions="all")
    metric = GenerationScore(words, conventions="all")
    metric.update(references[:2], generated[:2])
    metric.update(references[2:], generated[2:])
    assert_same(whole, metric.compute())
    assert whole.reports == len(references)


@given(
    pairs=st.lists(st.tuples(st.sampled_from(PHRASES), st.sampled_from(PHRASES)), min_size=1),
    cuts=st.sets(st.integers(0, 30)),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_split_gives_the_same_scores(words, pairs, cuts):
    references, generated = (list(side) for side in zip(*pairs, strict=True))
    whole = GenerationScore(words, conventions="all")
    whole.update(references, generated)
    split = GenerationScore(words, conventions="all")
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(pairs)), len(pairs)]
    for start, end in itertools.pairwise(edges):
        split.update(references[start:end], generated[start:end])
    left, right = whole.compute(bootstrap=20, seed=1), split.compute(bootstrap=20, seed=1)
    assert_same(left, right)
    assert [s.lower for s in left.scores] == [s.lower for s in right.scores]
    assert left.notes == right.notes


def test_states_of_several_processes_merge(words, references, generated):
    whole = score_reports(references, generated, words, conventions="all")
    first, second = (GenerationScore(words, conventions="all") for _ in range(2))
    first.update(references[:3], generated[:3], ids=["a", "b", "c"])
    second.update(references[3:], generated[3:], ids=["d", "e", "f"])
    sent = pickle.loads(pickle.dumps(second.state))
    assert not any(text in pickle.dumps(second.state).decode("latin-1") for text in references)
    first.merge(sent)
    assert_same(whole, first.compute())
    assert first.per_report()["id"].to_pylist() == list("abcdef")
    other = GenerationScore(words, conventions="all")
    other.merge(first)
    assert len(other) == 6


def test_merging_an_unfed_metric_changes_nothing(words, references, generated):
    metric = GenerationScore(words)
    metric.update(references, generated)
    metric.merge(GenerationScore(words))
    assert len(metric) == len(references)


def test_reset_forgets(words, references, generated):
    metric = GenerationScore(words)
    metric.update(references, generated)
    metric.reset()
    assert len(metric) == 0
    with pytest.raises(InputError, match="never called"):
        metric.compute()


def test_each_text_is_labeled_once(words, references, generated):
    score_reports(references, generated, words)
    labeled = [text for call in words.calls for text in call]
    assert len(labeled) == len(set(labeled)) == len({*references, *generated})


def test_progress_counts_different_texts(words):
    told = []
    metric = GenerationScore(words)
    metric.update(["a", "a"], ["a", "b"], progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 2)]


def test_large_batches_are_cut(words, monkeypatch):
    monkeypatch.setattr("lingula.score.labeling.TEXTS_PER_CALL", 4)
    references = [f"Effusion {i}." for i in range(9)]
    scores = score_reports(references, references, words)
    assert [len(call) for call in words.calls] == [4, 4, 1]
    assert scores.value("f1chexbert", average="micro") == 1.0


def test_labels_can_be_fed(schema, words, references, generated):
    metric = GenerationScore(conventions="all")
    metric.update_labels(words.label(references), words.label(generated))
    assert_same(metric.compute(), score_reports(references, generated, words, conventions="all"))
    assert metric.compute().provenance.labeler == "labels as given"


def test_provenance_names_labeler_section_and_versions(words, references, generated):
    provenance = score_reports(references, generated, words).provenance
    assert (provenance.labeler, provenance.labeler_sha256) == ("words", "ab" * 32)
    assert provenance.section == "whole text as given"
    assert {"lingula", "python", "numpy"} <= set(dict(provenance.versions))


def test_the_rules_aggregation_is_named():
    scores = score_reports(["Edema."], ["Edema."], lingula.load("rules"))
    assert scores.provenance.labeler == "rules (aggregation chexpert)"
    assert len(scores.provenance.sha256) == 64


def test_duplicates_are_an_error_unless_the_convention_drops_them(words):
    references, generated = ["Effusion.", "Edema."], ["Effusion.", "Edema."]
    metric = GenerationScore(words, conventions=["f1chexbert", "cvt2distilgpt2"])
    metric.update([*references, "Effusion."], [*generated, "Clear."], ids=["a", "b", "a"])
    with pytest.raises(InputError, match=r"'a'.*only cvt2distilgpt2 drops"):
        metric.compute()
    dropping = GenerationScore(words, conventions="cvt2distilgpt2")
    dropping.merge(metric)
    scores = dropping.compute()
    assert scores.reports == 2
    assert scores.value("cvt2distilgpt2", average="micro") == 1.0
    assert scores.notes == (
        "1 report with a repeated id was dropped; of each id the first counts.",
    )
    assert dropping.per_report()["id"].to_pylist() == ["a", "b"]


def test_empty_reports_count_and_are_named(words):
    scores = score_reports(["Effusion.", "Edema."], ["", None], words)
    assert scores.value("f1chexbert", "recall") == 0.0
    assert scores.notes[0].startswith("2 generated reports are empty")


def test_texts_that_were_cut_are_named(words, references, generated):
    words.truncated = 5

    def label(texts, *, evidence=False):
        words.truncated += 2
        return type(words).label(words, texts)

    words.label = label
    metric = GenerationScore(words)
    metric.update(references, generated)
    assert metric.compute().notes[0].startswith("2 texts are longer")


def test_sections_are_selected(words):
    report = "INDICATION: Edema.\n\nFINDINGS: Large heart.\n\nIMPRESSION: Effusion."
    metric = GenerationScore(words, sections=("impression",))
    metric.update([report], ["Effusion."])
    scores = metric.compute()
    assert scores.value("f1chexbert", average="micro") == 1.0
    assert scores.provenance.section == "impression"
    assert scores.notes == ()


def test_reports_without_the_sections_are_named(words):
    report = "INDICATION: Edema.\n\nFINDINGS: Effusion."
    metric = GenerationScore(words, sections=("impression",))
    metric.update([report, report], ["Effusion.", "IMPRESSION: Effusion."])
    scores = metric.compute()
    assert scores.notes == (
        "2 references have none of the sections asked for; another part was labeled instead.",
    )
    with pytest.raises(InputError, match="no section 'impresion'"):
        GenerationScore(words, sections=("impresion",))


@pytest.mark.parametrize(
    ("references", "generated", "message"),
    [
        (["a", "b"], ["a"], "2 references and 1 generated"),
        ([], [], "no report to score"),
        ("Edema.", "Edema.", "one text was passed"),
    ],
)
def test_pairs_that_are_none(words, references, generated, message):
    with pytest.raises(InputError, match=message):
        GenerationScore(words).update(references, generated)


def test_wrong_use_is_refused(schema, words, references, generated):
    with pytest.raises(InputError, match="no convention 'chexbert'"):
        GenerationScore(words, conventions="chexbert")
    with pytest.raises(InputError, match="at least one convention"):
        GenerationScore(words, conventions=[])
    with pytest.raises(InputError, match="no labeler"):
        GenerationScore().update(references, generated)
    with pytest.raises(InputError, match="2 ids for 6 pairs"):
        GenerationScore(words).update(references, generated, ids=["a", "b"])
    metric = GenerationScore(words)
    metric.update(references, generated)
    with pytest.raises(InputError, match="with every batch, or with none"):
        metric.update(references, generated, ids=list("abcdef"))
    with pytest.raises(InputError, match="different labelers"):
        metric.update_labels(words.label(references), words.label(generated))
    for options in ({"bootstrap": -1}, {"seed": -1}, {"bootstrap": 5, "confidence": 1.0}):
        with pytest.raises(InputError):
            metric.compute(**options)


def test_schemas_must_fit(words, references, generated):
    nih = lingula.load_schema("nih14")
    other = Labels(nih, np.zeros((6, len(nih)), np.int8))
    metric = GenerationScore()
    with pytest.raises(SchemaError, match="different observations"):
        metric.update_labels(words.label(references), other)
    metric.update_labels(other, other)
    with pytest.raises(SchemaError, match=r"nih14.*lacks.*Label with the schema chexpert14"):
        metric.compute()
    with pytest.raises(SchemaError, match="different schemas"):
        metric.merge(_fed(words, references, generated))


def _fed(labeler, references, generated):
    metric = GenerationScore(labeler)
    metric.update(references, generated)
    return metric
