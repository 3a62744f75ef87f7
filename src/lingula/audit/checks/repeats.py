"""Patients who come again and again: how much of the data is whose."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lingula.audit.check import Check, Earlier, where
from lingula.audit.inputs import AuditInput, Groups
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Exhibit, Finding
from lingula.audit.wording import clause, count_of
from lingula.documents import Curve, Kind, Level, Line, Measure, Point, Table, percent

Counts = npt.NDArray[np.int64]

MORE_THAN = (1, 2, 3, 5, 10, 20, 50, 100)
#: With fewer patients, shares of the patients are no figures.
FEWEST_FOR_SHARES = 20
TOP_SHARES = (0.01, 0.05, 0.1, 0.2, 0.31, 0.5)


def effective_number(counts: Counts) -> float:
    """Patients who would weigh as much if all had the same number: (sum n)^2 / sum n^2.

    Kish's effective sample size (Survey Sampling, 1965), the counts being the weights.
    """
    total = float(counts.sum())
    return total**2 / float(np.square(counts, dtype=np.float64).sum()) if total else 0.0


def held_by_more_than(counts: Counts, k: int) -> tuple[float, float]:
    """Share of the patients with more than ``k``, and the share of the data that they hold."""
    many = counts > k
    return float(many.mean()), float(counts[many].sum() / counts.sum())


def held_by_top(counts: Counts, share: float) -> float:
    """Share of the data held by the ``share`` of patients who have most."""
    top = round(share * len(counts))
    return float(np.sort(counts)[::-1][:top].sum() / counts.sum())


class RepeatStudies(Check):
    """Studies and rows a patient, and the share of the data that few patients hold."""

    name = "repeats"
    title = "Repeat studies"
    question = "How much of the data comes from few patients?"
    meaning = "effective number of patients, as a share of the patients"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Count studies, else rows, a patient."""
        if data.patients is None or not data.patients.names:
            return self.not_checked("no column says which patient a row belongs to")
        kinds = dict(_units(data, data.patients))
        exhibits: list[Exhibit] = []
        measures = [Measure("patients", "Patients", len(data.patients.names))]
        for unit, counts in kinds.items():
            # The tables of the second unit say much the same: they are folded away.
            exhibits += _exhibits(unit, counts, detail=bool(exhibits))
            measures += [
                Measure(unit, unit.capitalize(), int(counts.sum())),
                Measure(
                    f"mean_{unit}",
                    f"{unit.capitalize()} a patient, mean",
                    float(counts.mean()),
                    Kind.NUMBER,
                ),
                Measure(f"median_{unit}", "median", float(np.median(counts)), Kind.NUMBER),
                Measure(f"most_{unit}", "most", int(counts.max())),
                Measure(
                    f"effective_patients_by_{unit}",
                    f"Effective patients, by {unit}",
                    effective_number(counts),
                    Kind.NUMBER,
                ),
            ]
        unit, counts = next(iter(kinds.items()))
        patients = len(counts)
        effective = effective_number(counts)
        unknown = int((data.patients.codes < 0).sum())
        findings = []
        if unknown:
            findings.append(
                Finding(
                    f"{clause(unknown, 'rows', 'names', 'name')} no patient "
                    f"({percent(unknown / len(data))}); these figures leave that out.",
                    Level.ACT,
                )
            )
        findings += _concentration(unit, counts)
        order = np.argsort(-counts, kind="stable")[: options.examples]
        present = np.flatnonzero(data.patients.counts() > 0)
        rows = [int(where(data.patients.codes == present[p])[0]) for p in order if counts[p] > 1]
        return CheckResult(
            self.name,
            self.title,
            effective / patients,
            f"{clause(patients, 'patients', 'has', 'have')} {count_of(int(counts.sum()), unit)}; "
            f"the effective number of patients is {effective:,.0f}.",
            tuple(findings),
            (
                "Split by patient, and resample patients (not rows) for intervals of test figures.",
                "Weight each patient alike, or take one study a patient, where few patients would "
                "otherwise decide a figure.",
            )
            if counts.max() > 1
            else (),
            tuple(measures),
            tuple(exhibits),
            self.show(data, options, rows, f"first row of a patient with many {unit}"),
        )


