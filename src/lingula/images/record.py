"""``run.json`` and the model card of a run of image models."""

from __future__ import annotations

import platform
import time
from collections import Counter
from importlib.metadata import version
from typing import Any

from lingula.images.film_set import Films
from lingula.images.prepare import Prepared
from lingula.images.recipe import ImageRecipe
from lingula.images.scoring import ValidationFilms
from lingula.labels import Label

PACKAGES = ("lingula", "torch", "monai", "accelerate", "numpy", "pillow", "pydicom")

_BLANK = {
    "negative": "a blank label counts as negative, in training and in every figure",
    "masked": "a blank label is left out of the loss and of every figure",
}
_POLICY = {
    "ignore": "uncertain labels are left out of the loss",
    "zeros": "uncertain labels count as negative",
    "ones": "uncertain labels count as positive",
    "ones-lsr": "uncertain labels count as positive to a degree, drawn from 0.55 to 0.85",
    "multiclass": "uncertain is a third class; the score is positive against negative",
    "self-trained": "uncertain labels are left out first, then are what that model says of them",
}


def begin_record(
    recipe: ImageRecipe, data: Prepared, valid: ValidationFilms, device: str
) -> dict[str, Any]:
    """What ``run.json`` holds before the first seed is trained; plain values."""
    return {
        "name": recipe.name,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "device": device,
        "precision": recipe.training.precision,
        "policy": f"{recipe.policy}: {_POLICY[recipe.policy]}",
        "blank": f"{recipe.blank}: {_BLANK[recipe.blank]}",
        "loss": recipe.training.loss,
        "class weights": recipe.training.class_weights,
        "hierarchy": recipe.hierarchy,
        "views": recipe.views,
        "studies": f"{recipe.studies} over the views of a study",
        "observations": list(data.schema.names),
        "chosen by": [valid.names[at] for at in valid.chosen],
        "no AUROC in validation": list(valid.undefined),
        "train": _side(data.train.films),
        "validation": _side(data.valid.films),
        "broken pictures": len(data.broken),
        "narrow gray range": data.narrow,
        "clipped": data.clipped,
        "notes": list(data.notes),
        "seeds": {},
    }


def model_card(record: dict[str, Any]) -> str:
    """The card of a run's model, as Markdown (after Mitchell et al., 2019)."""
    lines = [
        f"# {record['name']}",
        "",
        "A model of chest films, trained by Lingula "
        f"{record['versions']['lingula']} on {record['device']} ({record['precision']}). "
        "It is for research; nobody has tried it on patients.",
        "",
        f"- Policy: {record['policy']}.",
        f"- Blank: {record['blank']}.",
        f"- Views: {record['views']}; studies: {record['studies']}.",
        f"- Checkpoints are chosen by the mean AUROC of {', '.join(record['chosen by'])}.",
        "",
        "## Data",
        "",
        "| part | table | films | patients | studies |",
        "|---|---|--:|--:|--:|",
    ]
    for name in ("train", "validation"):
        side = record[name]
        lines.append(
            f"| {name} | {side['table']} | {side['films']:,} | {side['patients']:,} "
            f"| {side['studies']:,} |"
        )
    lines += [
        "",
        "| observation | positive | negative | uncertain | blank |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, counts in record["train"]["labels"].items():
        lines.append(f"| {name} | " + " | ".join(f"{counts[key]:,}" for key in _ORDER) + " |")
    lines += ["", "## Figures on the validation films", ""]
    lines += [
        "Chosen on these films, so too high for others; measure the model on films that it has "
        "not seen with `lingula evaluate`.",
        "",
        "| seed | members | mean AUROC | steps | minutes |",
        "|--:|--:|--:|--:|--:|",
    ]
    for seed, facts in record["seeds"].items():
        best = facts["best"] or {}
        lines.append(
            f"| {seed} | {facts['members']} | {best.get('mean auroc', float('nan')):.3f} "
            f"| {facts['steps']:,} | {facts['seconds'] / 60:.1f} |"
        )
    return "\n".join([*lines, *_remarks(record)]) + "\n"


_ORDER = ("positive", "negative", "uncertain", "blank")


def _remarks(record: dict[str, Any]) -> list[str]:
    out = ["", "## To know", ""]
    if record["no AUROC in validation"]:
        names = ", ".join(record["no AUROC in validation"])
        out.append(f"- No AUROC in validation, for one class only occurs there: {names}.")
    out.append(
        f"- {record['narrow gray range']:,} images have a narrow gray range, {record['clipped']:,} "
        f"are clipped, {record['broken pictures']:,} could not be read."
    )
    out += [f"- {note}" for note in record["notes"]]
    out.append("- Labels of films are often mined from reports, which do not say all that is seen.")
    return out


def _side(films: Films) -> dict[str, Any]:
    classes = films.classes
    names = () if films.labels is None else films.labels.schema.names
    return {
        "table": films.source.rpartition("/")[2],
        "films": len(films),
        "patients": len(set(films.patients) - {""}),
        "studies": len(set(films.studies)),
        "views": dict(Counter(view or "unknown" for view in films.views)),
        "labels": {
            name: {
                label.name.lower(): int((classes[:, column] == label).sum())
                for label in (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN, Label.BLANK)
            }
            for column, name in enumerate(names)
        },
    }
