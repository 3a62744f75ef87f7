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
from lingula.labels import Observation, Schema
from lingula.rules.lexicon_entries import (
    read_cue,
    read_header,
    read_mention,
    read_phrases,
    read_place,
    read_tables,
    read_texts,
)
from lingula.rules.lexicon_model import Lexicon, Mention
from lingula.schemas import load_schema, schema_from_dict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "lexicon"

_TOP_KEYS = {"extends", "remove", "take", "observation", "mention", "cue", "header"}
_WORD_KEYS = {"boundaries", "starters", "verbs", "predicates"}


def shipped_lexicons() -> tuple[str, ...]:
    """Names of the lexicons inside the package."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))


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
    lexicon = _merge(start, data, str(path), digest.hexdigest())
    _check_targets(lexicon, data, path)
    return lexicon


def own_rules(name: str | Path) -> frozenset[str] | None:
    """Names of the mentions and cues that a user's file holds itself; None for a shipped lexicon.

    Raises:
        LexiconError: If the file is not TOML.
    """
    if str(name) in shipped_lexicons():
        return None
    data = _parse(Path(name))
    entries = [*data.get("mention", ()), *data.get("cue", ())]
    taken = [name for entry in data.get("take", ()) for name in entry.get("mentions", ())]
    return frozenset([*(entry["name"] for entry in entries), *taken])


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
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path}: not a TOML file in UTF-8: {error}") from None
    return data


def _merge(base: Lexicon, data: dict[str, Any], where: str, digest: str) -> Lexicon:
    schema = base.schema
    if data.get("observation"):
        added = schema_from_dict({"name": "added", "observation": data["observation"]}, where)
        schema = _extended(schema, added.observations, where)
    mentions = {mention.name: mention for mention in base.mentions}
    cues = {cue.name: cue for cue in base.cues}
    for name in read_texts(data, "remove", where):
        if name not in mentions and name not in cues:
            raise LexiconError(f"{where}: remove: there is no entry {name!r}")
        mentions.pop(name, None)
        cues.pop(name, None)
    for position, entry in enumerate(read_tables(data, "take", where), start=1):
        for mention in _taken(entry, f"{where}: take {position}", schema):
            mentions[mention.name] = mention
    for position, entry in enumerate(read_tables(data, "mention", where), start=1):
        at = read_place(entry, "mention", position, where)
        mention = read_mention(entry, at, schema)
        mentions[mention.name] = mention
    for position, entry in enumerate(read_tables(data, "cue", where), start=1):
        at = read_place(entry, "cue", position, where)
        cue = read_cue(entry, at)
        cues[cue.name] = cue
    headers = {header.name: header for header in base.headers}
    for position, entry in enumerate(read_tables(data, "header", where), start=1):
        at = read_place(entry, "header", position, where)
        header = read_header(entry, at)
        headers[header.name] = header
    _once([entry["name"] for key in ("mention", "cue") for entry in data.get(key, ())], where)
    lexicon = Lexicon(
        schema=schema,
        mentions=tuple(mentions.values()),
        cues=tuple(cues.values()),
        boundaries=(*base.boundaries, *read_phrases(data, "boundaries", where)),
        starters=(*base.starters, *read_phrases(data, "starters", where)),
        verbs=(*base.verbs, *read_phrases(data, "verbs", where)),
        digest=digest,
        predicates=(*base.predicates, *read_phrases(data, "predicates", where)),
        headers=tuple(headers.values()),
    )
    both = sorted(set(mentions) & set(cues))
    if both:
        raise LexiconError(f"{where}: {both[0]!r} names a mention and a cue; rename one")
    return lexicon


def _check_targets(lexicon: Lexicon, data: dict[str, Any], path: Path) -> None:
    known = {mention.name for mention in lexicon.mentions} | set(lexicon.schema.names)
    own = {entry["name"] for entry in data.get("cue", ())}
    for cue in lexicon.cues:
        unknown = sorted({*cue.only, *cue.excludes} - known)
        if cue.name in own and unknown:
            raise LexiconError(
                f"{path}: cue {cue.name!r}: only and excludes name mentions or observations; "
                f"there is no {unknown[0]!r}"
            )


def _once(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LexiconError(f"{where}: the name {twice[0]!r} occurs twice; rename one")


def _taken(entry: Any, at: str, schema: Schema) -> list[Mention]:
    """Mentions of a shipped lexicon, each under an observation of this one."""
    if not isinstance(entry, dict) or entry.get("lexicon") not in shipped_lexicons():
        raise LexiconError(f"{at}: needs lexicon = one of {', '.join(shipped_lexicons())}")
    chosen = entry.get("mentions")
    if not isinstance(chosen, dict):
        raise LexiconError(f'{at}: needs mentions = {{ "mention name" = "Observation" }}')
    source = {mention.name: mention for mention in _shipped(entry["lexicon"]).mentions}
    found = []
    for name, observation in chosen.items():
        if name not in source:
            raise LexiconError(
                f"{at}: there is no mention {name!r}; {entry['lexicon']} has {', '.join(source)}"
            )
        if observation not in schema.names:
            raise LexiconError(f"{at}: {observation!r} is none of {', '.join(schema.names)}")
        examples = tuple(
            replace(item, observation=observation)
            for item in source[name].examples
            if item.observation == source[name].observation
        )
        found.append(replace(source[name], observation=observation, examples=examples))
    return found


def _extended(schema: Schema, added: Sequence[Observation], where: str) -> Schema:
    try:
        return Schema(f"{schema.name}+", (*schema.observations, *added))
    except LingulaError as error:
        raise LexiconError(f"{where}: {error}") from None
