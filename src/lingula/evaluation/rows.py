"""Every figure as one flat row that carries its whole convention: what CSV and JSON hold."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from lingula import documents
from lingula.documents import plain
from lingula.evaluation.figures import Figure
from lingula.evaluation.people import PlacedReader
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.labels import Label
from lingula.metrics.bootstrap import Interval
from lingula.metrics.counts import FloatArray

_OVER_OBSERVATIONS = frozenset({"macro", "weighted"})


def to_csv(evaluation: Evaluation) -> str:
    """One line a figure, differences included; undefined figures are empty cells."""
    shared = _convention(evaluation)
    rows = [{**row, **shared} for row in figure_rows(evaluation)]
    return documents.to_csv(rows, list(rows[0]))


def to_json(evaluation: Evaluation) -> str:
    """Everything an evaluation found, as JSON; undefined figures are null."""
    return documents.to_json(to_dict(evaluation))


def to_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Everything an evaluation found, as plain values."""
    return {
        "truth": evaluation.truth,
        "convention": {
            **_convention(evaluation),
            "positive_only": evaluation.settings.positive_only,
            "observations": list(evaluation.schema.names),
            "text": evaluation.convention,
        },
        "figures": list(figure_rows(evaluation)),
        "labelers": [_labeler(evaluation, result) for result in evaluation.candidates],
        "readers": _readers(evaluation),
        "notes": list(evaluation.notes),
    }


def figure_rows(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    """One dictionary a figure; the differences' labeler is "B minus A".

    ``left_out`` is the number of undefined observations that an average over them leaves out.
    """
    for result in evaluation.candidates:
        found = list(zip(result.figures, result.values, result.intervals, strict=True))
        left_out = Counter(
            (figure.group, figure.metric)
            for figure, value, _ in found
            if figure.observation is not None and math.isnan(value)
        )
        for figure, value, interval in found:
            row = _row(result.name, figure, float(value), interval)
            if figure.average in _OVER_OBSERVATIONS:
                row["left_out"] = left_out[figure.group, figure.metric]
            yield row
    names = [result.name for result in evaluation.candidates]
    for figure, gap in evaluation.differences:
        row = _row(f"{names[1]} minus {names[0]}", figure, gap.estimate, gap.interval)
        yield {**row, "p_value": plain(gap.p_value)}


def _row(labeler: str, figure: Figure, value: float, interval: Interval | None) -> dict[str, Any]:
    return {
        "labeler": labeler,
        **asdict(figure),
        "value": plain(value),
        "low": None if interval is None else plain(interval.low),
        "high": None if interval is None else plain(interval.high),
        "p_value": None,
        "left_out": None,
    }


def _convention(evaluation: Evaluation) -> dict[str, Any]:
    settings = evaluation.settings
    return {
        "uncertain": settings.uncertain.value,
        "classes": f"{len(evaluation.schema)} of {evaluation.schema.name}",
        "zero_division": settings.zero_division_text,
        "reports": evaluation.n_reports,
        "resamples": settings.bootstrap,
        "resampled": f"{evaluation.n_units} {evaluation.unit}",
        "level": settings.level,
        "seed": settings.seed,
        "lingula": evaluation.version,
    }


def _labeler(evaluation: Evaluation, result: CandidateResult) -> dict[str, Any]:
    names, bounds = evaluation.schema.names, result.bounds
    return {
        "name": result.name,
        "confusion": None
        if result.confusion is None
        else {
            "axes": ["true", "predicted"],
            "labels": [label.name.lower() for label in Label],
            "counts": dict(zip(names, result.confusion.tolist(), strict=True)),
        },
        "bounds": None
        if bounds is None
        else {
            name: {
                "lower_f1": plain(float(bounds.lower[position])),
                "upper_f1": plain(float(bounds.upper[position])),
                "uncertain_cells": int(bounds.uncertain_cells[position]),
            }
            for position, name in enumerate(names)
        },
        "reliability": {
            curve.name: {
                "edges": curve.reliability.edges.tolist(),
                "predicted": _listed(curve.reliability.predicted),
                "observed": _listed(curve.reliability.observed),
                "count": curve.reliability.count.tolist(),
            }
            for curve in result.curves
            if curve.reliability is not None
        },
    }


def _readers(evaluation: Evaluation) -> dict[str, Any] | None:
    readers = evaluation.readers
    if readers is None:
        return None
    return {
        "columns": list(evaluation.columns),
        "points": [_point(reader) for reader in readers.readers],
        "majority": None if readers.majority is None else _point(readers.majority),
        "mean_below_roc": plain(readers.mean_below_roc),
        "mean_below_precision_recall": plain(readers.mean_below_precision_recall),
        "agreement": {
            "raters": list(readers.raters),
            "cohen_mean_over_pairs": _listed(readers.cohen),
            "fleiss": _listed(readers.fleiss),
            "krippendorff": _listed(readers.krippendorff),
        },
    }


def _point(reader: PlacedReader) -> dict[str, Any]:
    return {
        "reader": reader.name,
        "sensitivity": _listed(reader.point.sensitivity),
        "specificity": _listed(reader.point.specificity),
        "precision": _listed(reader.point.precision),
        "below_roc": list(reader.below_roc),
        "below_precision_recall": list(reader.below_precision_recall),
    }


def _listed(values: FloatArray | None) -> list[float | None] | None:
    return None if values is None else [plain(value) for value in values.tolist()]
