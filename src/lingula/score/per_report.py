"""Scores of each pair of reports by itself, and what the generated report missed or added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.labels import Labels
from lingula.metrics.counts import BoolArray
from lingula.score.conventions import CLASS_SETS, FOURTEEN, Convention
from lingula.score.figures import CLASS_OF, compare

if TYPE_CHECKING:
    import pyarrow


def per_report_table(
    ids: Sequence[str],
    references: Labels,
    generated: Labels,
    conventions: Sequence[Convention],
    similarity: npt.NDArray[np.float64] | None = None,
) -> pyarrow.Table:
    """One row a pair of reports.

    Columns: ``id``; for each uncertain policy of the conventions ("ones", "zeros")
    ``label_accuracy_14_P``, ``label_accuracy_5_P``, ``exact_match_5_P``, ``f1_14_P``, ``f1_5_P``
    (float64), ``missed_P`` and ``spurious_P`` (lists of observations), with P the policy; and
    ``chexbert_similarity`` if it is given. An F1 of 0/0 (no positive label on either side) is 0.
    What is its own class under "multiclass" has no per-report score in any published code, so that
    policy adds no columns.

    Args:
        ids: One id a pair.
        references: Labels of n references.
        generated: Labels of n generated reports, same schema and order.
        conventions: Whose policies are shown.
        similarity: CheXbert similarity of each pair, shape (n,).

    Raises:
        SchemaError: If the schema lacks one of the 14 observations.
    """
    import pyarrow as pa

    table: dict[str, pa.Array] = {"id": pa.array(list(ids), pa.string())}
    policies = dict.fromkeys(p for c in conventions for p in c.uncertain_policies)
    for policy in policies:
        if policy == "multiclass":
            continue
        cells = {name: compare(references, generated, name, policy) for name in CLASS_SETS}
        positive = np.array(CLASS_OF[policy], dtype=np.bool_)
        sides = {name: (positive[c.truth], positive[c.predicted]) for name, c in cells.items()}
        for name, (true, guess) in sides.items():
            table[f"label_accuracy_{name}_{policy}"] = pa.array((true == guess).mean(axis=1))
        table[f"exact_match_5_{policy}"] = pa.array(cells["5"].exact.astype(np.float64))
        for name in CLASS_SETS:
            table[f"f1_{name}_{policy}"] = pa.array(np.nan_to_num(cells[name].samples.f1))
        true, guess = sides["14"]
        table[f"missed_{policy}"] = pa.array(_names(true & ~guess), pa.list_(pa.string()))
        table[f"spurious_{policy}"] = pa.array(_names(guess & ~true), pa.list_(pa.string()))
    if similarity is not None:
        table["chexbert_similarity"] = pa.array(similarity, pa.float64())
    return pa.table(table)


def _names(table: BoolArray) -> list[list[str]]:
    return [[FOURTEEN[column] for column in np.flatnonzero(row)] for row in table]
