"""What every check has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Example

Earlier = Mapping[str, CheckResult]


class Check(ABC):
    """One kind of issue.

    A subclass has a ``name`` (stable: it is the key in the JSON file), a ``title``, says in
    ``question`` what it asks of the data and in ``meaning`` of what its score is a share, and
    does its work in ``run``. To add a check, add an instance to
    ``lingula.audit.checks.CHECKS``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    meaning: ClassVar[str]

    @abstractmethod
    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Look for the issue; ``earlier`` holds the results of the checks before this one."""

    def not_checked(self, why: str) -> CheckResult:
        """The result where the input that the check needs is missing."""
        return CheckResult(self.name, self.title, None, "Not checked.", missing=why)

    @staticmethod
    def ids_of(data: AuditInput, rows: npt.NDArray[np.intp]) -> tuple[str, ...]:
        """The ids of some rows."""
        return tuple(str(data.ids[int(row)]) for row in rows)

    @staticmethod
    def show(
        data: AuditInput, options: AuditOptions, rows: Iterable[int], why: str
    ) -> tuple[Example, ...]:
        """The first few of some rows as examples."""
        chosen = [int(row) for row, _ in zip(rows, range(options.examples), strict=False)]
        text = data.texts if options.show_text else None
        return tuple(
            Example(row, str(data.ids[row]), why, None if text is None else text[row])
            for row in chosen
        )


def where(flags: object) -> npt.NDArray[np.intp]:
    """Positions of the true entries of a one-dimensional array."""
    return np.flatnonzero(np.asarray(flags, dtype=np.bool_))
