"""The entries of a rule file, checked one by one: what is wrong, where, and the cure."""

from __future__ import annotations

from typing import Any

from lingula.errors import LexiconError
from lingula.labels import Label, Schema
from lingula.rules.lexicon_model import (
    OTHER_FINDING,
    Category,
    Cue,
    Direction,
    Example,
    Header,
    HeaderKind,
    Mention,
)
from lingula.rules.patterns import expand

_MENTION_KEYS = {
    "name", "observation", "source", "phrases", "not_in", "not_with", "only_with", "structure",
    "unstated", "unchanged", "borderline", "implies", "denied", "examples", "under", "not_under",
    "limit",
}  # fmt: skip
_CUE_KEYS = {
    "name", "category", "direction", "source", "phrases", "reach", "stops", "only", "excludes",
    "examples", "void_after", "void_before", "crosses", "needs_before", "needs",
    "answer",
}  # fmt: skip
_HEADER_KEYS = {"name", "kind", "source", "phrases"}
_DEFAULT_REACH = 40


def read_mention(entry: dict[str, Any], at: str, schema: Schema) -> Mention:
    """A ``[[mention]]`` table; ``at`` names it in errors."""
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
        phrases=read_phrases(entry, "phrases", at, needed=True),
        not_in=read_phrases(entry, "not_in", at),
        not_with=read_phrases(entry, "not_with", at),
        only_with=read_phrases(entry, "only_with", at),
        under=read_texts(entry, "under", at),
        not_under=read_texts(entry, "not_under", at),
        limit=_number(entry, "limit", at),
        structure=bool(entry.get("structure", False)),
        unstated=_label(entry.get("unstated", "blank"), f"{at}: unstated"),
        unchanged=_label(entry.get("unchanged", "uncertain"), f"{at}: unchanged"),
        borderline=_label(entry.get("borderline", "uncertain"), f"{at}: borderline"),
        denied=_label(entry.get("denied", "negative"), f"{at}: denied"),
        implies=_label(entry["implies"], f"{at}: implies") if "implies" in entry else None,
        examples=_examples(entry, at, observation),
    )


def read_cue(entry: dict[str, Any], at: str) -> Cue:
    """A ``[[cue]]`` table; ``at`` names it in errors."""
    _check_keys(entry, _CUE_KEYS, at)
    reach = entry.get("reach", _DEFAULT_REACH)
    if not isinstance(reach, int) or reach < 0:
        raise LexiconError(f"{at}: reach must be a whole number of tokens, 0 or more")
    return Cue(
        name=entry["name"],
        category=_choice(Category, entry, "category", at),
        direction=_choice(Direction, entry, "direction", at),
        source=_text(entry, "source", at),
        phrases=read_phrases(entry, "phrases", at, needed=True),
        reach=reach,
        stops=read_phrases(entry, "stops", at),
        only=read_texts(entry, "only", at),
        excludes=read_texts(entry, "excludes", at),
        void_after=read_phrases(entry, "void_after", at),
        void_before=read_phrases(entry, "void_before", at),
        crosses=bool(entry.get("crosses", False)),
        needs_before=read_phrases(entry, "needs_before", at),
        needs=read_phrases(entry, "needs", at),
        answer=bool(entry.get("answer", False)),
        examples=_examples(entry, at, None),
    )


def read_header(entry: dict[str, Any], at: str) -> Header:
    """A ``[[header]]`` table; ``at`` names it in errors."""
    _check_keys(entry, _HEADER_KEYS, at)
    return Header(
        name=entry["name"],
        kind=_choice(HeaderKind, entry, "kind", at),
        source=_text(entry, "source", at),
        phrases=read_phrases(entry, "phrases", at, needed=True),
    )


def _number(entry: dict[str, Any], key: str, at: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LexiconError(f"{at}: {key} must be a number")
    return float(value)


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


def read_place(entry: Any, kind: str, position: int, where: str) -> str:
    """How errors name an entry: file, kind, position and name."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise LexiconError(f'{where}: {kind} {position} needs name = "..."')
    return f"{where}: {kind} {position} ({entry['name']})"


def _check_keys(entry: dict[str, Any], known: set[str], at: str) -> None:
    unknown = sorted(set(entry) - known)
    if unknown:
        raise LexiconError(
            f"{at}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )


def read_tables(data: dict[str, Any], key: str, where: str) -> list[Any]:
    """The tables under a key; none if it is missing."""
    value = data.get(key, [])
    if not isinstance(value, list):
        raise LexiconError(f"{where}: write [[{key}]] tables")
    return value


def read_texts(entry: dict[str, Any], key: str, at: str) -> tuple[str, ...]:
    """The list of texts under a key; empty if it is missing."""
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise LexiconError(f"{at}: {key} must be a list of texts")
    return tuple(value)


def read_phrases(
    entry: dict[str, Any], key: str, at: str, *, needed: bool = False
) -> tuple[str, ...]:
    """The phrases that the patterns under a key stand for."""
    patterns = read_texts(entry, key, at)
    if needed and not patterns:
        raise LexiconError(f'{at}: needs {key} = ["..."]')
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
