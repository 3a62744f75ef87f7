"""What a ``GenerationScore`` was fed: labels and counts, which can travel between processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Labeler, Labels, is_missing
from lingula.score.labeling import (
    Progress,
    check_lengths,
    count_unsectioned,
    label_pairs,
    select_all,
)
from lingula.score.pairing import dropped_note
from lingula.score.provenance import describe_labeler
from lingula.score.similarity import chexbert_similarity


@dataclass(frozen=True, eq=False)
class GenerationState:
    """What was fed so far: labels, never a text. It can be pickled and sent between processes.

    Attributes:
        references: Labels of n references, without probabilities and evidence.
        generated: Labels of the n generated reports, likewise.
        ids: One id a pair, or None if none were given.
        similarity: CheXbert similarity, float64, shape (n,), or None if it was not asked for.
        labeler: Name and digest of the labeler that made the labels.
        empty: How many references and how many generated reports were empty.
        unsectioned: How many references and generated reports have sections, but none of those
            that were asked for, so that another part of them was labeled.
        cut: How many different texts were longer than the model reads; 0 for labelers that read
            any length.
    """

    references: Labels
    generated: Labels
    ids: tuple[str, ...] | None
    similarity: npt.NDArray[np.float64] | None
    labeler: tuple[str, str | None]
    empty: tuple[int, int] = (0, 0)
    unsectioned: tuple[int, int] = (0, 0)
    cut: int = 0

    def __len__(self) -> int:
        return len(self.references)

    def take(self, rows: npt.NDArray[np.intp]) -> GenerationState:
        """Some of the pairs, by position; the counts of odd texts stay those of all."""
        return replace(
            self,
            references=self.references.take(rows),
            generated=self.generated.take(rows),
            ids=None if self.ids is None else tuple(self.ids[row] for row in rows),
            similarity=None if self.similarity is None else self.similarity[rows],
        )


def labeled_state(
    labeler: Labeler,
    references: Sequence[str | None],
    generated: Sequence[str | None],
    ids: Sequence[str] | None,
    *,
    sections: Sequence[str] | None = None,
    similarity: bool = False,
    progress: Progress | None = None,
    known: Labels | None = None,
) -> GenerationState:
    """Label n pairs of reports, or the named sections of them.

    ``known`` are labels that this labeler gave to these references already.

    Raises:
        InputError: If the lengths differ, or there is no pair.
    """
    check_lengths(references, generated)
    sides = [references, generated]
    unsectioned = [0, 0]
    if sections is not None:
        unsectioned = [count_unsectioned(side, sections) for side in sides]
        sides = [select_all(side, sections) for side in sides]
    cut_before: int = getattr(labeler, "truncated", 0)
    true, guess = label_pairs(labeler, sides[0], sides[1], progress, known)
    cut: int = getattr(labeler, "truncated", 0) - cut_before
    cosines = chexbert_similarity(labeler, sides[0], sides[1], progress) if similarity else None
    empty = [sum(is_missing(text) for text in side) for side in sides]
    return GenerationState(
        Labels(true.schema, true.classes),
        Labels(guess.schema, guess.classes),
        checked_ids(ids, len(references)),
        cosines,
        describe_labeler(labeler),
        empty=(empty[0], empty[1]),
        unsectioned=(unsectioned[0], unsectioned[1]),
        cut=cut,
    )


def checked_ids(ids: Sequence[str] | None, n: int) -> tuple[str, ...] | None:
    """Ids as texts.

    Raises:
        InputError: If there are not n of them.
    """
    if ids is not None and len(ids) != n:
        raise InputError(f"there are {len(ids)} ids for {n} pairs of reports")
    return None if ids is None else tuple(map(str, ids))


def join_states(states: Sequence[GenerationState]) -> GenerationState:
    """All pairs of some states, in order.

    Raises:
        InputError: If one has ids or similarity and the other has not, or their labelers differ.
        SchemaError: If the schemas differ.
    """
    first = states[0]
    references = Labels.concatenate([state.references for state in states])
    for state in states[1:]:
        if first.labeler != state.labeler:
            raise InputError(
                f"labels of different labelers cannot be merged: {first.labeler[0]} and "
                f"{state.labeler[0]}"
            )
        if (first.ids is None) != (state.ids is None):
            raise InputError("give ids with every batch, or with none")
        if (first.similarity is None) != (state.similarity is None):
            raise InputError("one part has CheXbert similarity and the other has not")
    ids = tuple(text for state in states for text in state.ids or ())
    similarity = [state.similarity for state in states if state.similarity is not None]
    return replace(
        first,
        references=references,
        generated=Labels.concatenate([state.generated for state in states]),
        ids=None if first.ids is None else ids,
        similarity=np.concatenate(similarity) if similarity else None,
        empty=_added([state.empty for state in states]),
        unsectioned=_added([state.unsectioned for state in states]),
        cut=sum(state.cut for state in states),
    )


def state_notes(state: GenerationState, dropped: int) -> tuple[str, ...]:
    """What a reader of the scores must know of the reports, one sentence each."""
    notes = []
    for counts, singular, plural, what in (
        (
            state.empty,
            "is",
            "are",
            "empty; empty reports count, with the labels that the labeler gives to no text.",
        ),
        (
            state.unsectioned,
            "has",
            "have",
            "none of the sections asked for; another part was labeled instead.",
        ),
    ):
        for count, noun in zip(counts, ("reference", "generated report"), strict=True):
            if count:
                notes.append(f"{_number(count, noun)} {singular if count == 1 else plural} {what}")
    if state.cut:
        notes.append(
            f"{_number(state.cut, 'text')} {'is' if state.cut == 1 else 'are'} longer "
            "than the model reads; what follows was not labeled."
        )
    if dropped:
        notes.append(dropped_note(dropped))
    return tuple(notes)


def _added(pairs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(first for first, _ in pairs), sum(second for _, second in pairs)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
