"""Images whose grays were lost before they were labeled or trained on.

A film has 10 to 16 bits; what an export to 8 bits narrowed or clipped cannot be had back, and no
label on it is as good as the film was.
"""

from __future__ import annotations

import numpy as np

from lingula.audit.check import Check, Earlier, where
from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Finding
from lingula.documents import Level, Measure, percent


class GrayRange(Check):
    """Images with a narrow or clipped gray range."""

    name = "grays"
    title = "Gray ranges"
    question = "How many images have lost grays?"
    meaning = "share of the images whose gray range is neither narrow nor clipped"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Count the images."""
        if data.grays is None:
            return self.not_checked("no folder of images was given (--images)")
        grays = data.grays
        read = len(grays) - len(grays.unread)
        if not read:
            return self.not_checked(
                f"none of {len(grays):,} images can be read; the first: "
                f"{next(iter(grays.unread.values()))}"
            )
        lost = grays.narrow | grays.clipped
        rows = where(lost)
        text = (
            f"Of {read:,} images {int(grays.narrow.sum()):,} have a narrow gray range "
            f"and {int(grays.clipped.sum()):,} are clipped ({percent(len(rows) / read)} either)."
        )
        findings = [Finding(text, Level.LOOK if len(rows) else Level.GOOD)]
        if grays.unread:
            first = next(iter(grays.unread.values()))
            findings.append(
                Finding(
                    f"{len(grays.unread):,} images are missing or cannot be read; the first: "
                    f"{first}.",
                    Level.ACT,
                )
            )
        return CheckResult(
            self.name,
            self.title,
            1 - len(rows) / read,
            text,
            tuple(findings),
            ("Export such films again from the DICOM files, with their own window, in 16 bits.",)
            if len(rows)
            else (),
            (
                Measure("read", "Images read", read),
                Measure("narrow", "Narrow gray range", int(grays.narrow.sum())),
                Measure("clipped", "Clipped", int(grays.clipped.sum())),
                Measure("unread", "Missing or broken", len(grays.unread)),
            ),
            examples=self.show(data, options, rows.tolist(), "narrow or clipped"),
            rows=rows,
            row_ids=self.ids_of(data, np.asarray(rows, dtype=np.intp)),
        )
