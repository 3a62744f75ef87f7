"""Labels as a table for notebooks."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

#: Rows that are shown; what is left out is counted below them.
SHOWN_ROWS = 20

#: What a cell of each class says, its text and its colours, which contrast by 4.5 to 1 and more.
_CELLS = (
    ("", "not mentioned", ""),
    ("1", "positive", "background:#ffd9d6;color:#7a1210"),
    ("0", "negative", "background:#d9efdc;color:#124d1c"),
    ("-1", "uncertain", "background:#fff0c2;color:#5c4300"),
)


def labels_html(names: Sequence[str], classes: npt.NDArray[np.int8]) -> str:
    """A table with one coloured cell a label; the first rows of many.

    Args:
        names: The k observations.
        classes: int8, shape (n, k).
    """
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    rows = []
    for number, row in enumerate(classes[:SHOWN_ROWS].tolist()):
        cells = "".join(
            f'<td title="{_CELLS[label][1]}" style="text-align:center;{_CELLS[label][2]}">'
            f"{_CELLS[label][0]}</td>"
            for label in row
        )
        rows.append(f'<tr><th scope="row">{number}</th>{cells}</tr>')
    left = len(classes) - SHOWN_ROWS
    more = f"<p>and {left:,} more</p>" if left > 0 else ""
    return (
        f"<table><thead><tr><th></th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{more}"
    )
