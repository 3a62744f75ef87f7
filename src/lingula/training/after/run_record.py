"""``run.json``: what a run used, and what its stages came to."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lingula.training.after.calibration import fit_temperatures
from lingula.training.data.folds import OutOfFold
from lingula.training.data.prepare import Part, StageData
from lingula.training.data.silver import SilverLabels
from lingula.training.model.scoring import plain_figures
from lingula.training.recipe import Recipe, Stage
from lingula.training.stage import StageResult

PACKAGES = ("lingula", "torch", "accelerate", "transformers", "tokenizers", "numpy")


def begin_record(
    path: Path,
    recipe: Recipe,
    parts: Sequence[Part],
    silver: SilverLabels,
    device: str,
) -> dict[str, Any]:
    """The record of a run that begins, or goes on from what ``path`` holds.

    Args:
        path: ``run.json``; may not be there yet.
        recipe: The run's recipe.
        parts: Its sources.
        silver: Its silver labels.
        device: Where it is trained.
    """
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {
        "name": recipe.name,
        "started": earlier.get("started", time.strftime("%Y-%m-%dT%H:%M:%S%z")),
        "python": platform.python_version(),
        "device": device,
        "versions": {name: version(name) for name in PACKAGES},
        "seed": recipe.seed,
        "silver labeler": {"name": recipe.labeler, "sha256": silver.sha256},
        "sources": {
            part.reports.source.name: {
                "reports": len(part.reports),
                "train": int(part.train.sum()),
                "validation": int(part.validation.sum()),
                "never trained on": int(part.reports.never_train.sum()),
            }
            for part in parts
        },
        "stages": earlier.get("stages", {}),
    }


def stage_record(
    result: StageResult, data: StageData, stage: Stage, folds: OutOfFold | None
) -> dict[str, Any]:
    """What the record says of a stage, and of what its folds predicted."""
    facts: dict[str, Any] = {
        "counts": data.counts,
        "data sha256": data.train.digest(),
        "steps": result.steps,
        "best step": result.best_step,
        "stopped early": result.stopped_early,
        "seconds": round(result.seconds, 1),
        "validation": None if result.best is None else plain_figures(result.best),
    }
    if folds is not None:
        facts |= {"folds": stage.folds, "seconds of folds": round(folds.seconds, 1)}
        facts["calibration"] = asdict(fit_temperatures(folds.logits, folds.examples))
    return facts


def write_json(path: Path, content: object) -> None:
    """Write a value, beside its place first."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)
