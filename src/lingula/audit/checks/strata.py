"""What hides inside a label: drained and undrained, old and new, small and large."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.audit.check import Check, Earlier
from lingula.audit.inputs import AuditInput, Groups
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Example, Finding
from lingula.documents import Cell, Column, Kind, Level, Measure, Table, percent
from lingula.labels import Label
from lingula.observations import SUPPORT_DEVICES
from lingula.strata import Strata, find_strata, strata

NOT_TOLD = "not told"


@dataclass(frozen=True)
class Mixture:
    """A label whose positives are of two kinds that a test set should tell apart.

    Attributes:
        label: Name of the observation.
        stratum: Column of the strata that tells the kinds.
        known: Values of the kind that a reader knows of already.
        phrase: What that kind is, after "of the positive reports".
        advice: What to do about it.
    """

    label: str
    stratum: str
    known: frozenset[str]
    phrase: str
    advice: str


#: Drained pneumothorax: Oakden-Rayner et al., "Hidden stratification causes clinically meaningful
#: failures in machine learning for medical imaging" (ACM CHIL 2020). The age of fractures is ours.
MIXTURES = (
    Mixture(
        "Pneumothorax",
        "Pneumothorax Chest Tube",
        frozenset({"with chest tube"}),
        "name a chest tube on that side",
        "Test pneumothorax on the reports without a chest tube alone as well: a model may have "
        "learned the tube.",
    ),
    Mixture(
        "Fracture",
        "Fracture Age",
        frozenset({"healed", "healing"}),
        "call it healed or healing",
        "Report acute and old fractures apart; an old one is no miss in an emergency room.",
    ),
)
#: Strata that are shown for a label without being rated: their kinds are degrees.
DEGREES = (
    ("Pneumothorax", "Pneumothorax Size"),
    ("Pleural Effusion", "Pleural Effusion Size"),
    ("Pleural Effusion", "Pleural Effusion Side"),
    ("Edema", "Edema Grade"),
)
#: Share of the smaller kind from which a mixture is named.
NAMED_FROM = 0.05


class HiddenStrata(Check):
    """Kinds of finding within one label, read from the reports by rules."""

    name = "strata"
    title = "Hidden strata"
    question = "Does one label hold findings that matter differently?"
    meaning = "mean share of a label's positives that are of one kind, over the labels of two kinds"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Read strata from each distinct report, and count them among the positives."""
        texts, distinct = data.texts, data.distinct_texts
        if texts is None or distinct is None:
            return self.not_checked("no report texts were given")
        if not distinct.names:
            return self.not_checked("every report text is blank")
        present, first = np.unique(distinct.codes, return_index=True)
        found = find_strata([texts[row] or "" for row in first[present >= 0]])
        shown = [
            (label, stratum)
            for label, stratum in (*((m.label, m.stratum) for m in MIXTURES), *DEGREES)
            if label in data.label_names
        ]
        tables = [_by_value(data, distinct, found, shown)] if shown else []
        tables += _devices(data, distinct, found)
        scores = np.full(len(data.label_names), np.nan)
        findings: list[Finding] = []
        advice: list[str] = []
        examples: list[Example] = []
        measures = [Measure("reports", "Reports with text", int((distinct.codes >= 0).sum()))]
        for mixture in MIXTURES:
            if mixture.label not in data.label_names:
                continue
            rows = _positive_rows(data, mixture.label, distinct)
            if not len(rows):
                continue
            values = found.column(mixture.stratum)
            known = np.array([_is_known(values[code], mixture) for code in distinct.codes[rows]])
            share = float(known.mean())
            scores[data.labels.schema.index(mixture.label)] = max(share, 1 - share)
            measures.append(
                Measure(
                    f"known {mixture.label}",
                    f"of positive {mixture.label} reports {mixture.phrase}",
                    share,
                    Kind.SHARE,
                )
            )
            findings.append(
                Finding(
                    f"{percent(share)} of the {len(rows):,} positive {mixture.label} reports "
                    f"{mixture.phrase}.",
                    Level.GOOD if min(share, 1 - share) < NAMED_FROM else Level.LOOK,
                )
            )
            if min(share, 1 - share) >= NAMED_FROM:
                advice.append(mixture.advice)
            examples += self.show(
                data, options, rows[known], f"{mixture.label} positive, reports {mixture.phrase}"
            )
        rated = scores[np.isfinite(scores)]
        return CheckResult(
            self.name,
            self.title,
            float(rated.mean()) if len(rated) else None,
            f"{percent(float(rated.mean()))} of the positives are of the larger kind, on average."
            if len(rated)
            else "No positive report of a label of two kinds.",
            tuple(findings),
            (*advice, "Write the strata beside the labels with `lingula strata`."),
            tuple(measures),
            tuple(tables),
            tuple(examples),
            missing=""
            if len(rated)
            else "no report with text is positive for a label of two kinds",
            label_scores=scores,
        )


def _positive_rows(data: AuditInput, label: str, distinct: Groups) -> npt.NDArray[np.intp]:
    """Rows with text that are positive for a label."""
    positive = data.labels.classes[:, data.labels.schema.index(label)] == Label.POSITIVE
    return np.flatnonzero(positive & (distinct.codes >= 0))


def _is_known(value: float | str | None, mixture: Mixture) -> bool:
    """Whether a cell tells the known kind and nothing else."""
    return isinstance(value, str) and mixture.known.issuperset(value.split(";"))


def _by_value(
    data: AuditInput, distinct: Groups, found: Strata, shown: list[tuple[str, str]]
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for label, stratum in shown:
        codes = distinct.codes[_positive_rows(data, label, distinct)]
        values = found.column(stratum)
        counts = Counter(
            NOT_TOLD if values[code] is None else str(values[code]).replace(";", " and ")
            for code in codes
        )
        rows += [
            (label, stratum, value, count, count / len(codes))
            for value, count in counts.most_common()
        ]
    return Table(
        "strata",
        "What reports tell of the positives",
        (
            Column("label", "Positive label"),
            Column("stratum", "Stratum"),
            Column("value", "Value"),
            Column("rows", "Rows", Kind.COUNT),
            Column("share", "of the positives", Kind.SHARE),
        ),
        tuple(rows),
        note="Read from the reports by rules; rows without a report are left out.",
    )


def _devices(data: AuditInput, distinct: Groups, found: Strata) -> list[Table]:
    """Devices that reports affirm, and how many of these rows are positive for Support Devices."""
    if SUPPORT_DEVICES not in data.label_names:
        return []
    codes = distinct.codes
    reports = int((codes >= 0).sum())
    labeled = data.labels.classes[:, data.labels.schema.index(SUPPORT_DEVICES)] == Label.POSITIVE
    rows: list[tuple[Cell, ...]] = []
    for item in strata():
        if item.kind != "presence" or item.name == "Portable":
            continue
        # The last entry is reached by code -1: a row without a text.
        here = np.array([value == 1.0 for value in found.column(item.name)] + [False])[codes]
        count = int(here.sum())
        if count:
            rows.append((item.name, count, count / reports, float(labeled[here].mean())))
    if not rows:
        return []
    return [
        Table(
            "devices",
            "Devices that reports name",
            (
                Column("device", "Device"),
                Column("rows", "Rows", Kind.COUNT),
                Column("share", "of the reports", Kind.SHARE),
                Column("labeled", f"of these, {SUPPORT_DEVICES} positive", Kind.SHARE),
            ),
            tuple(rows),
        )
    ]
