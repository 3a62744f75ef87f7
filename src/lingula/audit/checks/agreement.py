"""How far a second labeler or readers agree, and which disagreements to look at first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from lingula.audit.check import Check, Earlier
from lingula.audit.inputs import AuditInput, OtherLabels
from lingula.audit.intervals import cautious_f1
from lingula.audit.options import AuditOptions
from lingula.audit.resampling import (
    Classes,
    Interval,
    confusions_with,
    interval_of,
    positive_against_rest,
)
from lingula.audit.result import CheckResult, Example, Exhibit, Finding
from lingula.audit.review import Disagreement, rank_disagreements
from lingula.audit.wording import join
from lingula.documents import Column, Kind, Level, Measure, Table, percent
from lingula.labels import Label
from lingula.metrics.counts import confusion_matrices
from lingula.metrics.kappa import cohen_kappa
from lingula.metrics.reader_agreement import pairwise_kappa

#: Kappas below this are named: "moderate" and worse (Landis and Koch, Biometrics 1977).
NAMED_BELOW = 0.6
CODES = {label: label.name.lower() for label in Label}


class Agreement(Check):
    """Kappa per observation with each second set of labels; disagreements ranked for review."""

    name = "agreement"
    title = "Agreement"
    question = "Do a second labeler or readers say the same?"
    meaning = "mean kappa over the labels (0 where it is negative)"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Compare with every other set of labels that was given."""
        if not data.compare:
            return self.not_checked("no second labels were given (--compare)")
        exhibits: list[Exhibit] = []
        findings: list[Finding] = []
        measures: list[Measure] = []
        examples: list[Example] = []
        lows: list[npt.NDArray[np.float64]] = []
        kappas: list[npt.NDArray[np.float64]] = []
        for other in data.compare:
            mine, theirs = data.labels.classes[other.rows], other.labels.classes
            table, kappa = _kappas(data, other, mine, options)
            exhibits += [table, _kinds(data, other, mine)]
            kappas.append(kappa.value)
            positive = [classes == Label.POSITIVE for classes in (mine, theirs)]
            both = (positive[0] & positive[1]).sum(axis=0)
            alone = [flags.sum(axis=0) - both for flags in positive]
            # Where neither is ever positive, nothing is known of the label that matters.
            lows.append(np.minimum(kappa.low, cautious_f1(both, *alone)))
            findings += _weak(data, other, kappa.value)
            same = float((mine == theirs)[:, other.columns].mean())
            ranked, review = _review(data, other, mine, options)
            exhibits.append(review)
            if options.show_text:
                for item in ranked[: options.examples]:
                    examples += self.show(
                        data,
                        options,
                        [int(other.rows[item.row])],
                        f"disagreement with {other.name}",
                    )
            measures += [
                Measure(f"rows {other.name}", f"Rows shared with {other.name}", len(other.rows)),
                Measure(f"same {other.name}", "equal cells", same, Kind.SHARE),
                Measure(f"kappa {other.name}", "mean kappa", _mean(kappa.value), Kind.NUMBER),
            ]
        if len(data.compare) > 1:
            exhibits += _between_all(data)
        means = [m for m in (_mean(np.clip(kappa, 0, 1)) for kappa in kappas) if m is not None]
        score = float(np.mean(means)) if means else None
        with np.errstate(all="ignore"):
            least = np.fmin.reduce(np.stack(lows), axis=0)
        plain = [m for m in (_mean(kappa) for kappa in kappas) if m is not None]
        return CheckResult(
            self.name,
            self.title,
            score,
            f"Mean kappa {np.mean(plain):.2f} with {join([o.name for o in data.compare])}."
            if plain
            else "No kappa can be had: the labels do not vary on the shared rows.",
            tuple(findings),
            (
                "Read the rows listed for review; the labels of the weakest observations first.",
                "State which labeler made the labels, and its agreement with others.",
            ),
            tuple(measures),
            tuple(exhibits),
            tuple(examples[: options.examples]),
            missing="" if means else "kappa is undefined where labels do not vary",
            label_scores=np.clip(least, 0, 1),
        )


