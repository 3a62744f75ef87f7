"""Every figure as one flat row that carries its whole convention: what CSV and JSON hold."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lingula.evaluation.people import PlacedReader
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.labels import Label

CSV_COLUMNS = (
    "labeler",
    "group",
    "metric",
    "observation",
    "average",
    "value",
    "low",
    "high",
    "p_value",
    "left_out",
    "uncertain",
    "classes",
    "zero_division",
    "reports",
    "resamples",
    "resampled",
    "level",
    "seed",
    "lingula",
)

_OVER_OBSERVATIONS = frozenset({"macro", "weighted"})


def to_csv(evaluation: Evaluation) -> str:
    """One line a figure, differences included; undefined figures are empty cells."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    shared = _convention(evaluation)
    for row in figure_rows(evaluation):
        writer.writerow({**{k: "" if v is None else v for k, v in row.items()}, **shared})
    return out.getvalue()


def to_json(evaluation: Evaluation) -> str:
    """Everything an evaluation found, as JSON; undefined figures are null."""
    return json.dumps(to_dict(evaluation), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


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
        left_out = Counter(
            (figure.group, figure.metric)
            for figure, value in zip(result.figures, result.values, strict=True)
            if figure.observation is not None and math.isnan(value)
        )
        for figure, value, interval in zip(
            result.figures, result.values, result.intervals, strict=True
        ):
            yield {
                "labeler": result.name,
                "group": figure.group,
                "metric": figure.metric,
                "observation": figure.observation,
                "average": figure.average,
                "value": plain(float(value)),
                "low": None if interval is None else plain(interval.low),
                "high": None if interval is None else plain(interval.high),
                "p_value": None,
                "left_out": left_out[figure.group, figure.metric]
                if figure.average in _OVER_OBSERVATIONS
                else None,
            }
    names = [result.name for result in evaluation.candidates]
    for figure, gap in evaluation.differences:
        yield {
            "labeler": f"{names[1]} minus {names[0]}",
            "group": figure.group,
            "metric": figure.metric,
            "observation": figure.observation,
            "average": figure.average,
            "value": plain(gap.estimate),
            "low": plain(gap.interval.low),
            "high": plain(gap.interval.high),
            "p_value": plain(gap.p_value),
            "left_out": None,
        }


def plain(value: float) -> float | None:
    """The number, or None where it is undefined."""
    return None if math.isnan(value) else float(value)


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
    labels = [label.name.lower() for label in Label]
    out: dict[str, Any] = {
        "name": result.name,
        "confusion": None
        if result.confusion is None
        else {
            "axes": ["true", "predicted"],
            "labels": labels,
            "counts": {
                name: result.confusion[position].tolist()
                for position, name in enumerate(evaluation.schema.names)
            },
        },
        "bounds": None,
        "reliability": {
            curve.name: {
                "edges": curve.reliability.edges.tolist(),
                "predicted": [plain(float(x)) for x in curve.reliability.predicted],
                "observed": [plain(float(x)) for x in curve.reliability.observed],
                "count": curve.reliability.count.tolist(),
            }
            for curve in result.curves
            if curve.reliability is not None
        },
    }
    if result.bounds is not None:
        out["bounds"] = {
            name: {
                "lower_f1": plain(float(result.bounds.lower[position])),
                "upper_f1": plain(float(result.bounds.upper[position])),
                "uncertain_cells": int(result.bounds.uncertain_cells[position]),
            }
            for position, name in enumerate(evaluation.schema.names)
        }
    return out


def _readers(evaluation: Evaluation) -> dict[str, Any] | None:
    readers = evaluation.readers
    if readers is None:
        return None
    columns = evaluation.columns
    agreement = {
        name: None if values is None else [plain(float(value)) for value in values]
        for name, values in (
            ("cohen_mean_over_pairs", readers.cohen),
            ("fleiss", readers.fleiss),
            ("krippendorff", readers.krippendorff),
        )
    }
    return {
        "columns": list(columns),
        "points": [_point(reader) for reader in readers.readers],
        "majority": None if readers.majority is None else _point(readers.majority),
        "mean_below_roc": plain(readers.mean_below_roc),
        "mean_below_precision_recall": plain(readers.mean_below_precision_recall),
        "agreement": {"raters": list(readers.raters), **agreement},
    }


def _point(reader: PlacedReader) -> dict[str, Any]:
    point = reader.point
    return {
        "reader": reader.name,
        "sensitivity": [plain(float(value)) for value in point.sensitivity],
        "specificity": [plain(float(value)) for value in point.specificity],
        "precision": [plain(float(value)) for value in point.precision],
        "below_roc": list(reader.below_roc),
        "below_precision_recall": list(reader.below_precision_recall),
    }
