"""How often each label occurs, for whom, and whether it occurs often enough to be measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lingula.audit.breakdown import PARTS, breakdown, count_columns, differences
from lingula.audit.check import Check, Earlier
from lingula.audit.grouping import group_column, is_telling
from lingula.audit.inputs import AuditInput
from lingula.audit.intervals import effective_size, widest, wilson
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Exhibit, Finding
from lingula.audit.wording import count_of, join
from lingula.documents import Kind, Level, Measure, Stack, Table
from lingula.errors import ColumnError
from lingula.labels import Label


class Prevalence(Check):
    """Counts of the four labels, overall and by metadata; labels too rare to measure."""

    name = "prevalence"
    title = "Prevalence"
    question = "How often does each label occur, for whom, and often enough to be measured?"
    meaning = "share of the labels with enough positives to be measured"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Count, with 95% intervals that allow for several rows a patient."""
        n, k = data.labels.classes.shape
        counts = np.stack([data.is_label(label).sum(axis=0) for label in PARTS])
        positive = data.is_label(Label.POSITIVE)
        if data.patients is None:
            sizes = np.full(k, float(n))
            cases = counts[0]
        else:
            sizes = effective_size(positive, data.patients.codes)
            cases = _patients_with(positive, data.patients.codes)
        share = counts[0] / n
        low, high = wilson(share * sizes, sizes)
        width = widest(cases)
        rare = width > options.widest_interval
        unit = "patients" if data.patients is not None else f"{data.unit}s"
        table = Table.of(
            "labels",
            "Counts of each label",
            ("label", "Label", Kind.TEXT, data.label_names),
            *count_columns(counts),
            ("prevalence", "Positive share", Kind.SHARE, share),
            ("low", "95% low", Kind.BOUND, low),
            ("high", "95% high", Kind.BOUND, high),
            ("cases", f"Positive {unit}", Kind.COUNT, cases),
            ("width", "Widest interval", Kind.BOUND, width),
            note=(
                f"Share of all {n:,} rows, blanks included. "
                "Widest interval: how wide the 95% interval of a sensitivity measured on these "
                f"positive {unit} can be."
            ),
        )
        stack = Stack(
            "four_labels",
            "How the rows divide",
            tuple(label.name.lower() for label in PARTS),
            tuple(zip(data.label_names, map(tuple, counts.T.tolist()), strict=True)),
        )
        findings = _rarity(data, options, cases, width=width, rare=rare, unit=unit)
        findings += _constant(data)
        exhibits: list[Exhibit] = [stack, table]
        groupings = [
            group_column(name, data.metadata.column(name), options.most_levels)
            for name in _columns(data, options)
            if data.metadata is not None
        ]
        for grouping in groupings:
            findings += [Finding(odd, Level.LOOK) for odd in grouping.odd]
            exhibits += breakdown(data, grouping)
        findings += differences(data, groupings)
        measurable = int(k - rare.sum())
        return CheckResult(
            self.name,
            self.title,
            measurable / k,
            f"{measurable} of {k} labels occur in enough {unit} to be measured.",
            tuple(findings),
            _advice(bool(rare.any()), bool(groupings)),
            (
                Measure("labels", "Labels", k),
                Measure("measurable", "Measurable labels", measurable),
                Measure("widest_interval", "Interval allowed", options.widest_interval, Kind.SHARE),
            ),
            tuple(exhibits),
            label_scores=1 - width,
        )


def _patients_with(
    positive: npt.NDArray[np.bool_], patients: npt.NDArray[np.intp]
) -> npt.NDArray[np.int64]:
    """Patients with at least one positive row, a label; rows without a patient count singly."""
    return np.array(
        [
            len(np.unique(patients[column & (patients >= 0)]))
            + int((column & (patients < 0)).sum())
            for column in positive.T
        ],
        dtype=np.int64,
    )


def _rarity(
    data: AuditInput,
    options: AuditOptions,
    cases: npt.NDArray[np.int64],
    *,
    width: npt.NDArray[np.float64],
    rare: npt.NDArray[np.bool_],
    unit: str,
) -> list[Finding]:
    absent = [name for name, count in zip(data.label_names, cases, strict=True) if count == 0]
    findings = []
    if absent:
        findings.append(Finding(f"Never positive: {join(absent)}.", Level.ACT))
    for i in np.flatnonzero(rare & (cases > 0)):
        findings.append(
            Finding(
                f"{data.label_names[i]} is too rare to measure: with {count_of(cases[i], unit)} "
                "positive, a sensitivity can have a 95% interval "
                f"{100 * width[i]:.0f} points wide.",
                Level.ACT,
            )
        )
    if not rare.any():
        findings.append(
            Finding(
                "Every label is frequent enough: no sensitivity's interval is wider than "
                f"{100 * options.widest_interval:.0f} points.",
                Level.GOOD,
            )
        )
    return findings


def _constant(data: AuditInput) -> list[Finding]:
    classes = data.labels.classes
    same = [
        f"{name} (always {Label(int(first)).name.lower()})"
        for name, column, first in zip(data.label_names, classes.T, classes[0], strict=True)
        if (column == first).all()
    ]
    text = f"The same in every row, so nothing can be learned from it: {join(same)}."
    return [Finding(text, Level.ACT)] if same else []


def _columns(data: AuditInput, options: AuditOptions) -> tuple[str, ...]:
    if data.metadata is None:
        return ()
    names = data.metadata.column_names
    if options.groups is None:
        return tuple(name for name in names if is_telling(name))
    for name in options.groups:
        if name not in names:
            raise ColumnError(
                f"there is no metadata column {name!r}; there are {', '.join(names) or 'none'}"
            )
    return options.groups


def _advice(rare: bool, grouped: bool) -> tuple[str, ...]:
    advice = []
    if rare:
        advice.append(
            "Report no figure of a rare label without its interval, and leave it out of averages, "
            "or gather more cases before testing on it."
        )
    if grouped:
        advice.append(
            "Where a label depends on view, sex, age or site, report test figures for each group: "
            "a model can learn the group instead of the finding."
        )
    else:
        advice.append("Give metadata (view, sex, age, site) to see for whom each label occurs.")
    return tuple(advice)
