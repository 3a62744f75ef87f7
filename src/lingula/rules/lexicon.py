"""Rule files: reading, checking and combining them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from lingula.errors import LexiconError, LingulaError
from lingula.labels import Label, Observation, Schema
from lingula.rules.lexicon_model import (
    OTHER_FINDING,
    Category,
    Cue,
    Direction,
    Example,
    Lexicon,
    Mention,
)
from lingula.rules.patterns import expand
from lingula.schemas import load_schema, schema_from_dict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "lexicon"

_TOP_KEYS = {"extends", "replace", "remove", "schema", "observation", "mention", "cue"}
_WORD_KEYS = {"boundaries", "starters", "verbs"}
_MENTION_KEYS = {
    "name", "observation", "source", "phrases", "not_in", "not_with", "only_with", "structure",
    "unstated", "unchanged", "borderline", "implies", "examples",
}  # fmt: skip
_CUE_KEYS = {
    "name", "category", "direction", "source", "phrases", "reach", "stops", "only", "excludes",
    "examples",
}  # fmt: skip
_DEFAULT_REACH = 40


def shipped_lexicons() -> tuple[str, ...]:
    """Names of the lexicons inside the package."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))


@lru_cache(maxsize=8)
def load_lexicon(name: str | Path) -> Lexicon:
    """A lexicon by its name, or from a user's TOML file.

    A user's file adds ``[[mention]]``, ``[[cue]]`` and ``[[observation]]`` tables to the lexicon
    named by ``extends`` ("chexpert14" if not given, "" for none); an entry of the same name takes
    the place of the one that ships, and ``remove`` lists names to leave out.

    Raises:
        LexiconError: If the file is missing or malformed; the message names the file, the entry
            and the cure.
    """
    if str(name) in shipped_lexicons():
        return _shipped(str(name))
    path = Path(name)
    if not path.is_file():
        raise LexiconError(
            f"there is no lexicon {str(name)!r}: name one of {', '.join(shipped_lexicons())}, "
            "or a .toml file"
        )
    data = _parse(path)
    unknown = sorted(set(data) - _TOP_KEYS - _WORD_KEYS)
    if unknown:
        raise LexiconError(
            f"{path}: unknown key {unknown[0]!r}; known are "
            f"{', '.join(sorted(_TOP_KEYS | _WORD_KEYS))}"
        )
    base = data.get("extends", "chexpert14")
    if base and base not in shipped_lexicons():
        raise LexiconError(
            f"{path}: extends = {base!r} is no lexicon; there are {', '.join(shipped_lexicons())}"
        )
    digest = hashlib.sha256(path.read_bytes())
    start = _shipped(base) if base else _empty(data, path)
    digest.update(start.digest.encode())
    return _merge(start, data, str(path), digest.hexdigest())


@lru_cache(maxsize=8)
def _shipped(name: str) -> Lexicon:
    # Cues are shared by all lexicons; a lexicon's folder holds its mentions.
    files = [*sorted((FOLDER / name).glob("*.toml")), *sorted(FOLDER.glob("*.toml"))]
    digest = hashlib.sha256()
    lexicon = Lexicon(load_schema(name), (), (), (), (), (), "")
    for file in files:
        digest.update(file.read_bytes())
        lexicon = _merge(lexicon, _parse(file), file.name, digest.hexdigest())
    return lexicon


def _empty(data: dict[str, Any], path: Path) -> Lexicon:
    """A lexicon without mentions: the shared cues, and a schema of the file's own observations."""
    if not data.get("observation"):
        raise LexiconError(f'{path}: with extends = "" the file needs [[observation]] tables')
    shared = _shipped("chexpert14")
    schema = schema_from_dict(
        {"name": path.stem, "observation": data.pop("observation")}, where=str(path)
    )
    return replace(shared, schema=schema, mentions=())


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path}: not a TOML file in UTF-8: {error}") from None


def _merge(base: Lexicon, data: dict[str, Any], where: str, digest: str) -> Lexicon:
    schema = base.schema
    if data.get("observation"):
        added = schema_from_dict({"name": "added", "observation": data["observation"]}, where)
        schema = _extended(schema, added.observations, where)
    mentions = {mention.name: mention for mention in base.mentions}
    cues = {cue.name: cue for cue in base.cues}
    for name in _texts(data, "remove", where):
        if name not in mentions and name not in cues:
            raise LexiconError(f"{where}: remove: there is no entry {name!r}")
        mentions.pop(name, None)
        cues.pop(name, None)
    for position, entry in enumerate(_tables(data, "mention", where), start=1):
        at = _place(entry, "mention", position, where)
        mention = _mention(entry, at, schema)
        mentions[mention.name] = mention
    for position, entry in enumerate(_tables(data, "cue", where), start=1):
        at = _place(entry, "cue", position, where)
        cue = _cue(entry, at)
        cues[cue.name] = cue
    lexicon = Lexicon(
        schema=schema,
        mentions=tuple(mentions.values()),
        cues=tuple(cues.values()),
        boundaries=(*base.boundaries, *_phrases(data, "boundaries", where)),
        starters=(*base.starters, *_phrases(data, "starters", where)),
        verbs=(*base.verbs, *_phrases(data, "verbs", where)),
        digest=digest,
    )
    both = sorted(set(mentions) & set(cues))
    if both:
        raise LexiconError(f"{where}: {both[0]!r} names a mention and a cue; rename one")
    return lexicon


