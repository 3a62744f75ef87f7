"""Recipes of mention models: what is trained, on what, and how it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lingula.errors import RecipeError
from lingula.training.mentions.fit import FitOptions
from lingula.training.mentions.joint import JointOptions
from lingula.training.mentions.network import MentionBackbone

#: What a recipe's ``kind`` says if it is one of these.
KIND = "mentions"


@dataclass(frozen=True)
class MentionRecipe:
    """All choices of a mention model.

    Attributes:
        name: Of the recipe.
        synthetic: Wheel or folder of .txt reports that the rules label; none if empty.
        openi: Wheel of torchxrayvision or Open-i's archive. The human coding of its development
            reports then tells how sure chances are; no label is learned from it. None if empty.
        backbone: The encoder.
        fit: The loop.
        copies: Sentences drawn from each frame in an epoch.
        perturbed: Share of the stretches of words that are written in another way.
        joint: How trust in rules and model is fitted.
        folds: Groups of styles; each is judged by a model that saw none of them. With 0 none is.
        by_rules: Share of the sentences that the rules label, drawn anew in each epoch.
        seed: Of everything.
        threads: Of torch, in each process.
        processes: How many of the trainings go on at once; the result is the same.
        fold_epochs: Passes of the trainings that leave styles out.
    """

    name: str
    synthetic: str = ""
    openi: str = ""
    backbone: MentionBackbone = field(default_factory=MentionBackbone)
    fit: FitOptions = field(default_factory=FitOptions)
    copies: int = 3
    perturbed: float = 0.5
    by_rules: float = 0.5
    joint: JointOptions = field(default_factory=JointOptions)
    folds: int = 2
    seed: int = 1
    threads: int = 1
    processes: int = 1
    fold_epochs: int = 4

    def with_inputs(self, paths: Mapping[str, Path]) -> MentionRecipe:
        """The recipe with the paths of its inputs.

        Raises:
            RecipeError: If it has no input of a name.
        """
        known = {"synthetic", "minilm-l6", "openi"}
        if unknown := sorted(set(paths) - known):
            raise RecipeError(
                f"the recipe {self.name!r} has no input {unknown[0]!r}; it has "
                f"{', '.join(sorted(known))}"
            )
        made = self
        if "synthetic" in paths:
            made = replace(made, synthetic=str(paths["synthetic"]))
        if "openi" in paths:
            made = replace(made, openi=str(paths["openi"]))
        if "minilm-l6" in paths:
            made = replace(made, backbone=replace(made.backbone, path=str(paths["minilm-l6"])))
        return made


def mention_recipe(data: Mapping[str, Any], where: str) -> MentionRecipe:
    """A recipe from parsed TOML or JSON.

    Raises:
        RecipeError: If an entry is unknown, missing, or of the wrong kind.
    """
    from lingula.training.recipe_files import build

    made = {name: value for name, value in data.items() if name != "kind"}
    made["backbone"] = build(MentionBackbone, made.get("backbone", {}), f"{where}: backbone")
    made["fit"] = build(FitOptions, made.get("fit", {}), f"{where}: fit")
    made["joint"] = build(JointOptions, made.get("joint", {}), f"{where}: joint")
    recipe = build(MentionRecipe, made, where)
    if recipe.folds < 0 or recipe.folds == 1:
        raise RecipeError(f"{where}: folds must be 2 or more, or 0 to judge no left-out styles")
    return recipe
