"""Recipes as files: TOML that people write, JSON that a run folder keeps."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from lingula.errors import RecipeError
from lingula.training.recipe import Backbone, Recipe, Source, Split, Stage

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPES = Path(__file__).parent / "recipes"

T = TypeVar("T")


def shipped_recipes(folder: Path = RECIPES) -> tuple[str, ...]:
    """Names of the recipes inside the package."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_recipe(name: str | Path) -> Recipe:
    """A recipe by its name, from a TOML file, or from a run folder's ``recipe.json``.

    Raises:
        RecipeError: If there is no such recipe, an entry is wrong (the message names it), or it is
            a recipe of a mention model.
    """
    path, data = read_recipe(name)
    if "kind" in data:
        raise RecipeError(
            f"{path}: kind = {data['kind']!r}: a recipe of a mention model has no stages to vary"
        )
    return recipe_from_dict(data, where=str(path), folder=path.resolve().parent)


def read_recipe(name: str | Path, folder: Path = RECIPES) -> tuple[Path, dict[str, Any]]:
    """File and table of a recipe of any kind, unchecked.

    Args:
        name: Of a shipped recipe, or a file.
        folder: Where the shipped ones are.

    Raises:
        RecipeError: If there is no such recipe, or it is no table.
    """
    shipped = shipped_recipes(folder)
    path = folder / f"{name}.toml" if str(name) in shipped else Path(name)
    try:
        content = path.read_text(encoding="utf-8")
        data = json.loads(content) if path.suffix == ".json" else tomllib.loads(content)
    except OSError:
        raise RecipeError(
            f"there is no recipe {str(name)!r}: name one of {', '.join(shipped)}, or a .toml file"
        ) from None
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file in UTF-8: {error}") from None
    if not isinstance(data, dict):
        raise RecipeError(f"{path}: holds no table")
    return path, data


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    """The inverse of ``recipe_from_dict``: plain values that JSON can hold, paths made absolute."""
    data: dict[str, Any] = json.loads(json.dumps(asdict(recipe), default=str))
    del data["folder"]
    for entry in data["sources"]:
        if entry["path"]:
            entry["path"] = str((recipe.folder / entry["path"]).resolve())
    return data


def recipe_from_dict(data: Mapping[str, Any], *, where: str, folder: Path = Path()) -> Recipe:
    """A recipe from parsed TOML or JSON.

    Raises:
        RecipeError: If an entry is unknown, missing, or of the wrong kind.
    """
    made = dict(data)
    if not isinstance(made.get("backbone"), dict):
        raise RecipeError(f"{where}: needs a [backbone] table")
    made["backbone"] = build(Backbone, made["backbone"], f"{where}: backbone")
    made["split"] = build(Split, made.get("split", {}), f"{where}: split")
    for key, kind in (("sources", Source), ("stages", Stage)):
        entries = made.get(key)
        if not isinstance(entries, list):
            raise RecipeError(f"{where}: needs [[{key}]] tables")
        made[key] = [
            build(kind, entry, f"{where}: {key} {position}")
            for position, entry in enumerate(entries, start=1)
        ]
    try:
        return build(Recipe, {**made, "folder": folder}, where)
    except RecipeError as error:
        message = str(error)
        raise RecipeError(message if message.startswith(where) else f"{where}: {message}") from None


def build(kind: type[T], entry: Any, where: str) -> T:
    """A dataclass from a table, each value checked against the field's type."""
    if not isinstance(entry, Mapping):
        raise RecipeError(f"{where}: must be a table")
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(entry) - set(known)):
        raise RecipeError(
            f"{where}: unknown entry {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
    for name, item in known.items():
        needed = item.default is MISSING and item.default_factory is MISSING
        if needed and name not in entry:
            raise RecipeError(f"{where}: needs the entry {name!r}")
    return kind(
        **{name: _value(value, hints[name], f"{where}: {name}") for name, value in entry.items()}
    )


def _value(value: Any, hint: Any, where: str) -> Any:
    if choices := get_args(hint):
        if choices[-1] is Ellipsis:
            if not isinstance(value, (list, tuple)):
                raise RecipeError(f"{where}: must be a list")
            return tuple(_value(item, choices[0], where) for item in value)
        if value not in choices:
            listed = ", ".join(repr(item) for item in choices)
            raise RecipeError(f"{where}: {value!r} is not known; known are {listed}")
        return value
    if isinstance(hint, type) and is_dataclass(hint):
        return value if isinstance(value, hint) else build(hint, value, where)
    if hint is float and type(value) is int:
        return float(value)
    if not isinstance(value, hint) or (hint in (int, float) and isinstance(value, bool)):
        raise RecipeError(f"{where}: must be {hint.__name__}, not {value!r}")
    return value
