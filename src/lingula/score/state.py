"""What a ``GenerationScore`` was fed: labels and counts, which can travel between processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, SchemaError
from lingula.labels import Schema
from lingula.score.pairing import dropped_note


@dataclass(frozen=True, eq=False)
class GenerationState:
    """What was fed so far: labels, never a text. It can be pickled and sent between processes.

    Attributes:
        schema: Schema of the labels.
        references: Class indices, int8, shape (n, k).
        generated: Class indices, int8, shape (n, k).
        ids: One id a pair, or None if none were given.
        similarity: CheXbert similarity, float64, shape (n,), or None if it was not asked for.
        empty: How many references and how many generated reports were empty.
        unsectioned: How many references and generated reports have sections, but none of those
            that were asked for, so that another part of them was labeled.
        cut: How many different texts were longer than the model reads; 0 for labelers that read
            any length.
        labeler: Name and digest of the labeler that made the labels.
    """

    schema: Schema
    references: npt.NDArray[np.int8]
    generated: npt.NDArray[np.int8]
    ids: tuple[str, ...] | None
    similarity: npt.NDArray[np.float64] | None
    empty: tuple[int, int]
    unsectioned: tuple[int, int]
    cut: int
    labeler: tuple[str, str | None]

    def __len__(self) -> int:
        return len(self.references)

    def take(self, rows: npt.NDArray[np.intp]) -> GenerationState:
        """Some of the pairs, by position; the counts of odd texts stay those of all."""
        return replace(
            self,
            references=self.references[rows],
            generated=self.generated[rows],
            ids=None if self.ids is None else tuple(self.ids[row] for row in rows),
            similarity=None if self.similarity is None else self.similarity[rows],
        )


def check_same_kind(first: GenerationState, second: GenerationState) -> None:
    """Refuse to put together what does not fit.

    Raises:
        InputError: If one has ids or similarity and the other has not, or their labelers differ.
        SchemaError: If the schemas differ.
    """
    if first.schema != second.schema:
        raise SchemaError("reports labeled under different schemas cannot be merged")
    if first.labeler != second.labeler:
        raise InputError(
            f"labels of different labelers cannot be merged: {first.labeler[0]} and "
            f"{second.labeler[0]}"
        )
    if (first.ids is None) != (second.ids is None):
        raise InputError("give ids with every batch, or with none")
    if (first.similarity is None) != (second.similarity is None):
        raise InputError("one part has CheXbert similarity and the other has not")


def join_states(states: Sequence[GenerationState]) -> GenerationState:
    """All pairs of states that fit together, in order."""
    first = states[0]
    return GenerationState(
        first.schema,
        np.concatenate([state.references for state in states]),
        np.concatenate([state.generated for state in states]),
        None if first.ids is None else tuple(text for state in states for text in state.ids or ()),
        None
        if first.similarity is None
        else np.concatenate([s.similarity for s in states if s.similarity is not None]),
        (sum(state.empty[0] for state in states), sum(state.empty[1] for state in states)),
        (
            sum(state.unsectioned[0] for state in states),
            sum(state.unsectioned[1] for state in states),
        ),
        sum(state.cut for state in states),
        first.labeler,
    )


def state_notes(state: GenerationState, dropped: int) -> tuple[str, ...]:
    """What a reader of the scores must know of the reports, one sentence each."""
    notes = []
    for count, what in zip(state.empty, ("reference", "generated report"), strict=True):
        if count:
            notes.append(
                f"{_number(count, what)} {'is' if count == 1 else 'are'} empty; empty reports "
                "count, with the labels that the labeler gives to no text."
            )
    for count, what in zip(state.unsectioned, ("reference", "generated report"), strict=True):
        if count:
            notes.append(
                f"{_number(count, what)} {'has' if count == 1 else 'have'} none of the sections "
                "asked for; another part was labeled instead."
            )
    if state.cut:
        notes.append(
            f"{_number(state.cut, 'text')} {'is' if state.cut == 1 else 'are'} longer "
            "than the model reads; what follows was not labeled."
        )
    if dropped:
        notes.append(dropped_note(dropped))
    return tuple(notes)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
