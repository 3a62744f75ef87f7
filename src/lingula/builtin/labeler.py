"""The built-in labeler: rules find the mentions, rules and model together say what each asserts.

A sentence without a mention changes nothing, a sentence gets the same label in every report, and
each distinct sentence is judged once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lingula.builtin.joining import Cells, Floats
from lingula.builtin.marking import Marker, said_at_marks
from lingula.builtin.mention_model import Item, MentionModel
from lingula.errors import RecipeError, SchemaError
from lingula.labels import Evidence, Label, Labels, Schema, is_missing, remade
from lingula.observations import NO_FINDING, NO_PATHOLOGY
from lingula.rules import RuleLabeler
from lingula.rules.aggregation import aggregate, label_table
from lingula.rules.assertion import told
from lingula.rules.judging import CACHE_SENTENCES, Reason
from lingula.rules.labeler import blocks, no_finding
from lingula.rules.lexicon_model import OTHER_FINDING
from lingula.text.decoding import decode, decoded
from lingula.text.given import as_texts

#: The model folder: graph, tokenizer, settings.
MODEL = Path(__file__).parent / "model"


class _Said(NamedTuple):
    """What a sentence says.

    Attributes:
        other: Whether it names a finding outside the schema.
        columns: Observation of each mention of the schema.
        chances: float64, (mentions, 4): of each label.
    """

    other: bool
    columns: tuple[int, ...]
    chances: Floats


#: A sentence and the words that it inherits from a header or the opening of a list.
Statement = tuple[str, str]

_NOTHING = _Said(False, (), np.zeros((0, len(Label))))
_OTHER = _Said(True, (), np.zeros((0, len(Label))))


class BuiltinLabeler:
    """Rules and the mention model together; needs the base install alone.

    Args:
        schema: chexpert14, or nothing: the model knows no other observations.
        threads: Threads of the model's forward pass; one a core if not given.
        spelling: How the rules read misspelled words: "lenient" or "exact".
        cache: Whether to remember judged sentences, which are patients' text (docs/patients.md).
        batch_size: Is taken and changes nothing: sentences, not reports, are the model's rows.
        long: Likewise: every text is read to its end.
        device: "cpu", which is all that it has.
        runtime: "onnx", likewise.
        precision: "int8", likewise.
        model: Another folder of ``lingula train builtin``.

    Raises:
        RecipeError: If another device, runtime, precision or way to read is asked for.
        SchemaError: If another schema is asked for.
        CheckpointError: If the model's files were changed or damaged.
    """

    name = "builtin"

    #: A second or so on one core.
    batch_rows = 1024

    #: Every text is read to its end.
    truncated = 0

    def __init__(
        self,
        schema: Schema | None = None,
        *,
        threads: int | None = None,
        spelling: str = "lenient",
        cache: bool = True,
        model: Path = MODEL,
        **options: object,
    ) -> None:
        _check(options)
        self._made = {
            "schema": schema,
            "threads": threads,
            "spelling": spelling,
            "cache": cache,
            "model": model,
        }
        self.rules = RuleLabeler(spelling=spelling, cache=cache)
        if schema is not None and schema.names != self.rules.schema.names:
            raise SchemaError(
                f"the built-in labeler knows the schema {self.rules.schema.name!r} only, not "
                f'{schema.name!r}; use the labeler "rules", or train a model for it'
            )
        self.model = MentionModel(model, threads, cache=cache)
        self._marker = Marker(self.rules.lexicon)
        self._table = label_table("chexpert")
        self._told = np.array(
            [[told(group, said) for said in Label] for group in self.rules.lexicon.mentions]
        )
        self._cache = cache
        self._said: dict[Statement, _Said] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # A session of ONNX Runtime cannot be copied: it is made anew.
        return remade, (BuiltinLabeler, self._made, self.sha256)

    @property
    def any_language(self) -> bool:
        """Whether text in another language is labeled as English; else its labels are blank."""
        return self.rules.any_language

    @any_language.setter
    def any_language(self, value: bool) -> None:
        self.rules.any_language = value

    @property
    def schema(self) -> Schema:
        """The 14 observations."""
        return self.rules.schema

    @property
    def sha256(self) -> str:
        """Digest of rules and model together, in hexadecimal."""
        return hashlib.sha256((self.rules.sha256 + self.model.sha256).encode()).hexdigest()

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        """Labels with probabilities; a missing or empty text gets blanks.

        Args:
            texts: Reports or parts of reports, labeled whole.
            evidence: Whether to give every mention with its label, its probability, and what the
                rules say of it.
        """
        texts = as_texts(texts)
        empty = [is_missing(text) for text in texts]
        pieces = [
            () if missing else tuple(self._statements(decoded(str(text))))
            for text, missing in zip(texts, empty, strict=True)
        ]
        said = self._judge(item for found in pieces for item in found)
        rows: list[int] = []
        columns: list[int] = []
        parts: list[Floats] = [_NOTHING.chances]
        others = [False] * len(texts)
        for row, statements in enumerate(pieces):
            for statement in statements:
                found = said[statement]
                others[row] |= found.other
                if found.columns:
                    rows.extend([row] * len(found.columns))
                    columns.extend(found.columns)
                    parts.append(found.chances)
        probabilities = Cells.gather(
            (len(texts), len(self.schema)),
            np.array(rows, dtype=np.intp),
            np.array(columns, dtype=np.intp),
            np.concatenate(parts),
        ).probabilities()
        classes = self._aggregate(texts, probabilities, others, empty)
        reasons = None
        if evidence:
            reasons = tuple(
                () if missing else self._evidence(str(text), said)
                for text, missing in zip(texts, empty, strict=True)
            )
        return Labels(self.schema, classes, probabilities.astype(np.float32), reasons)

    def _statements(self, text: str) -> Iterator[Statement]:
        for start, end, inherited in self.rules.judge.statements(text):
            yield text[start:end], inherited

    def _aggregate(
        self,
        texts: Sequence[str | None],
        probabilities: Floats,
        others: Sequence[bool],
        empty: Sequence[bool],
    ) -> npt.NDArray[np.int8]:
        """Labels, and No Finding's probabilities put in their place."""
        likeliest = probabilities.argmax(axis=-1)
        k = len(self.schema)
        masks = [
            sum(
                self.rules.judge.bit(self.schema.names[column], Label(int(row[column])))
                for column in np.flatnonzero(row)
            )
            | (int(other) << (3 * k))
            for row, other in zip(likeliest, others, strict=True)
        ]
        blank = [
            missing or (not mask and not self.rules.is_report(str(text)))
            for text, mask, missing in zip(texts, masks, empty, strict=True)
        ]
        classes = aggregate(masks, blank, self.schema, self._table)
        own = self.schema.index(NO_FINDING)
        pathology = [
            column for column, name in enumerate(self.schema.names) if name not in NO_PATHOLOGY
        ]
        given = classes[:, own] == Label.POSITIVE
        _place_no_finding(probabilities, given, own, pathology, self.model.no_finding)
        probabilities[blank, own] = np.eye(len(Label))[Label.BLANK]
        return classes

    def _judge(self, statements: Iterable[Statement]) -> dict[Statement, _Said]:
        """What each distinct sentence says."""
        every = dict.fromkeys(statements)
        known = self._said if self._cache else {}
        new = [item for item in every if item not in known]
        if len(known) + len(new) > CACHE_SENTENCES:
            known = {item: known[item] for item in every if item in known}
        waiting: list[tuple[Statement, tuple[Reason, ...], tuple[int, ...], Item]] = []
        for statement in new:
            reasons = self.rules.judge.reasons(*statement)
            marked = (
                self._marker.mark(statement, reasons, self.rules.judge.view) if reasons else None
            )
            if marked is None:
                known[statement] = _OTHER if self._names_other(reasons) else _NOTHING
            else:
                item = (marked.text, said_at_marks(reasons, marked.places))
                waiting.append((statement, reasons, marked.places, item))
        chances = self.model.chances([item for *_, item in waiting])
        for (statement, reasons, places, _), found in zip(waiting, chances, strict=True):
            known[statement] = self._joined(reasons, places, found)
        if self._cache:
            self._said = known
        return known

    def _names_other(self, reasons: Sequence[Reason]) -> bool:
        return any(
            item.observation in (OTHER_FINDING, NO_FINDING)
            and item.label not in (Label.NEGATIVE, Label.BLANK)
            for item in reasons
        )

    def _joined(
        self,
        reasons: Sequence[Reason],
        places: Sequence[int],
        by_mark: Floats,
    ) -> _Said:
        kept = [at for at, place in enumerate(places) if place >= 0]
        chances = np.zeros((len(kept), len(Label)))
        for row, at in enumerate(kept):
            np.add.at(chances[row], self._told[reasons[at].group], by_mark[places[at]])
        columns = tuple(self.schema.index(reasons[at].observation) for at in kept)
        return _Said(self._names_other(reasons), columns, chances)

    def _evidence(self, source: str, said: dict[Statement, _Said]) -> tuple[Evidence, ...]:
        reading = decode(source)
        text = reading.text
        found: list[Evidence] = []
        blocker: Evidence | None = None
        recognized = False
        for start, end, inherited in self.rules.judge.statements(text):
            statement = text[start:end], inherited
            for item in self._explained(text, start, statement, said[statement]):
                recognized = recognized or item.label is not Label.BLANK
                if item.observation != OTHER_FINDING:
                    found.append(item)
                if blocker is None and blocks(item):
                    blocker = item
        found.append(no_finding(blocker) if recognized else self.rules.nothing_read(text))
        if not reading.whole:
            found = [item.in_source(reading.span, source) for item in found]
        return tuple(found)

    def _explained(
        self, text: str, start: int, statement: Statement, said: _Said
    ) -> Iterable[Evidence]:
        """The mentions of one sentence, left to right, with rules and model side by side."""
        chances = iter(said.chances)
        for reason in self.rules.judge.reasons(*statement):
            if reason.observation in (OTHER_FINDING, NO_FINDING):
                if reason.label is not Label.BLANK:
                    yield reason.at(text, start)
                continue
            chance = next(chances)
            label = Label(int(chance.argmax()))
            if label is Label.BLANK and reason.label is Label.BLANK:
                continue
            rule = reason.rule
            if label is not reason.label:
                rule = f"model, against {rule} ({reason.label.name.lower()})"
            yield reason._replace(label=label, rule=rule).at(
                text, start, probability=round(float(chance[label]), 4)
            )