def _concentration(unit: str, counts: Counts) -> Iterator[Finding]:
    """How much of the data few patients hold."""
    if counts.max() <= 1:
        yield Finding(f"Every patient has one of the {unit}.", Level.GOOD)
        return
    patients, effective = len(counts), effective_number(counts)
    level = Level.LOOK if effective / patients < 0.75 else Level.GOOD
    half = int(np.searchsorted(np.cumsum(np.sort(counts)[::-1]), counts.sum() / 2)) + 1
    yield Finding(
        f"Half of the {unit} belong to {percent(half / patients)} of the patients.", level
    )
    k = min(max((k for k in MORE_THAN if (counts > k).any()), default=1), 10)
    share, held = held_by_more_than(counts, k)
    if share:
        yield Finding(
            f"The {percent(share)} of patients with more than {k} {unit} hold {percent(held)} of "
            "them.",
            Level.LOOK,
        )
    yield Finding(
        f"For an average over {unit}, {patients:,} patients with unequal numbers weigh as much as "
        f"{effective:,.0f} with equal numbers.",
        level,
    )


def _units(data: AuditInput, patients: Groups) -> Iterator[tuple[str, Counts]]:
    """Counts a patient, most telling unit first: studies where they are known, then rows."""
    studies = data.patient_studies
    if studies is not None and studies.names:
        both = (studies.codes >= 0) & (patients.codes >= 0)
        _, first = np.unique(studies.codes[both], return_index=True)
        counts = np.bincount(patients.codes[both][first], minlength=len(patients.names))
        yield "studies", counts[counts > 0].astype(np.int64)
        if data.unit == "study":
            return
    counts = patients.counts()
    yield (
        ("images" if data.unit == "image" else "reports" if data.unit == "report" else "rows"),
        counts[counts > 0],
    )


def _exhibits(unit: str, counts: Counts, *, detail: bool) -> tuple[Exhibit, ...]:
    ordered = np.sort(counts)[::-1]
    held = np.concatenate([[0.0], np.cumsum(ordered) / ordered.sum()])
    grid = np.linspace(0, 1, 101)
    positions = np.round(grid * len(counts)).astype(np.intp)
    marks = ((share, held_by_top(counts, share)) for share in (0.05, 0.2, 0.5))
    ks = [k for k in MORE_THAN if (counts > k).any()]
    more = np.array([held_by_more_than(counts, k) for k in ks]).reshape(-1, 2)
    table = Table.of(
        f"more_than_{unit}",
        f"Patients with more than k {unit}",
        ("k", "More than", Kind.COUNT, ks),
        ("count", "Patients", Kind.COUNT, [int((counts > k).sum()) for k in ks]),
        ("patients", "Share of patients", Kind.SHARE, more[:, 0]),
        ("held", f"Share of {unit}", Kind.SHARE, more[:, 1]),
        detail=detail,
    )
    if len(counts) < FEWEST_FOR_SHARES:
        return (table,)
    return (
        Curve(
            f"share_of_{unit}",
            f"Share of {unit} against share of patients",
            "Share of patients, those with most first",
            f"Share of {unit}",
            (Line("all patients", tuple(grid.tolist()), tuple(held[positions].tolist())),),
            tuple(
                Point(x, y, f"{100 * x:.0f}% of patients", f"{100 * x:.0f}%: {percent(y)}")
                for x, y in marks
            ),
            percent=True,
            note="The straight line is a data set in which every patient has the same number.",
        ),
        Table.of(
            f"top_{unit}",
            f"What the patients with most {unit} hold",
            ("patients", "Patients with most", Kind.BOUND, TOP_SHARES),
            ("count", "Patients", Kind.COUNT, [round(s * len(counts)) for s in TOP_SHARES]),
            ("held", f"Share of {unit}", Kind.SHARE, [held_by_top(counts, s) for s in TOP_SHARES]),
            detail=detail,
        ),
        table,
    )