def _extended(schema: Schema, added: Sequence[Observation], where: str) -> Schema:
    try:
        return Schema(f"{schema.name}+", (*schema.observations, *added))
    except LingulaError as error:
        raise LexiconError(f"{where}: {error}") from None


def _mention(entry: dict[str, Any], at: str, schema: Schema) -> Mention:
    _check_keys(entry, _MENTION_KEYS, at)
    observation = _text(entry, "observation", at)
    if observation != OTHER_FINDING and observation not in schema.names:
        raise LexiconError(
            f"{at}: {observation!r} is no observation; it must be one of "
            f"{', '.join(schema.names)}, {OTHER_FINDING!r}, or one added with [[observation]]"
        )
    return Mention(
        name=entry["name"],
        observation=observation,
        source=_text(entry, "source", at),
        phrases=_phrases(entry, "phrases", at, needed=True),
        not_in=_phrases(entry, "not_in", at),
        not_with=_phrases(entry, "not_with", at),
        only_with=_phrases(entry, "only_with", at),
        structure=bool(entry.get("structure", False)),
        unstated=_label(entry.get("unstated", "blank"), f"{at}: unstated"),
        unchanged=_label(entry.get("unchanged", "uncertain"), f"{at}: unchanged"),
        borderline=_label(entry.get("borderline", "uncertain"), f"{at}: borderline"),
        implies=_label(entry["implies"], f"{at}: implies") if "implies" in entry else None,
        examples=_examples(entry, at, observation),
    )


def _cue(entry: dict[str, Any], at: str) -> Cue:
    _check_keys(entry, _CUE_KEYS, at)
    reach = entry.get("reach", _DEFAULT_REACH)
    if not isinstance(reach, int) or reach < 0:
        raise LexiconError(f"{at}: reach must be a whole number of tokens, 0 or more")
    return Cue(
        name=entry["name"],
        category=_choice(Category, entry, "category", at),
        direction=_choice(Direction, entry, "direction", at),
        source=_text(entry, "source", at),
        phrases=_phrases(entry, "phrases", at, needed=True),
        reach=reach,
        stops=_phrases(entry, "stops", at),
        only=_texts(entry, "only", at),
        excludes=_texts(entry, "excludes", at),
        examples=_examples(entry, at, None),
    )


def _examples(entry: dict[str, Any], at: str, observation: str | None) -> tuple[Example, ...]:
    found = []
    for position, item in enumerate(entry.get("examples", ()), start=1):
        where = f"{at}: example {position}"
        size = 2 if observation else 3
        if not isinstance(item, list) or not (2 <= len(item) <= 3) or len(item) < size:
            needed = "[label, sentence]" if observation else "[label, observation, sentence]"
            raise LexiconError(f"{where}: must be {needed}, all texts")
        if not all(isinstance(part, str) for part in item):
            raise LexiconError(f"{where}: all parts must be texts")
        name = item[1] if len(item) == 3 else str(observation)
        found.append(Example(item[-1], name, _label(item[0], where)))
    return tuple(found)


def _place(entry: Any, kind: str, position: int, where: str) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise LexiconError(f'{where}: {kind} {position} needs name = "..."')
    return f"{where}: {kind} {position} ({entry['name']})"


def _check_keys(entry: dict[str, Any], known: set[str], at: str) -> None:
    unknown = sorted(set(entry) - known)
    if unknown:
        raise LexiconError(
            f"{at}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )


def _tables(data: dict[str, Any], key: str, where: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise LexiconError(f"{where}: write [[{key}]] tables")
    return value


def _texts(entry: dict[str, Any], key: str, at: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise LexiconError(f"{at}: {key} must be a list of texts")
    return tuple(value)


def _phrases(
    entry: dict[str, Any], key: str, at: str, *, needed: bool = False
) -> tuple[str, ...]:
    patterns = _texts(entry, key, at)
    if needed and not patterns:
        raise LexiconError(f"{at}: needs {key} = [\"...\"]")
    try:
        return tuple(dict.fromkeys(phrase for item in patterns for phrase in expand(item)))
    except ValueError as error:
        raise LexiconError(f"{at}: {key}: {error}") from None


def _text(entry: dict[str, Any], key: str, at: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise LexiconError(f'{at}: needs {key} = "..."')
    return value


def _label(value: Any, at: str) -> Label:
    try:
        return Label[str(value).upper()]
    except KeyError:
        raise LexiconError(
            f"{at}: {value!r} is no label; labels are blank, positive, negative, uncertain"
        ) from None


def _choice(kind: Any, entry: dict[str, Any], key: str, at: str) -> Any:
    try:
        return kind(entry.get(key))
    except ValueError:
        raise LexiconError(
            f"{at}: {key} must be one of {', '.join(item.value for item in kind)}"
        ) from None