def _place_no_finding(
    probabilities: Floats,
    given: npt.NDArray[np.bool_],
    own: int,
    pathology: list[int],
    between: tuple[float, float],
) -> None:
    """No Finding's chance: that no finding is present, kept on its label's side of one half.

    Findings outside the schema, and whatever else the rules ask of No Finding, have no chance.
    ``between`` is what stands for 0 and for 1, since people may call a report normal in spite of
    what it names, or not in spite of what it denies.
    """
    present = probabilities[:, pathology][..., [Label.POSITIVE, Label.UNCERTAIN]].sum(axis=-1)
    chance = 1 - present.max(axis=1, initial=0.0)
    # Without a finding in doubt, what keeps it blank is certain.
    chance[~given & (present.max(axis=1, initial=0.0) < 0.5)] = 0.0
    low, high = between
    chance = low + (high - low) * chance
    chance = np.where(given, chance.clip(0.5001, 1), chance.clip(0, 0.4999))
    probabilities[:, own] = 0.0
    probabilities[:, own, Label.POSITIVE] = chance
    probabilities[:, own, Label.BLANK] = 1 - chance


def _check(options: dict[str, object]) -> None:
    """Refuse what the model has not."""
    options.pop("batch_size", None)
    options.pop("long", None)
    for option, only in (("device", "cpu"), ("runtime", "onnx"), ("precision", "int8")):
        given = options.pop(option, None)
        if given not in (None, only):
            raise RecipeError(
                f"the built-in model has only the {option} {only!r}, not {given!r}; leave the "
                "option out, or train a model of your own"
            )
    if options:
        raise RecipeError(f"{', '.join(sorted(options))}: no option of the built-in labeler")
