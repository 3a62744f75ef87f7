"""Studies: one recipe in several variants, measured on the same reports, as a table.

A study is a TOML file:

    name = "weightings"
    recipe = "builtin"              # the base: a shipped recipe or a file beside the study

    [[variants]]
    name = "focal"
    drop_stages = []                # names of stages that are left out
    [variants.backbone]             # entries in place of the base's
    [variants.stages.silver]        # entries of one stage in place of the base's
    focal_gamma = 2.0
"""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from lingula.errors import RecipeError
from lingula.loading import load
from lingula.schemas import load_schema, shipped_schemas
from lingula.training.data.examples import Examples
from lingula.training.data.prepare import read_parts, stage_data
from lingula.training.data.silver import SilverLabels
from lingula.training.model.scoring import Figures, score
from lingula.training.recipe import Recipe
from lingula.training.recipe_files import load_recipe, recipe_from_dict, recipe_to_dict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STUDIES = Path(__file__).parent / "studies"

VARIANT_KEYS = frozenset({"name", "drop_stages", "backbone", "stages"})


@dataclass(frozen=True)
class Study:
    """Variants of one recipe.

    Attributes:
        name: The study's name.
        base: The recipe whose last stage's validation part measures every variant.
        variants: Recipes by name, in order.
    """

    name: str
    base: Recipe
    variants: dict[str, Recipe]


@dataclass(frozen=True)
class StudyRow:
    """One variant's result.

    Attributes:
        name: Of the variant.
        figures: On the base recipe's last validation part.
        examples: Training examples over all stages.
        seconds: Of training, over all stages.
        fidelity: Agreement with the silver labels after the last silver stage, on reports that are
            new to the model: mean and smallest kappa over observations; None without such a stage.
    """

    name: str
    figures: Figures
    examples: int
    seconds: float
    fidelity: tuple[float, float] | None = None


def shipped_studies() -> tuple[str, ...]:
    """Names of the studies inside the package."""
    return tuple(sorted(path.stem for path in STUDIES.glob("*.toml")))


def load_study(name: str | Path, inputs: Mapping[str, Path]) -> Study:
    """A study by its name, or from a TOML file.

    Args:
        name: Of a study that ships, or a file.
        inputs: Paths of the base recipe's sources and encoder, by name.

    Raises:
        RecipeError: If there is no such study, or an entry is wrong.
    """
    path = STUDIES / f"{name}.toml" if str(name) in shipped_studies() else Path(name)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise RecipeError(
            f"there is no study {str(name)!r}: name one of {', '.join(shipped_studies())}, "
            "or a .toml file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file in UTF-8: {error}") from None
    if not isinstance(data.get("recipe"), str) or not isinstance(data.get("variants"), list):
        raise RecipeError(f'{path}: a study needs recipe = "..." and [[variants]] tables')
    beside = path.parent / data["recipe"]
    base = load_recipe(beside if beside.is_file() else data["recipe"]).with_inputs(inputs)
    variants: dict[str, Recipe] = {}
    for position, entry in enumerate(data["variants"], start=1):
        where = f"{path}: variants {position}"
        made = _variant(base, entry, where)
        if entry["name"] in variants:
            raise RecipeError(f"{where}: the name {entry['name']!r} occurs twice")
        variants[entry["name"]] = made
    return Study(str(data.get("name", path.stem)), base, variants)


def _variant(base: Recipe, entry: Any, where: str) -> Recipe:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise RecipeError(f'{where}: needs name = "..."')
    if unknown := sorted(set(entry) - VARIANT_KEYS):
        raise RecipeError(
            f"{where}: unknown entry {unknown[0]!r}; known are {', '.join(sorted(VARIANT_KEYS))}"
        )
    data = recipe_to_dict(base)
    dropped = entry.get("drop_stages", [])
    changes = entry.get("stages", {})
    names = {stage["name"] for stage in data["stages"]}
    if wrong := sorted((set(dropped) | set(changes)) - names):
        raise RecipeError(f"{where}: the base recipe has no stage {wrong[0]!r}")
    if any("folds" in change for change in changes.values()):
        raise RecipeError(
            f"{where}: a study measures on the validation part, which a stage with folds learns "
            "from; leave out folds"
        )
    data["backbone"] = {**data["backbone"], **entry.get("backbone", {})}
    data["stages"] = [
        {**stage, "folds": 0, **changes.get(stage["name"], {})}
        for stage in data["stages"]
        if stage["name"] not in dropped
    ]
    data["name"] = entry["name"]
    return recipe_from_dict(data, where=where, folder=base.folder)


