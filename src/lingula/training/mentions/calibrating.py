"""How sure chances are, set on coded reports: heat by observation, and No Finding's ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.builtin import BuiltinLabeler
from lingula.builtin.joining import Joint
from lingula.builtin.mention_model import SETTINGS, MentionModel
from lingula.labels import Label
from lingula.observations import NO_FINDING
from lingula.rules import RuleLabeler
from lingula.training.data.openi_labels import coded_observations
from lingula.training.data.sources import coded_development
from lingula.training.mentions.reports import (
    ReportMentions,
    calibration_errors,
    fit_heat,
    out_of_fold,
)


def calibrate(folder: Path, openi: Path, rules: RuleLabeler, threads: int) -> dict[str, Any]:
    """Fit each observation's heat on coded reports, write it, and tell the errors out of fold.

    Args:
        folder: Of a model without heat.
        openi: The coded reports.
        rules: The labeler that finds the mentions.
        threads: Of the model.
    """
    reports = coded_development(openi)
    texts = [item.text for item in reports]
    coded = coded_observations([item.codes for item in reports], rules.schema)
    model = MentionModel(folder, threads)
    found = ReportMentions.gather(rules, model, texts, answers=True)
    k, classes = len(rules.schema), len(Label)
    joint = Joint(np.ones(k), np.zeros((k, classes, classes)))
    every = np.ones(len(texts), dtype=bool)
    heat = fit_heat(found, coded, joint, every)
    crossed = out_of_fold(
        found,
        texts,
        lambda some: found.probabilities(joint, fit_heat(found, coded, joint, some)),
    )
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    settings["heat"] = heat.tolist()
    settings["no_finding"] = _no_finding(folder, threads, texts, coded)
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    errors = (
        calibration_errors(found.probabilities(joint), coded),
        calibration_errors(crossed, coded),
    )
    # Of No Finding there are no mentions.
    kinds = [
        {
            name: round(error, 4)
            for name, error in zip(rules.schema.names, some, strict=True)
            if name != NO_FINDING
        }
        for some in errors
    ]
    return {"reports": len(texts), "calibration_error": kinds[0], "out_of_fold": kinds[1]}


def _no_finding(
    folder: Path, threads: int, texts: Sequence[str], coded: npt.NDArray[np.bool_]
) -> list[float]:
    """How often reports are coded normal where No Finding is certainly blank or given."""
    labels = BuiltinLabeler(threads=threads, model=folder).label(texts)
    assert labels.probabilities is not None
    own = labels.schema.index(NO_FINDING)
    chance = labels.probabilities[:, own, Label.POSITIVE]
    some = (chance < 0.05, chance > 0.95)
    return [
        round(float(coded[rows, own].mean()), 4) if rows.any() else certain
        for rows, certain in zip(some, (0.0, 1.0), strict=True)
    ]
