"""Two generators on the same references."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import f1_score

import lingula
from lingula.cli import cli
from lingula.errors import InputError
from lingula.labels import Labels
from lingula.metrics.bootstrap import draw_counts
from lingula.score import GenerationScore, compare_generators
from lingula.score.comparison_document import to_page, to_paper
from lingula.score.conventions import FIVE


@pytest.fixture
def fed(words, references, generated):
    first, second = GenerationScore(words), GenerationScore(words)
    first.update(references, generated)
    second.update(references, references)
    return first, second


def test_differences_are_those_of_the_scores(fed):
    found = compare_generators(*fed, names=("a", "b"), bootstrap=200, seed=3)
    assert len(found.differences) == len(found.first.scores) == len(found.second.scores)
    for each, one, other in zip(
        found.differences, found.first.scores, found.second.scores, strict=True
    ):
        assert (each.first, each.second) == (one.value, other.value)
        assert each.difference.estimate == other.value - one.value
        assert each.difference.interval.low <= each.difference.interval.high
        assert 0 < each.difference.p_value <= 1
    again = compare_generators(fed[1], fed[0], bootstrap=200, seed=3)
    for each, back in zip(found.differences, again.differences, strict=True):
        assert back.difference.estimate == -each.difference.estimate
        assert back.difference.interval.low == pytest.approx(-each.difference.interval.high)
        assert back.difference.p_value == each.difference.p_value


def test_a_generator_against_itself_differs_by_nothing(words, references, generated):
    both = GenerationScore(words, conventions="all"), GenerationScore(words, conventions="all")
    for metric in both:
        metric.update(references, generated)
    for each in compare_generators(*both, bootstrap=50).differences:
        if not np.isnan(each.first):
            gap = each.difference
            assert (gap.estimate, gap.interval.low, gap.interval.high, gap.p_value) == (0, 0, 0, 1)


def test_intervals_against_scikit_learn(schema):
    rng = np.random.default_rng(5)
    n, rounds, seed = 40, 60, 11
    true, one, other = (rng.integers(0, 4, (n, 14)).astype(np.int8) for _ in range(3))
    metrics = GenerationScore(), GenerationScore()
    for metric, guess in zip(metrics, (one, other), strict=True):
        metric.update_labels(Labels(schema, true), Labels(schema, guess))
    found = compare_generators(*metrics, bootstrap=rounds, seed=seed)
    wanted = next(
        each.difference
        for each in found.differences
        if (each.figure.measure, each.figure.average, each.figure.class_set) == ("f1", "micro", "5")
    )
    columns = [schema.index(name) for name in FIVE]
    binary = [np.isin(table[:, columns], (1, 3)) for table in (true, one, other)]
    counts = draw_counts(n, np.full(rounds, n), np.random.default_rng(seed)).astype(int)
    gaps = []
    for row in counts:
        drawn = [np.repeat(table, row, axis=0) for table in binary]
        values = [f1_score(drawn[0], guess, average="micro") for guess in drawn[1:]]
        gaps.append(values[1] - values[0])
    low, high = np.percentile(gaps, [2.5, 97.5])
    assert wanted.interval.low == pytest.approx(low)
    assert wanted.interval.high == pytest.approx(high)


def test_similarity_is_compared_too(vectors, references, generated):
    both = GenerationScore(vectors, similarity=True), GenerationScore(vectors, similarity=True)
    both[0].update(references, generated)
    both[1].update(references, references)
    last = compare_generators(*both, bootstrap=50).differences[-1]
    assert last.convention == "chexbert_similarity" and last.second == pytest.approx(1)
    assert last.difference.estimate == pytest.approx(1 - last.first)


def test_what_cannot_be_compared(fed, words, references, generated):
    other = GenerationScore(words)
    other.update(generated, generated)
    with pytest.raises(InputError, match="the same references"):
        compare_generators(fed[0], other)
    with pytest.raises(InputError, match="needs resamples"):
        compare_generators(*fed, bootstrap=0)
    under = GenerationScore(words, conventions="rgrg")
    under.update(references, generated)
    with pytest.raises(InputError, match="different conventions"):
        compare_generators(fed[0], under)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ref.csv").write_text("id,report\na,Edema.\nb,Rib fracture.\nc,Clear.\n")
    (tmp_path / "one.csv").write_text("id,report\nb,Clear.\na,Edema.\nc,Clear.\n")
    (tmp_path / "two.csv").write_text("id,report\na,Edema.\nb,Rib fracture.\nd,Clear.\n")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(cli, ["score", *arguments])


def test_the_command_compares_two(files):
    outcome = run("ref.csv", "one.csv", "--second", "two.csv", "--quiet")
    assert "only in ref.csv: 'c'" in str(outcome.exception)
    outcome = run(
        *("ref.csv", "one.csv", "--second", "two.csv", "--shared-ids", "--bootstrap", "80"),
        *("--labeler", "rules"),
        *("--json", "s.json", "--csv", "s.csv", "--markdown", "s.md"),
    )
    assert outcome.exit_code == 0, outcome.output
    for part in ("two minus one", "Each of 80 resamples", "Fracture", "1 pairs are left out"):
        assert part in outcome.output
    found = json.loads((files / "s.json").read_text())
    assert found["names"] == ["one", "two"] and found["first"]["reports"] == 2
    rows = list(csv.DictReader(io.StringIO((files / "s.csv").read_text())))
    fracture = next(r for r in rows if r["observation"] == "Fracture" and r["measure"] == "f1")
    assert (fracture["first"], fracture["second"], fracture["difference"]) == ("0.0", "1.0", "1.0")
    assert "# one" in (files / "s.md").read_text()


def test_labels_are_compared_and_one_report_a_line(files):
    for name in ("ref", "one", "two"):
        rows = list(csv.DictReader(io.StringIO((files / f"{name}.csv").read_text())))
        (files / f"{name}.txt").write_text("".join(row["report"] + "\n" for row in rows))
        labels = lingula.load("rules").label([row["report"] for row in rows]).to_arrow()
        lines = [",".join(["id", *labels.column_names])]
        lines += [
            ",".join([row["id"], *("" if v is None else str(v) for v in cells.values())])
            for row, cells in zip(rows, labels.to_pylist(), strict=True)
        ]
        (files / f"{name}-labels.csv").write_text("\n".join(lines) + "\n")
    given = run(
        *("ref-labels.csv", "one-labels.csv", "--second", "two-labels.csv", "--labels"),
        *("--shared-ids", "--bootstrap", "50", "--json", "-"),
    )
    labeled = run(
        *("ref.csv", "one.csv", "--second", "two.csv", "--shared-ids", "--bootstrap", "50"),
        *("--json", "-", "--labeler", "rules"),
    )
    figures = ("measure", "average", "observation", "first", "difference", "lower", "p_value")
    found = [
        [tuple(row[name] for name in figures) for row in json.loads(made.stdout)["differences"]]
        for made in (given, labeled)
    ]
    assert found[0] == found[1]
    texts = ("ref.txt", "one.txt", "--second", "two.txt", "--labeler", "rules")
    lines = run(*texts, "--bootstrap", "20", "--json", "-")
    assert json.loads(lines.stdout)["first"]["reports"] == 3


def test_options_that_do_not_go_together(files):
    for options, message in (
        (("--second", "two.csv", "--per-report", "p.csv"), "of one generator"),
        (("--label-codes", "chexbert"), "add --labels"),
        (("--labels", "--keep-empty"), "goes without --keep-empty"),
        (("--second", "two.csv", "--shared-ids", "--bootstrap", "0"), "needs resamples"),
    ):
        outcome = run("ref.csv", "one.csv", *options)
        assert message in outcome.stderr + str(outcome.exception), outcome.output


def test_documents(fed):
    found = compare_generators(*fed, names=("a", "b"), bootstrap=20)
    page = to_page(found)
    assert page.sections[0].title == "Differences" and page.sections[2].title.startswith("a")
    assert any(section.title.startswith("b") for section in to_paper(found).sections)