def run_study(
    study: Study,
    folder: Path,
    train: Callable[[Recipe, Path], tuple[Path, int, float]],
) -> list[StudyRow]:
    """Train every variant that is not yet trained, and measure all of them.

    Stages with which a variant begins just as an earlier one did are copied from that, since they
    would be trained to the same weights.

    Args:
        study: The variants.
        folder: Each variant gets a run folder in it.
        train: Called with recipe and run folder; gives the model folder, the number of training
            examples and the seconds.
    """
    truth = _truth(study.base)
    rows: list[StudyRow] = []
    for name, recipe in study.variants.items():
        if not (folder / name).exists():
            _copy_stages(
                recipe, folder / name, {row.name: study.variants[row.name] for row in rows}
            )
        model, examples, seconds = train(recipe, folder / name)
        predicted = load(model).label(truth.texts).classes
        schema = load_schema(_schema(study.base))
        observations = study.base.stages[-1].metric_observations
        figures = score(truth, predicted, schema, observations)
        rows.append(StudyRow(name, figures, examples, seconds, _fidelity(recipe, folder / name)))
    return rows


def _copy_stages(recipe: Recipe, target: Path, earlier: Mapping[str, Recipe]) -> None:
    """Take over the stages with which the most alike of the earlier variants begins as well."""
    shared = {name: _common_stages(recipe, other) for name, other in earlier.items()}
    name = max(shared, key=lambda name: len(shared[name]), default=None)
    if name is None or not shared[name]:
        return
    source = target.parent / name
    record = json.loads((source / "run.json").read_text(encoding="utf-8"))
    record["stages"] = {stage: record["stages"][stage] for stage in shared[name]}
    beside = target.with_name(f".{target.name}")
    shutil.rmtree(beside, ignore_errors=True)
    for stage in shared[name]:
        shutil.copytree(source / stage, beside / stage)
    (beside / "run.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    beside.replace(target)


def _common_stages(one: Recipe, other: Recipe) -> list[str]:
    """Names of the stages that both begin with, all else being equal."""
    first, second = recipe_to_dict(one), recipe_to_dict(other)
    stages = list(zip(first.pop("stages"), second.pop("stages"), strict=False))
    del first["name"], second["name"]
    alike = first == second
    common = takewhile(lambda pair: alike and pair[0] == pair[1], stages)
    return [stage["name"] for stage, _ in common]


def _fidelity(recipe: Recipe, folder: Path) -> tuple[float, float] | None:
    names = [stage.name for stage in recipe.stages if stage.supervision == "silver"]
    if not names:
        return None
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    figures = record["stages"][names[-1]]["fidelity"].get("reports")
    if figures is None:
        return None
    defined = [kappa for kappa in figures["kappa"] if kappa is not None]
    return figures["mean_kappa"], min(defined, default=math.nan)


def study_table(study: Study, rows: list[StudyRow]) -> str:
    """The results as a Markdown table."""
    reports = rows[0].figures.reports if rows else 0
    lines = [
        f"# {study.name}",
        "",
        f"On {reports} validation reports of the recipe {study.base.name!r}.",
        "",
        "| variant | mean kappa | macro F1 | micro F1 | kappa to silver labels, before experts: "
        "mean, smallest | training examples | minutes |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.figures.mean_kappa:.3f} | {row.figures.macro_f1:.3f} | "
        f"{row.figures.micro_f1:.3f} | {_pair(row.fidelity)} | {row.examples} | "
        f"{row.seconds / 60:.1f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _pair(values: tuple[float, float] | None) -> str:
    return "" if values is None else f"{values[0]:.3f}, {values[1]:.3f}"


def _truth(base: Recipe) -> Examples:
    schema = load_schema(_schema(base))
    silver = SilverLabels(load(base.labeler), schema)
    data = stage_data(
        read_parts(base, schema), base.stages[-1], silver, seed=base.seed, folder=base.folder
    )
    if not len(data.validation) or not np.any(data.validation.targets()):
        raise RecipeError("the base recipe's last stage has no labeled validation reports")
    return data.validation


def _schema(recipe: Recipe) -> str | Path:
    return recipe.schema if recipe.schema in shipped_schemas() else recipe.folder / recipe.schema
