"""Reports that repeat each other, word for word or nearly so."""

from __future__ import annotations

import numpy as np

from lingula.audit.check import Check, Earlier, where
from lingula.audit.inputs import AuditInput, Codes
from lingula.audit.near_duplicates import near_leaders
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Finding
from lingula.audit.wording import clause
from lingula.documents import Kind, Level, Measure, Table, percent

#: Groups of equal reports that are listed.
LISTED = 20


class Duplicates(Check):
    """Identical and near-identical reports, and labels that differ on the same words."""

    name = "duplicates"
    title = "Duplicate reports"
    question = "How much of the data says the same words again?"
    meaning = "share of the reports that neither repeat nor nearly repeat an earlier one"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Group reports by their words, then by near-identity."""
        distinct = data.distinct_texts
        if distinct is None:
            return self.not_checked("no report texts were given")
        if not distinct.names:
            return self.not_checked("every report text is blank")
        known = where(distinct.codes >= 0)
        codes = distinct.codes[known]
        reports = len(codes)
        sizes = np.bincount(codes, minlength=len(distinct.names))
        leaders = near_leaders(distinct.names, options.near_duplicate)
        near_codes = leaders[codes]
        near_sizes = np.bincount(near_codes, minlength=len(distinct.names))
        near_first = np.zeros(reports, dtype=np.bool_)
        near_first[np.unique(near_codes, return_index=True)[1]] = True
        repeats, near_repeats = reports - len(np.unique(codes)), int((~near_first).sum())
        in_identical = int((sizes[codes] > 1).sum())
        in_near = int((near_sizes[near_codes] > 1).sum())
        disagreeing = self._differently_labeled(data, known, codes)

        findings = [
            Finding(
                f"{percent(repeats / reports)} of the reports repeat an earlier one word for word, "
                f"and {percent((near_repeats - repeats) / reports)} more nearly so.",
                Level.LOOK if near_repeats / reports > 0.05 else Level.GOOD,
            )
        ]
        if len(disagreeing):
            findings.append(
                Finding(
                    f"{clause(len(disagreeing), 'reports', 'has', 'have')} the words of an "
                    "earlier one but other labels: they come from more than the words, or "
                    "one is wrong.",
                    Level.ACT,
                )
            )
        first_rows = known[np.unique(codes, return_index=True)[1]]
        order = np.argsort(-sizes, kind="stable")[:LISTED]
        order = order[sizes[order] > 1]
        table = Table.of(
            "largest",
            "Reports repeated most",
            ("id", "First row", Kind.TEXT, self.ids_of(data, first_rows[order])),
            ("copies", "Rows with the same words", Kind.COUNT, sizes[order]),
            ("share", "of the reports", Kind.SHARE, sizes[order] / reports),
            note="Case and white space do not count.",
        )
        return CheckResult(
            self.name,
            self.title,
            1 - near_repeats / reports,
            f"{reports:,} reports hold {len(distinct.names):,} different texts; "
            f"{int((leaders == np.arange(len(leaders))).sum()):,} are left when near-identical "
            "ones count once.",
            tuple(findings),
            (
                "Keep equal reports in one split, and report figures on distinct reports as well.",
                "Label each distinct text once: it saves work and keeps labels consistent.",
            )
            if near_repeats
            else (),
            (
                Measure("reports", "Reports with text", reports),
                Measure("distinct", "Different texts", len(distinct.names)),
                Measure("identical", "Repeat an earlier report", repeats),
                Measure("identical_share", "share", repeats / reports, Kind.SHARE),
                Measure("in_identical_groups", "Reports with an identical other", in_identical),
                Measure("near", "Repeat or nearly repeat one", near_repeats),
                Measure("near_share", "share", near_repeats / reports, Kind.SHARE),
                Measure("in_near_groups", "Reports with a near-identical other", in_near),
                Measure("labeled_differently", "Same words, other labels", len(disagreeing)),
            ),
            (table,) if len(order) else (),
            self.show(data, options, disagreeing, "same words as an earlier row, other labels"),
            rows=known[~near_first],
            row_ids=self.ids_of(data, known[~near_first]),
        )

    @staticmethod
    def _differently_labeled(data: AuditInput, known: Codes, codes: Codes) -> Codes:
        """Rows whose labels differ from those of the first row with the same words."""
        _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
        classes = data.labels.classes[known]
        differs = (classes != classes[first[inverse.reshape(-1)]]).any(axis=1)
        rows: Codes = known[differs]
        return rows
