"""Audit a label table: what its users should know before they train or test on it."""

from lingula.audit.hierarchy import filled
from lingula.audit.inputs import AuditInput, Groups, OtherLabels
from lingula.audit.options import AuditOptions
from lingula.audit.result import Audit, CheckResult
from lingula.audit.run import audit
from lingula.tables.label_columns import OutsideLabel

__all__ = [
    "Audit",
    "AuditInput",
    "AuditOptions",
    "CheckResult",
    "Groups",
    "OtherLabels",
    "OutsideLabel",
    "audit",
    "filled",
]
