"""A model card from a run's record (after Mitchell et al., 2019): what was done, with figures."""

from __future__ import annotations

from typing import Any

from lingula.labels import Schema
from lingula.training.recipe import Recipe, Stage


def model_card(recipe: Recipe, schema: Schema, record: dict[str, Any]) -> str:
    """The card, as Markdown.

    Args:
        recipe: The run's recipe.
        schema: Observations of the model.
        record: What ``run.json`` holds.
    """
    lines = [
        f"# {recipe.name}",
        "",
        f"A labeler of {len(schema)} observations ({schema.name}), trained by Lingula "
        f"{record['versions']['lingula']} from "
        f"{recipe.backbone.name} with "
        f"{recipe.backbone.pooling} pooling. Silver labels: {recipe.labeler}. "
        f"Seed {record['seed']}.",
        "",
        "## Data",
        "",
        "| source | labels | reports | training | validation | never trained on |",
        "|---|---|---|---|---|---|",
    ]
    for source in recipe.sources:
        facts = record["sources"][source.name]
        lines.append(
            f"| {source.name} | {source.labels} | {facts['reports']} | {facts['train']} | "
            f"{facts['validation']} | {facts['never trained on']} |"
        )
    lines += ["", "## Stages", ""]
    for stage in recipe.stages:
        facts = record["stages"].get(stage.name)
        if facts is None:
            continue
        more = facts.get("seconds of folds")
        folds = "" if more is None else f", {more / 60:.0f} more for the folds"
        lines += [
            f"### {stage.name}",
            "",
            f"{stage.supervision} labels, unit: {stage.unit}, "
            f"{facts['counts']['training examples']} training examples, {facts['steps']} steps in "
            f"{facts['seconds'] / 60:.0f} minutes on {record['device']}{folds}; "
            f"{_kept(stage, facts)}.",
            "",
        ]
        for name, figures in (
            ("out of fold" if stage.folds else "validation", facts["validation"]),
            *((f"silver labels, {key}", value) for key, value in facts.get("fidelity", {}).items()),
        ):
            if figures:
                lines += [*_table(name, figures, schema), ""]
    if "calibration" in record:
        fitted = record["calibration"]
        lines += [
            "## Calibration",
            "",
            "One temperature an observation; mean expected calibration error of positive on "
            f"{fitted['reports']} {'out-of-fold' if recipe.stages[-1].folds else 'validation'} "
            f"reports: {fitted['mean_error_before']:.4f} before, "
            f"{fitted['mean_error_after']:.4f} after.",
            "",
        ]
    lines += [
        "## Limits",
        "",
        "The figures say how the model does on reports like those it was trained on. Other "
        "hospitals write other reports: measure it on your own before you rely on it. It labels "
        "text for research; it is no medical device and says nothing about an image.",
        "",
    ]
    return "\n".join(lines)


def _kept(stage: Stage, facts: dict[str, Any]) -> str:
    if stage.folds:
        return (
            f"on all reports; the figures are those of {stage.folds} models, each of which was "
            "trained without the reports that it was measured on"
        )
    return f"the checkpoint of step {facts['best step']} was kept ({stage.metric})"


def _table(name: str, figures: dict[str, Any], schema: Schema) -> list[str]:
    rows = [
        f"| {observation} | {_number(kappa)} | {_number(f1)} |"
        for observation, kappa, f1 in zip(
            schema.names, figures["kappa"], figures["f1"], strict=True
        )
    ]
    return [
        f"On {figures['reports']} texts ({name}): mean kappa {_number(figures['mean_kappa'])}, "
        f"macro F1 {_number(figures['macro_f1'])}, micro F1 {_number(figures['micro_f1'])}.",
        "",
        "| observation | kappa | F1 of positive |",
        "|---|---|---|",
        *rows,
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
