"""The same patient, or the same report, on both sides of a split."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lingula.audit.check import Check, Earlier, where
from lingula.audit.inputs import AuditInput, Groups
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Example, Finding
from lingula.audit.wording import count_of
from lingula.documents import Column, Kind, Level, Measure, Table, percent


class Leakage(Check):
    """Patients and identical reports in more than one split."""

    name = "leakage"
    title = "Leakage between splits"
    question = "Does a test set hold patients or reports that are also trained on?"
    meaning = "share of the rows whose patient and report are in their own split alone"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Count what crosses from one split into another."""
        if data.splits is None or not data.splits.names:
            return self.not_checked("no column says which split a row belongs to")
        if len(data.splits.names) == 1:
            return self.not_checked(f"all rows are of one split ({data.splits.names[0]})")
        kinds: list[tuple[str, Groups]] = []
        if data.patients is not None:
            kinds.append(("patients", data.patients))
        if data.distinct_texts is not None:
            kinds.append(("reports", data.distinct_texts))
        if not kinds:
            return self.not_checked("neither patients nor report texts are known")
        leaking = np.zeros(len(data), dtype=np.bool_)
        findings: list[Finding] = []
        measures: list[Measure] = []
        tables: list[Table] = []
        examples: tuple[Example, ...] = ()
        for kind, groups in kinds:
            shared, pairs = _crossing(groups, data.splits)
            rows = (groups.codes >= 0) & np.append(shared, False)[groups.codes]
            leaking |= rows
            count = int(shared.sum())
            what = "identical reports" if kind == "reports" else kind
            measures += [
                Measure(f"shared_{kind}", f"{what.capitalize()} in several splits", count),
                Measure(f"rows_of_shared_{kind}", "their rows", int(rows.sum())),
            ]
            tables.append(
                Table(
                    kind,
                    f"{what.capitalize()} that two splits share",
                    (
                        Column("split", "Split"),
                        Column("other", "Other split"),
                        Column("shared", what.capitalize(), Kind.COUNT),
                        Column("rows", "Rows of the split", Kind.COUNT),
                        Column("share", "of its rows", Kind.SHARE),
                    ),
                    pairs,
                )
            )
            if count:
                findings.append(
                    Finding(
                        f"{count:,} {what} are in more than one split "
                        f"({count_of(int(rows.sum()), 'rows')}, {percent(rows.mean())}).",
                        Level.ACT if kind == "patients" else Level.LOOK,
                    )
                )
                examples += self.show(data, options, where(rows), f"shares one of the {what}")
            else:
                findings.append(Finding(f"No {what} are in more than one split.", Level.GOOD))
        return CheckResult(
            self.name,
            self.title,
            1 - float(leaking.mean()),
            f"{percent(leaking.mean())} of the rows share a patient or a report with another split."
            if leaking.any()
            else "Nothing crosses from one split into another.",
            tuple(findings),
            (
                "Split again by patient. Take test reports whose text is also in the training part "
                "out of one of the two, or report test figures with and without them.",
            )
            if leaking.any()
            else (),
            tuple(measures),
            tuple(tables),
            examples,
            rows=where(leaking),
            row_ids=self.ids_of(data, where(leaking)),
        )


def _crossing(
    groups: Groups, splits: Groups
) -> tuple[npt.NDArray[np.bool_], tuple[tuple[str, str, int, int, float], ...]]:
    """Which groups are in several splits, and the counts for each ordered pair of splits."""
    known = (groups.codes >= 0) & (splits.codes >= 0)
    table = np.zeros((len(groups.names), len(splits.names)), dtype=np.int64)
    np.add.at(table, (groups.codes[known], splits.codes[known]), 1)
    present = table > 0
    sizes = splits.counts()
    pairs = []
    for a, name in enumerate(splits.names):
        for b, other in enumerate(splits.names):
            if a == b:
                continue
            both = present[:, a] & present[:, b]
            rows = int(table[both, a].sum())
            pairs.append((name, other, int(both.sum()), rows, rows / int(sizes[a])))
    return present.sum(axis=1) > 1, tuple(pairs)
