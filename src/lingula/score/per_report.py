"""Scores of each pair of reports by itself, and what the generated report missed or added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.labels import Labels
from lingula.metrics.counts import FloatArray
from lingula.score.conventions import CLASS_SETS, FOURTEEN, Convention
from lingula.score.figures import ReportTables, columns_of, indicators

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, eq=False)
class ReportScores:
    """Scores of n pairs of reports under one uncertain policy.

    Attributes:
        uncertain: "ones" or "zeros".
        accuracy: Class set -> share of equal labels, shape (n,).
        exact_match: Class set -> 1 where all labels are equal, else 0, shape (n,).
        f1: Class set -> F1 of the report's labels (example-based), shape (n,).
        missed: For each pair, the observations that only the reference has.
        spurious: For each pair, the observations that only the generated report has.
    """

    uncertain: str
    accuracy: dict[str, FloatArray]
    exact_match: dict[str, FloatArray]
    f1: dict[str, FloatArray]
    missed: tuple[tuple[str, ...], ...]
    spurious: tuple[tuple[str, ...], ...]


def score_each_report(
    references: Labels, generated: Labels, uncertain: str, zero_division: float = 0.0
) -> ReportScores:
    """Scores of each pair; an F1 of 0/0 (no positive label on either side) is ``zero_division``.

    Args:
        references: n label rows.
        generated: n label rows, same schema and order.
        uncertain: "ones" or "zeros".
        zero_division: Value of 0/0.

    Raises:
        SchemaError: If the schema lacks one of the 14 observations.
    """
    tables = {
        name: ReportTables.build(references, generated, name, uncertain, zero_division)
        for name in CLASS_SETS
    }
    columns = columns_of(references, "14")
    truth = indicators(references.classes[:, columns], uncertain)[0]
    guess = indicators(generated.classes[:, columns], uncertain)[0]
    return ReportScores(
        uncertain,
        {name: table.example("accuracy") for name, table in tables.items()},
        {name: table.example("exact_match") for name, table in tables.items()},
        {name: table.example("f1") for name, table in tables.items()},
        _names(truth & ~guess),
        _names(guess & ~truth),
    )


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
    ``chexbert_similarity`` if it is given. What is its own class under "multiclass" has no
    per-report score in any published code, so that policy adds no columns.
    """
    import pyarrow as pa

    table: dict[str, pa.Array] = {"id": pa.array(list(ids), pa.string())}
    policies = dict.fromkeys(p for c in conventions for p in c.uncertain_policies)
    for policy in policies:
        if policy == "multiclass":
            continue
        scores = score_each_report(references, generated, policy)
        for name in CLASS_SETS:
            table[f"label_accuracy_{name}_{policy}"] = pa.array(scores.accuracy[name])
        table[f"exact_match_5_{policy}"] = pa.array(scores.exact_match["5"])
        for name in CLASS_SETS:
            table[f"f1_{name}_{policy}"] = pa.array(scores.f1[name])
        table[f"missed_{policy}"] = pa.array(scores.missed, pa.list_(pa.string()))
        table[f"spurious_{policy}"] = pa.array(scores.spurious, pa.list_(pa.string()))
    if similarity is not None:
        table["chexbert_similarity"] = pa.array(similarity, pa.float64())
    return pa.table(table)


def _names(table: npt.NDArray[np.bool_]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(FOURTEEN[c] for c in np.flatnonzero(row)) for row in table)
