"""The registry of checks, in the order in which they run and are shown."""

from __future__ import annotations

from lingula.audit.check import Check
from lingula.audit.checks.agreement import Agreement
from lingula.audit.checks.duplicates import Duplicates
from lingula.audit.checks.grays import GrayRange
from lingula.audit.checks.leakage import Leakage
from lingula.audit.checks.logic import LabelLogic
from lingula.audit.checks.prevalence import Prevalence
from lingula.audit.checks.references import ReferencesToEarlier
from lingula.audit.checks.reliability import Reliability
from lingula.audit.checks.repeats import RepeatStudies
from lingula.audit.checks.strata import HiddenStrata
from lingula.audit.checks.suspects import SuspectLabels
from lingula.audit.checks.truth import Truth
from lingula.audit.checks.uncertainty import Uncertainty

#: Reliability comes last: it rates the labels by what the checks before it found
#: (``CheckResult.label_scores``), and leaves out the parts whose check is not here.
CHECKS: tuple[Check, ...] = (
    Prevalence(),
    Uncertainty(),
    LabelLogic(),
    RepeatStudies(),
    Leakage(),
    ReferencesToEarlier(),
    Duplicates(),
    HiddenStrata(),
    Truth(),
    Agreement(),
    SuspectLabels(),
    GrayRange(),
    Reliability(),
)

__all__ = ["CHECKS"]
