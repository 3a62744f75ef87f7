"""How much hangs on the uncertain labels."""

from __future__ import annotations

import numpy as np

from lingula.audit.check import Check, Earlier
from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Finding
from lingula.documents import Kind, Level, Measure, Table, percent
from lingula.labels import Label

#: An uncertain share of the possible positives from which a label is named.
NAMED_FROM = 0.25


class Uncertainty(Check):
    """Share of uncertain labels, and the prevalence if all of them were right or wrong."""

    name = "uncertainty"
    title = "Uncertainty"
    question = "How much would change if every uncertain label were right, or wrong?"
    meaning = "1 minus the mean share of uncertain among the possible positives, over the labels"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Bound each label's prevalence by both readings of its uncertain labels."""
        n = len(data)
        permitted = data.labels.schema.permits()[:, Label.UNCERTAIN]
        positive = data.is_label(Label.POSITIVE).sum(axis=0)
        uncertain = data.is_label(Label.UNCERTAIN).sum(axis=0)
        negative = data.is_label(Label.NEGATIVE).sum(axis=0)
        possible = positive + uncertain
        mentioned = possible + negative
        with np.errstate(invalid="ignore"):
            of_possible = np.where(possible > 0, uncertain / np.maximum(possible, 1), np.nan)
            of_mentioned = np.where(mentioned > 0, uncertain / np.maximum(mentioned, 1), np.nan)
        counted = permitted | (uncertain > 0)
        scores = np.where(counted, 1 - of_possible, np.nan)
        if not counted.any():
            return self.not_checked(
                f"the schema {data.labels.schema.name!r} has no label that can be uncertain"
            )
        if not uncertain.any():
            return self._without()
        table = Table.of(
            "labels",
            "Prevalence between both readings",
            ("label", "Label", Kind.TEXT, data.label_names),
            ("uncertain", "Uncertain", Kind.COUNT, uncertain),
            ("of_rows", "of all rows", Kind.BOUND, uncertain / n),
            ("of_mentioned", "of its mentions", Kind.SHARE, of_mentioned),
            ("of_possible", "of possible positives", Kind.SHARE, of_possible),
            ("lowest", "Prevalence, all wrong", Kind.BOUND, positive / n),
            ("highest", "Prevalence, all right", Kind.BOUND, possible / n),
            keep=counted,
            note="Mentions are positive, negative and uncertain; possible positives are positive "
            "and uncertain.",
        )
        findings = [
            Finding(
                f"{data.label_names[i]}: {percent(of_possible[i])} of the possible positives are "
                f"uncertain; its prevalence lies between {percent(positive[i] / n)} and "
                f"{percent(possible[i] / n)}.",
                Level.ACT if of_possible[i] >= 0.5 else Level.LOOK,
            )
            for i in np.argsort(-np.nan_to_num(of_possible), kind="stable")
            if of_possible[i] >= NAMED_FROM
        ]
        score = float(np.nanmean(scores)) if np.isfinite(scores).any() else 1.0
        total = int(mentioned[counted].sum())
        each_row = data.is_label(Label.UNCERTAIN).sum(axis=1)
        rows = int((each_row > 0).sum())
        return CheckResult(
            self.name,
            self.title,
            score,
            f"{percent(uncertain.sum() / total)} of all mentions are uncertain.",
            tuple(findings),
            (
                "Say how uncertain labels are read (as positive, as negative, left out), and show "
                "test figures under both readings for the labels named here.",
                "Have readers look at the uncertain reports of the labels with the widest bounds.",
            ),
            (
                Measure("uncertain", "Uncertain cells", int(uncertain.sum())),
                Measure(
                    "of_mentioned", "of all mentions", float(uncertain.sum() / total), Kind.SHARE
                ),
                Measure("rows", "Rows with an uncertain label", rows),
            ),
            (table,),
            self.show(
                data,
                options,
                np.argsort(-each_row, kind="stable")[:rows],
                "many uncertain labels in one row",
            ),
            label_scores=scores,
        )

    def _without(self) -> CheckResult:
        """The result where nothing is uncertain."""
        return CheckResult(
            self.name,
            self.title,
            1.0,
            "No label is uncertain.",
            (
                Finding(
                    "No uncertain label at all. If a labeler made these labels, uncertain mentions "
                    "were turned into something else: the data sheet should say into what.",
                    Level.LOOK,
                ),
            ),
            measures=(Measure("uncertain", "Uncertain cells", 0),),
        )