def _review(
    data: AuditInput, other: OtherLabels, mine: Classes, options: AuditOptions
) -> tuple[Sequence[Disagreement], Table]:
    """Rows to review first, and their table."""
    theirs, texts = other.labels.classes, data.distinct_texts
    codes = None if texts is None else texts.codes[other.rows]
    ranked = rank_disagreements(mine, theirs, other.columns, options.review, codes)
    told = [
        "; ".join(
            f"{data.label_names[c]}: {CODES[Label(mine[item.row, c])]} here, "
            f"{CODES[Label(theirs[item.row, c])]} there"
            for c in item.columns
        )
        for item in ranked
    ]
    table = Table.of(
        f"review {other.name}",
        f"Rows to review first: here against {other.name}",
        ("place", "Place", Kind.COUNT, range(1, len(ranked) + 1)),
        ("id", "Row", Kind.TEXT, [str(data.ids[other.rows[item.row]]) for item in ranked]),
        ("bits", "Surprise (bits)", Kind.NUMBER, [item.bits for item in ranked]),
        ("labels", "Disagreements", Kind.TEXT, told),
        note="A disagreement is worth the more the rarer its kind is; each one listed "
        "halves what the next of its kind is worth. Equal reports are listed once.",
        detail=len(ranked) > 12,
    )
    return ranked, table


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _kappas(
    data: AuditInput, other: OtherLabels, mine: Classes, options: AuditOptions
) -> tuple[Table, Interval]:
    """Kappa over the four labels and of positive against the rest, with intervals."""
    tables = confusions_with(data, mine, other.labels.classes, other, options)
    given = other.columns
    four = interval_of(
        np.where(given, cohen_kappa(tables.counts), np.nan), cohen_kappa(tables.resampled)
    )
    two = interval_of(
        np.where(given, cohen_kappa(positive_against_rest(tables.counts)), np.nan),
        cohen_kappa(positive_against_rest(tables.resampled)),
    )
    different = (mine != other.labels.classes).sum(axis=0)
    table = Table.of(
        f"kappa {other.name}",
        f"Agreement with {other.name}",
        ("label", "Label", Kind.TEXT, data.label_names),
        ("kappa", "Kappa", Kind.NUMBER, four.value),
        ("low", "95% low", Kind.NUMBER, four.low),
        ("high", "95% high", Kind.NUMBER, four.high),
        ("kappa_positive", "Kappa of positive", Kind.NUMBER, two.value),
        ("low_positive", "95% low", Kind.NUMBER, two.low),
        ("high_positive", "95% high", Kind.NUMBER, two.high),
        ("same", "Equal", Kind.SHARE, 1 - different / len(mine)),
        ("different", "Different", Kind.COUNT, different),
        keep=given,
        note=f"{len(mine):,} shared rows. Cohen's kappa over the four labels, and of positive "
        "against everything else; a dash where labels do not vary. 95% intervals by bootstrap of "
        f"{tables.noun}.",
    )
    return table, four


def _between_all(data: AuditInput) -> list[Table]:
    """Kappa of every pair of labelers and readers, on the rows and labels that all have."""
    rows = np.arange(len(data))
    given = np.ones(len(data.label_names), dtype=np.bool_)
    for other in data.compare:
        rows = np.intersect1d(rows, other.rows)
        given &= other.columns
    if not len(rows) or not given.any():
        return []
    # Rows of the others are sorted and without repeats, so positions can be looked up.
    tables = [data.labels.classes[rows]] + [
        other.labels.classes[np.searchsorted(other.rows, rows)] for other in data.compare
    ]
    kappas = pairwise_kappa(tables, len(Label))
    names = ["these labels", *(other.name for other in data.compare)]
    pairs = list(combinations(names, 2))
    means = [_mean(column) for column in kappas.T]
    return [
        Table.of(
            "all pairs",
            "Kappa of every pair",
            ("label", "Label", Kind.TEXT, data.label_names),
            ("mean", "Mean", Kind.NUMBER, means),
            *(
                (f"{a} | {b}", f"{a} and {b}", Kind.NUMBER, kappa)
                for (a, b), kappa in zip(pairs, kappas, strict=True)
            ),
            keep=given,
            note=f"{len(rows):,} rows that all have. The mean over pairs is Light's kappa "
            "(Psychological Bulletin 1971).",
        )
    ]


def _kinds(data: AuditInput, other: OtherLabels, mine: Classes) -> Table:
    """How often each pair of different labels occurs."""
    counts = confusion_matrices(mine, other.labels.classes)
    rows = [
        (
            data.label_names[i],
            CODES[here],
            CODES[there],
            int(counts[i, here, there]),
            float(counts[i, here, there] / len(mine)),
        )
        for i in np.flatnonzero(other.columns)
        for here in Label
        for there in Label
        if here is not there and counts[i, here, there]
    ]
    order = np.argsort([-row[3] for row in rows], kind="stable")
    return Table(
        f"disagreements {other.name}",
        f"Kinds of disagreement with {other.name}",
        (
            Column("label", "Label"),
            Column("here", "Here"),
            Column("there", "There"),
            Column("count", "Rows", Kind.COUNT),
            Column("share", "of shared rows", Kind.SHARE),
        ),
        tuple(rows[i] for i in order),
        detail=True,
    )


def _weak(data: AuditInput, other: OtherLabels, kappa: npt.NDArray[np.float64]) -> list[Finding]:
    weak = [i for i in np.argsort(kappa, kind="stable") if kappa[i] < NAMED_BELOW]
    undefined = [
        data.label_names[i] for i in np.flatnonzero(other.columns) if not np.isfinite(kappa[i])
    ]
    found = []
    if weak:
        named = [f"{data.label_names[i]} ({kappa[i]:.2f})" for i in weak]
        found.append(
            Finding(f"Kappa with {other.name} is below {NAMED_BELOW}: {join(named)}.", Level.ACT)
        )
    else:
        found.append(Finding(f"No kappa with {other.name} is below {NAMED_BELOW}.", Level.GOOD))
    if undefined:
        found.append(
            Finding(
                f"No kappa with {other.name}, because labels do not vary: {join(undefined)}.",
                Level.LOOK,
            )
        )
    if len(other.rows) < len(data):
        found.append(
            Finding(
                f"{other.name} covers {percent(len(other.rows) / len(data))} of the rows.",
                Level.LOOK,
            )
        )
    return found
