"""Figures of merit against labels that are taken as right."""

from __future__ import annotations

import numpy as np

from lingula.audit.check import Check, Earlier
from lingula.audit.inputs import AuditInput
from lingula.audit.intervals import cautious_f1
from lingula.audit.options import AuditOptions
from lingula.audit.resampling import confusions_with, interval_of
from lingula.audit.result import CheckResult, Finding
from lingula.audit.wording import join
from lingula.documents import Kind, Level, Measure, Table, percent
from lingula.labels import Label
from lingula.metrics.counts import one_vs_rest
from lingula.metrics.f1 import per_class
from lingula.metrics.uncertain import f1_bounds

#: Labels whose F1 is below this are named.
NAMED_BELOW = 0.8


class Truth(Check):
    """F1 of the positive label, with its interval and the bounds that uncertain labels allow."""

    name = "truth"
    title = "Against experts"
    question = "How often are the labels right, where experts have looked?"
    meaning = "mean F1 of the positive label, over the labels that experts found at least once"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Compare with the expert labels."""
        truth = data.truth
        if truth is None:
            return self.not_checked("no expert labels were given (--truth)")
        mine = data.labels.classes[truth.rows]
        tables = confusions_with(data, truth.labels.classes, mine, truth, options)
        counts = one_vs_rest(tables.counts, [Label.POSITIVE])
        scores = per_class(counts, np.nan)
        resampled = per_class(one_vs_rest(tables.resampled, [Label.POSITIVE]), np.nan)
        occurs = truth.columns & (counts.support > 0)
        f1 = interval_of(np.where(occurs, scores.f1, np.nan), resampled.f1)
        bounds = f1_bounds(tables.counts, np.nan)
        hidden = ~occurs
        precision, recall, worst, best = (
            np.where(hidden, np.nan, figure)
            for figure in (scores.precision, scores.recall, bounds.lower, bounds.upper)
        )
        table = Table.of(
            "labels",
            f"Against {truth.name}",
            ("label", "Label", Kind.TEXT, data.label_names),
            ("positive", "Positive by experts", Kind.COUNT, counts.support),
            ("predicted", "Positive here", Kind.COUNT, counts.predicted),
            ("precision", "Precision", Kind.NUMBER, precision),
            ("recall", "Recall", Kind.NUMBER, recall),
            ("f1", "F1", Kind.NUMBER, f1.value),
            ("low", "95% low", Kind.NUMBER, f1.low),
            ("high", "95% high", Kind.NUMBER, f1.high),
            ("worst", "F1, uncertain all wrong", Kind.NUMBER, worst),
            ("best", "F1, uncertain all right", Kind.NUMBER, best),
            keep=truth.columns,
            note=f"Positive against everything else, on {len(truth.rows):,} rows; 95% intervals by "
            f"bootstrap of {tables.noun}. A dash where experts found none.",
        )
        weak = [i for i in np.argsort(f1.value, kind="stable") if f1.value[i] < NAMED_BELOW]
        findings = []
        if weak:
            named = [f"{data.label_names[i]} ({f1.value[i]:.3f})" for i in weak]
            findings.append(Finding(f"F1 is below {NAMED_BELOW}: {join(named)}.", Level.ACT))
        elif occurs.any():
            findings.append(Finding(f"No F1 is below {NAMED_BELOW}.", Level.GOOD))
        unseen = [data.label_names[i] for i in np.flatnonzero(truth.columns & hidden)]
        if unseen:
            findings.append(
                Finding(f"Never positive by experts, so not measured: {join(unseen)}.", Level.LOOK)
            )
        absent = [data.label_names[i] for i in np.flatnonzero(~truth.columns)]
        if absent:
            findings.append(Finding(f"Not in the expert labels: {join(absent)}.", Level.LOOK))
        mean = float(np.nanmean(f1.value)) if occurs.any() else None
        return CheckResult(
            self.name,
            self.title,
            mean,
            f"Mean F1 {mean:.2f} over {int(occurs.sum())} labels, on "
            f"{percent(len(truth.rows) / len(data))} of the rows."
            if mean is not None
            else "Experts found none of the labels.",
            tuple(findings),
            ("Publish F1 with its interval for each label; quote no average alone.",),
            (
                Measure("rows", "Rows with expert labels", len(truth.rows)),
                Measure("mean_f1", "Mean F1", mean, Kind.NUMBER),
            ),
            (table,),
            missing="" if mean is not None else "no label is positive in the expert labels",
            label_scores=np.minimum(
                f1.low,
                cautious_f1(counts.true_positive, counts.false_positive, counts.false_negative),
            ),
        )
