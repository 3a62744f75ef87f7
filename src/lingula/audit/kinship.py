"""Whether labels come from this package's rules: agreement between such labels says nothing.

The built-in labeler reads the mentions that the rules find, so that the two agree where both are
wrong. A table does not say who made it; where the reports are there, the labelers are run over some
of them and their labels compared with the table's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lingula.audit.inputs import AuditInput
from lingula.labels import Label, Labels, is_missing
from lingula.loading import load
from lingula.text.sections import select_sections

#: Labelers that share the rules.
KIN = ("rules", "builtin")
#: Reports that are labeled to tell.
REPORTS = 300
#: Labels other than blank, on either side, that are needed to tell.
LEAST_CELLS = 50
#: Share of equal ones from which a table is a labeler's. Ours: labels of the same labeler are all
#: equal but for changes between versions; other labelers of the same reports differ in more than
#: one in twenty (the rules and the built-in labeler do).
SAME_FROM = 0.97


def rule_made(data: AuditInput) -> list[str]:
    """Which labeler of ``KIN`` made the audited labels, and those of each other table.

    Args:
        data: With texts; the schema's observations are compared by their names with the
            labelers'.

    Returns:
        One name a table, the audited one first; an empty text where none of them made it, or
        where it cannot be told: without reports, or with too few labels.
    """
    tables = [(np.arange(len(data)), data.labels.classes)]
    tables += [(other.rows, other.labels.classes) for other in data.compare]
    made, best = ["" for _ in tables], [0.0 for _ in tables]
    rows = _sample(data.texts)
    if not len(rows) or data.texts is None:
        return made
    texts = [select_sections(str(data.texts[row])).text for row in rows]
    for name in KIN:
        labels: Labels = load(name).label(texts)
        mine = [n for n in data.label_names if n in labels.schema]
        places = [data.labels.schema.index(n) for n in mine]
        theirs = labels.classes[:, [labels.schema.index(n) for n in mine]]
        for position, (at, classes) in enumerate(tables):
            shared = np.isin(rows, at)
            found = classes[np.searchsorted(at, rows[shared])][:, places]
            share = _equal(found, theirs[shared])
            if share >= SAME_FROM and share > best[position]:
                made[position], best[position] = name, share
    return made


def _equal(one: npt.NDArray[np.int8], other: npt.NDArray[np.int8]) -> float:
    """The share of equal labels where either is not blank; 0 where there are too few."""
    said = (one != Label.BLANK) | (other != Label.BLANK)
    return float((one == other)[said].mean()) if int(said.sum()) >= LEAST_CELLS else 0.0


def _sample(texts: Sequence[str | None] | None) -> npt.NDArray[np.intp]:
    """Rows with a report, evenly spread, at most ``REPORTS``."""
    if texts is None:
        return np.empty(0, dtype=np.intp)
    rows = np.flatnonzero([not is_missing(text) for text in texts])
    if len(rows) <= REPORTS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, REPORTS).astype(np.intp)]
