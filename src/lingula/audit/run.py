"""Run the checks over one label table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lingula.audit.check import Check
from lingula.audit.checks import CHECKS
from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import Audit, CheckResult
from lingula.documents import Measure
from lingula.errors import MissingExtraError


def audit(
    data: AuditInput,
    options: AuditOptions | None = None,
    *,
    checks: Iterable[Check] = CHECKS,
    progress: Callable[[str], None] | None = None,
) -> Audit:
    """Everything that the checks find in one label table.

    A check that needs packages which are not installed is not checked, and says which.

    Args:
        data: The rows.
        options: Choices; the defaults if not given.
        checks: The checks, in order; a check may use the results of those before it.
        progress: Called with each check's title before it runs.

    Raises:
        ColumnError: If a metadata column that the options name is not there.
    """
    options = options or AuditOptions()
    results: dict[str, CheckResult] = {}
    for check in checks:
        if progress is not None:
            progress(check.title)
        try:
            results[check.name] = check.run(data, options, results)
        except MissingExtraError as error:
            results[check.name] = check.not_checked(str(error))
    return Audit(
        name=data.name,
        schema=data.labels.schema.name,
        label_names=data.label_names,
        overview=_overview(data),
        checks=tuple(results.values()),
    )


def _overview(data: AuditInput) -> tuple[Measure, ...]:
    rows = {"image": "Images", "study": "Studies"}.get(data.unit, "Reports")
    found = [Measure("rows", rows, len(data))]
    if data.patients is not None:
        found.append(Measure("patients", "Patients", len(data.patients.names)))
    if data.patient_studies is not None and data.unit != "study":
        found.append(Measure("studies", "Studies", len(data.patient_studies.names)))
    found.append(Measure("labels", "Labels", len(data.label_names)))
    if data.distinct_texts is not None:
        found.append(Measure("texts", "Different texts", len(data.distinct_texts.names)))
    if data.splits is not None and len(data.splits.names) > 1:
        found.append(Measure("splits", "Splits", len(data.splits.names)))
    return tuple(found)
