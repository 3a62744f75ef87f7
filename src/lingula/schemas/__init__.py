"""Schemas as data: those that ship, and a user's own TOML file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from lingula.errors import SchemaError
from lingula.labels import Label, Observation, Schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent
#: Keys by which a rule file is known from a schema.
_LEXICON_KEYS = frozenset({"extends", "mention", "cue", "take", "remove"})
OBSERVATION_KEYS = frozenset({"name", "labels", "aliases", "parents"})

#: CheXbert's observations in the order of its heads and of ``labeled_reports.csv``
#: (Smit et al., EMNLP 2020); CheXpert's tables have them in the order of ``chexpert14``.
CHEXBERT_ORDER: tuple[str, ...] = (
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
    "No Finding",
)


def shipped_schemas() -> tuple[str, ...]:
    """Names of the schemas inside the package."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_schema(name: str | Path) -> Schema:
    """A schema by its name, or from a TOML file.

    The file holds ``name`` and one ``[[observation]]`` table a column with ``name`` and, if wanted,
    ``labels`` (some of blank, positive, negative, uncertain), ``aliases`` and ``parents``. A rule
    file is taken too: its observations are those of the lexicon that it extends, and its own.

    Raises:
        SchemaError: If there is no such schema, or the file is malformed; the message names the
            file, the entry and the cure.
    """
    if str(name) in shipped_schemas():
        return _read(FOLDER / f"{name}.toml")
    path = Path(name)
    if path.suffix != ".toml" or not path.is_file():
        raise SchemaError(
            f"there is no schema {str(name)!r}: name one of {', '.join(shipped_schemas())}, "
            "or a .toml file"
        )
    return _read(path)


def is_lexicon_file(name: str | Path) -> bool:
    """Whether a path is a rule file, which has a schema of its own.

    Raises:
        SchemaError: If it is a .toml file that cannot be read.
    """
    path = Path(name)
    if str(name) in shipped_schemas() or path.suffix != ".toml" or not path.is_file():
        return False
    return not _LEXICON_KEYS.isdisjoint(_parse(path))


def _parse(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SchemaError(f"{path}: not a TOML file in UTF-8: {error}") from None
    return data


def _read(path: Path) -> Schema:
    data = _parse(path)
    if _LEXICON_KEYS.isdisjoint(data):
        return schema_from_dict(data, where=str(path))
    return _lexicon_schema(data, path)


def _lexicon_schema(data: dict[str, Any], path: Path) -> Schema:
    """The observations of a rule file: those of the lexicon that it extends, and its own."""
    base = data.get("extends", "chexpert14")
    own = data.get("observation")
    if base and base not in shipped_schemas():
        raise SchemaError(
            f"{path}: extends = {base!r} is no schema; there are {', '.join(shipped_schemas())}"
        )
    if not base:
        return schema_from_dict({"name": path.stem, "observation": own}, where=str(path))
    schema = load_schema(base)
    if not own:
        return schema
    added = schema_from_dict({"name": "added", "observation": own}, where=str(path))
    return Schema(f"{schema.name}+", (*schema.observations, *added.observations))


def schema_from_dict(data: dict[str, Any], where: str) -> Schema:
    """A schema from parsed TOML or JSON; ``where`` names the source in errors.

    Raises:
        SchemaError: If an entry is malformed.
    """
    entries = data.get("observation")
    if not isinstance(data.get("name"), str) or not isinstance(entries, list) or not entries:
        raise SchemaError(f'{where}: a schema needs name = "..." and [[observation]] tables')
    return Schema(
        data["name"],
        tuple(
            _observation(entry, f"{where}: observation {position}")
            for position, entry in enumerate(entries, start=1)
        ),
    )


def schema_to_dict(schema: Schema) -> dict[str, Any]:
    """The inverse of ``schema_from_dict``: plain values that JSON and TOML can hold."""
    return {
        "name": schema.name,
        "observation": [
            {
                "name": item.name,
                "labels": [label.name.lower() for label in item.labels],
                "aliases": list(item.aliases),
                "parents": list(item.parents),
            }
            for item in schema.observations
        ],
    }


def _observation(entry: Any, where: str) -> Observation:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise SchemaError(f'{where}: needs name = "..."')
    where = f"{where} ({entry['name']})"
    unknown = sorted(set(entry) - OBSERVATION_KEYS)
    if unknown:
        raise SchemaError(
            f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(OBSERVATION_KEYS))}"
        )
    for key in ("labels", "aliases", "parents"):
        value = entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SchemaError(f"{where}: {key} must be a list of texts")
    try:
        chosen = {Label[item.upper()] for item in entry.get("labels", [x.name for x in Label])}
    except KeyError as error:
        raise SchemaError(
            f"{where}: {str(error.args[0]).lower()!r} is no label; "
            "labels are blank, positive, negative, uncertain"
        ) from None
    return Observation(
        name=entry["name"],
        labels=tuple(sorted(chosen | {Label.BLANK})),
        aliases=tuple(entry.get("aliases", ())),
        parents=tuple(entry.get("parents", ())),
    )
