"""The tokens of a sentence as the rules read them, misspelled words put right."""

from __future__ import annotations

from typing import NamedTuple

from lingula.errors import InputError
from lingula.rules.lexicon_model import Lexicon
from lingula.rules.patterns import token_spans, tokens_of
from lingula.text.spelling import Edit, Speller

#: "lenient" reads misspelled, run-together and split words as those of the lexicon; "exact" takes
#: every word as it is written.
SPELLINGS = ("lenient", "exact")


class TokenView(NamedTuple):
    """Tokens with where they stand.

    Attributes:
        tokens: As they are read, in lower case.
        spans: Characters of the sentence that each token was read from.
        changed: Whether each token is read otherwise than it is written.
    """

    tokens: list[str]
    spans: list[tuple[int, int]]
    changed: list[bool]

    def read_as(self, start: int, end: int) -> str:
        """The tokens from ``start`` to ``end`` if one is read otherwise than written, else ""."""
        return " ".join(self.tokens[start:end]) if any(self.changed[start:end]) else ""


class TokenReader:
    """Reads sentences as tokens.

    Args:
        lexicon: Its words are what misspelled ones are read as.
        spelling: One of ``SPELLINGS``.
        cache: Whether to remember words that were looked up; some may be patients' names.

    Raises:
        InputError: If the spelling is none of them.
    """

    def __init__(self, lexicon: Lexicon, spelling: str = "lenient", *, cache: bool = True) -> None:
        if spelling not in SPELLINGS:
            raise InputError(f"spelling is one of {', '.join(SPELLINGS)}, not {spelling!r}")
        self.spelling = spelling
        self.speller: Speller | None = None
        if spelling == "lenient":
            self.speller = Speller(lexicon_words(lexicon), cache=cache)

    def tokens(self, sentence: str) -> list[str]:
        """The tokens as they are read."""
        tokens = tokens_of(sentence)
        if self.speller is None or not (edits := self.speller.edits(tokens)):
            return tokens
        for edit in reversed(edits):
            tokens[edit.start : edit.end] = edit.words
        return tokens

    def view(self, sentence: str) -> TokenView:
        """The same tokens, and where they stand."""
        written, spans = tokens_of(sentence), list(token_spans(sentence))
        edits = [] if self.speller is None else self.speller.edits(written)
        if not edits:
            return TokenView(written, spans, [False] * len(written))
        view = TokenView([], [], [])
        at = 0
        for edit in edits:
            _keep(view, written[at : edit.start], spans[at : edit.start])
            whole = spans[edit.start][0], spans[edit.end - 1][1]
            parts = _parts(edit, written, whole)
            view.tokens.extend(edit.words)
            view.spans.extend(parts or [whole] * len(edit.words))
            view.changed.extend([not parts] * len(edit.words))
            at = edit.end
        _keep(view, written[at:], spans[at:])
        return view


def lexicon_words(lexicon: Lexicon) -> frozenset[str]:
    """Every word that stands in a phrase of a lexicon."""
    every = [lexicon.boundaries, lexicon.starters, lexicon.verbs, lexicon.predicates]
    for mention in lexicon.mentions:
        every += [mention.phrases, mention.not_in, mention.not_with, mention.only_with]
    for cue in lexicon.cues:
        every += [cue.phrases, cue.stops, cue.void_after, cue.needs_before]
    every += [header.phrases for header in lexicon.headers]
    return frozenset(" ".join([phrase for phrases in every for phrase in phrases]).split())


def _keep(view: TokenView, tokens: list[str], spans: list[tuple[int, int]]) -> None:
    view.tokens.extend(tokens)
    view.spans.extend(spans)
    view.changed.extend([False] * len(tokens))


def _parts(edit: Edit, written: list[str], whole: tuple[int, int]) -> list[tuple[int, int]]:
    """Where words that were run together stand; none for another kind of edit."""
    token = written[edit.start] if edit.end == edit.start + 1 else ""
    if "".join(edit.words) != token or whole[1] - whole[0] != len(token):
        return []
    spans, at = [], whole[0]
    for word in edit.words:
        spans.append((at, at + len(word)))
        at += len(word)
    return spans
