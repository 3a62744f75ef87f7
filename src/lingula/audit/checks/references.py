"""Reports which only compare with an earlier study."""

from __future__ import annotations

import numpy as np

from lingula.audit.check import Check, Earlier, where
from lingula.audit.earlier_studies import only_compares, refers_to_earlier
from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Finding
from lingula.audit.wording import clause
from lingula.documents import Kind, Level, Measure, Table, percent
from lingula.labels import Label
from lingula.observations import NO_FINDING


class ReferencesToEarlier(Check):
    """Reports whose blanks and No Finding say nothing about the image."""

    name = "references"
    title = "References to earlier studies"
    question = "Which reports only say how the image compares with an earlier one?"
    meaning = "share of the reports that say something of the image itself"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Apply the rule to each distinct report."""
        texts, distinct = data.texts, data.distinct_texts
        if texts is None or distinct is None:
            return self.not_checked("no report texts were given")
        if not distinct.names:
            return self.not_checked("every report text is blank")
        present, first = np.unique(distinct.codes, return_index=True)
        first = first[present >= 0]
        # Of each distinct text one as it was written: sections and sentences need its lines.
        originals = [texts[row] or "" for row in first]
        # The last entry is reached by code -1: a row without a text.
        only = np.array([only_compares(text) for text in originals] + [False])[distinct.codes]
        refers = np.array([refers_to_earlier(text) for text in originals] + [False])[distinct.codes]
        reports = int((distinct.codes >= 0).sum())
        count = int(only.sum())
        blank = (data.labels.classes == Label.BLANK).all(axis=1) & only
        measures = [
            Measure("reports", "Reports with text", reports),
            Measure("refer", "refer to an earlier study", int(refers.sum())),
            Measure("only_compare", "only compare", count),
            Measure("only_compare_blank", "of these without any label", int(blank.sum())),
        ]
        findings = [
            Finding(
                f"{clause(count, 'reports', 'only compares', 'only compare')} with an earlier "
                f"study ({percent(count / reports)}); their blanks say nothing about the image.",
                Level.ACT if count / reports > 0.05 else Level.LOOK,
            )
            if count
            else Finding("No report only compares with an earlier study.", Level.GOOD)
        ]
        if NO_FINDING in data.labels.schema:
            healthy = data.is_label(Label.POSITIVE)[:, data.labels.schema.index(NO_FINDING)]
            called = int((healthy & only).sum())
            measures.append(
                Measure("only_compare_no_finding", "of these labeled No Finding", called)
            )
            if called:
                findings.append(
                    Finding(
                        f"{called:,} of them are labeled No Finding "
                        f"({percent(called / int(healthy.sum()))} of all No Finding): an unchanged "
                        "image need not be a normal one.",
                        Level.ACT,
                    )
                )
        table = Table.of(
            "labels",
            "Labels of the reports that only compare",
            ("label", "Label", Kind.TEXT, data.label_names),
            *(
                (x.name.lower(), x.name.capitalize(), Kind.COUNT, data.is_label(x)[only].sum(0))
                for x in Label
            ),
        )
        return CheckResult(
            self.name,
            self.title,
            1 - count / reports,
            f"{clause(count, 'reports', 'only compares', 'only compare')} with an earlier study, "
            f"of {reports:,}.",
            tuple(findings),
            (
                "Leave these rows out of training and testing: `--drop FILE` writes the table "
                "without them.",
                "If the earlier studies are at hand, carry their labels over by hand, not by rule.",
            )
            if count
            else (),
            tuple(measures),
            (table,) if count else (),
            self.show(data, options, where(only), "only compares with an earlier study"),
            rows=where(only),
            row_ids=self.ids_of(data, where(only)),
        )
