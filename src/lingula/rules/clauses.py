"""Where one clause of a sentence ends and the next begins: the walls of every cue's scope."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

_COORDINATORS = frozenset({",", "and"})
_ALTERNATIVES = frozenset({"or", "nor"})
_DETERMINERS = frozenset({"the", "there", "no", "this", "these", "it", "a", "an"})


class ClauseWords(NamedTuple):
    """The word lists of a lexicon that tell clauses apart."""

    starters: frozenset[str]
    verbs: frozenset[str]


def clause_walls(tokens: list[str], hard: Collection[int], words: ClauseWords) -> list[int]:
    """Token positions that no scope crosses, in order.

    Hard walls come from boundary words ("but", ";"). A comma or "and" is a wall as well where a
    new statement follows: before a word that starts one ("no effusion, the heart is enlarged"), or
    between two finite verbs ("the heart is large and the lungs are clear"). Before an "or" a comma
    only separates items of a list ("no effusion, consolidation, or pneumothorax").
    """
    if _COORDINATORS.isdisjoint(tokens):
        return sorted(hard)
    walls = set(hard)
    previous_verb = -1
    candidates: list[int] = []
    listed_from = _last_alternative(tokens)
    for at, token in enumerate(tokens):
        if at in walls:
            previous_verb, candidates = -1, []
        elif token in _COORDINATORS:
            if at > listed_from or _new_statement(tokens, at):
                candidates.append(at)
                if _next_word(tokens, at) in words.starters:
                    walls.add(at)
        elif token in words.verbs:
            if previous_verb >= 0 and candidates:
                walls.add(_best(tokens, candidates))
            previous_verb, candidates = at, []
    return sorted(walls)


def separated(walls: list[int], first_end: int, second_start: int) -> bool:
    """Whether a wall stands between two spans, the first of which ends before the second."""
    return any(first_end <= wall < second_start for wall in walls)


def _last_alternative(tokens: list[str]) -> int:
    if _ALTERNATIVES.isdisjoint(tokens):
        return -1
    return max(at for at, token in enumerate(tokens) if token in _ALTERNATIVES)


def _next_word(tokens: list[str], at: int) -> str:
    following = at + 1
    while following < len(tokens) and tokens[following] in _COORDINATORS:
        following += 1
    return tokens[following] if following < len(tokens) else ""


def _new_statement(tokens: list[str], at: int) -> bool:
    return _next_word(tokens, at) in _DETERMINERS


def _best(tokens: list[str], candidates: list[int]) -> int:
    for at in candidates:
        if _new_statement(tokens, at):
            return at
    return candidates[-1]
