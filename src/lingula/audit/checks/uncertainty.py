"""How much hangs on the uncertain labels."""

from __future__ import annotations

import numpy as np

from lingula.audit.check import Check, Earlier
from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Finding
from lingula.documents import Column, Kind, Level, Measure, Table, percent
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
            return CheckResult(
                self.name,
                self.title,
                1.0,
                "No label is uncertain.",
                (
                    Finding(
                        "No uncertain label at all. If a labeler made these labels, uncertain "
                        "mentions were turned into something else: the data sheet should say into "
                        "what.",
                        Level.LOOK,
                    ),
                ),
                measures=(Measure("uncertain", "Uncertain cells", 0),),
            )
        table = Table(
            "labels",
            "Prevalence between both readings",
            (
                Column("label", "Label"),
                Column("uncertain", "Uncertain", Kind.COUNT),
                Column("of_rows", "of all rows", Kind.BOUND),
                Column("of_mentioned", "of its mentions", Kind.SHARE),
                Column("of_possible", "of possible positives", Kind.SHARE),
                Column("lowest", "Prevalence, all wrong", Kind.BOUND),
                Column("highest", "Prevalence, all right", Kind.BOUND),
            ),
            tuple(
                (
                    name,
                    int(uncertain[i]),
                    float(uncertain[i] / n),
                    _number(of_mentioned[i]),
                    _number(of_possible[i]),
                    float(positive[i] / n),
                    float(possible[i] / n),
                )
                for i, name in enumerate(data.label_names)
                if counted[i]
            ),
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
                Measure(
                    "rows",
                    "Rows with an uncertain label",
                    int(data.is_label(Label.UNCERTAIN).any(axis=1).sum()),
                ),
            ),
            (table,),
            self.show(
                data,
                options,
                np.argsort(-data.is_label(Label.UNCERTAIN).sum(axis=1), kind="stable")[
                    : int(data.is_label(Label.UNCERTAIN).any(axis=1).sum())
                ],
                "many uncertain labels in one row",
            ),
            label_scores=scores,
        )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
