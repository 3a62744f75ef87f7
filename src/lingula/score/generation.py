"""Scores of generated reports, fed batch by batch, from one process or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lingula.errors import InputError, SchemaError
from lingula.labels import Labeler, Labels
from lingula.loading import load
from lingula.score.conventions import find_conventions
from lingula.score.labeling import Progress, check_lengths
from lingula.score.pairing import Side, kept_rows
from lingula.score.per_report import per_report_table
from lingula.score.provenance import (
    Provenance,
    describe_sections,
    package_versions,
)
from lingula.score.result import Bootstrap, GenerationScores
from lingula.score.scoring import score_labels
from lingula.score.state import (
    GenerationState,
    checked_ids,
    join_states,
    labeled_state,
    state_notes,
)
from lingula.text.given import as_text_pairs
from lingula.text.sections import select_sections

if TYPE_CHECKING:
    import pyarrow

_NO_ROWS = np.empty(0, dtype=np.intp)


class GenerationScore:
    """CheXbert F1 and its relatives for generated reports; works over batches and processes.

    >>> import lingula
    >>> from lingula.score import GenerationScore
    >>> metric = GenerationScore(lingula.load("rules"), conventions="radeval")
    >>> metric.update(["Small left pleural effusion."], ["Left pleural effusion."])
    >>> metric.compute().value("radeval", average="micro", class_set="5")
    1.0

    The figures do not depend on how the reports are cut into batches. Intervals depend on the
    order of the reports, so merge the states of several processes in a fixed order.

    Args:
        labeler: Any labeler, or its name or path; None if only labels are fed (``update_labels``).
        conventions: Name of a convention, several, or "all".
        sections: Label these sections of each report only, such as ("findings", "impression").
        similarity: Also compute CheXbert similarity; the labeler must be a BERT labeler.

    Attributes:
        notes: Sentences that go with the scores; add what your readers must know.
        section: Which part of each report is labeled, in words.

    Raises:
        InputError: If a convention is unknown, or similarity is asked of a labeler without text
            vectors.
    """

    def __init__(
        self,
        labeler: Labeler | str | Path | None = None,
        *,
        conventions: str | Sequence[str] = "f1chexbert",
        sections: Sequence[str] | None = None,
        similarity: bool = False,
    ) -> None:
        self.labeler = load(labeler) if isinstance(labeler, (str, Path)) else labeler
        self.conventions = find_conventions(
            conventions if isinstance(conventions, str) else tuple(conventions)
        )
        self.sections = tuple(sections) if sections else None
        self.with_similarity = similarity
        self.notes: list[str] = []
        self.section = describe_sections(self.sections)
        if similarity and not callable(getattr(labeler, "embed", None)):
            raise InputError(
                "CheXbert similarity needs a BERT labeler: a CheXbert .pth file or a model folder"
            )
        if self.sections is not None:
            select_sections("", self.sections)  # refuses unknown names before any work
        self._states: list[GenerationState] = []

    def __len__(self) -> int:
        """Number of pairs fed so far."""
        return sum(len(state) for state in self._states)

    def update(
        self,
        references: Sequence[str | None] | Mapping[str, str],
        generated: Sequence[str | None] | Mapping[str, str],
        ids: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Label a batch of pairs and add them.

        Args:
            references: n reference reports, or a mapping of id to report.
            generated: n generated reports, in the same order, or a mapping of the same ids. An
                empty one counts, with the labels that the labeler gives to no text.
            ids: One id a pair; they name rows of the per-report table and show duplicates.
            progress: Told how many different texts are labeled, and of how many.

        Raises:
            InputError: If the lengths differ, there is no pair, or there is no labeler.
        """
        if self.labeler is None:
            raise InputError("there is no labeler to label reports with; feed update_labels")
        references, generated, own = as_text_pairs(
            references, generated, ("the references", "the generated reports")
        )
        self._append(
            labeled_state(
                self.labeler,
                references,
                generated,
                ids if own is None else own,
                sections=self.sections,
                similarity=self.with_similarity,
                progress=progress,
            )
        )

    def update_labels(
        self,
        references: Labels,
        generated: Labels,
        ids: Sequence[str] | None = None,
        labeler: str = "labels as given",
    ) -> None:
        """Add pairs that are labeled already.

        Args:
            references: Labels of n references.
            generated: Labels of n generated reports, same schema and order.
            ids: One id a pair.
            labeler: Where the labels come from, in words.

        Raises:
            InputError: If the lengths differ, or there is no pair.
            SchemaError: If the schemas differ.
        """
        if self.with_similarity:
            raise InputError("CheXbert similarity needs the texts; labels have none")
        check_lengths(references.classes, generated.classes)
        if references.schema.names != generated.schema.names:
            raise SchemaError("references and generated reports have different observations")
        self._append(
            GenerationState(
                Labels(references.schema, references.classes),
                Labels(generated.schema, generated.classes),
                checked_ids(ids, len(references)),
                similarity=None,
                labeler=(labeler, None),
            )
        )

    def compute(
        self, *, bootstrap: int = 0, seed: int = 0, confidence: float = 0.95
    ) -> GenerationScores:
        """All figures of what was fed so far.

        Args:
            bootstrap: Number of resamples of the reports for intervals; 0 for none.
            seed: Seed of the resamples.
            confidence: Coverage of the intervals, between 0 and 1.

        Raises:
            InputError: If nothing was fed, an id occurs twice (unless every convention drops
                duplicates), or a bootstrap option is out of range.
            SchemaError: If the schema lacks one of CheXpert's 14 observations.
        """
        asked = Bootstrap(bootstrap, seed, confidence)
        boot = asked if bootstrap else None
        state, dropped = self.pairs()
        true, guess, cosines = state.references, state.generated, state.similarity
        scores = score_labels(true, guess, self.conventions, similarity=cosines, bootstrap=boot)
        ground = Provenance(*state.labeler, true.schema.name, self.section, package_versions())
        notes = (*self.notes, *state_notes(state, dropped))
        return GenerationScores(scores, len(state), ground, boot, notes)

    def per_report(self) -> pyarrow.Table:
        """One row a pair; see ``per_report_table``. Rows are numbered from 1 without ids.

        Raises:
            InputError: As ``compute``.
            SchemaError: As ``compute``.
        """
        state, _ = self.pairs()
        ids = state.ids or tuple(str(row) for row in range(1, len(state) + 1))
        true, guess, cosines = state.references, state.generated, state.similarity
        return per_report_table(ids, true, guess, self.conventions, cosines)

    def empty_copy(self) -> GenerationScore:
        """Another one of the same choices, without what was fed and without the notes."""
        return GenerationScore(
            self.labeler,
            conventions=[convention.name for convention in self.conventions],
            sections=self.sections,
            similarity=self.with_similarity,
        )

    def reset(self) -> None:
        """Forget what was fed, and the notes."""
        self._states.clear()
        self.notes.clear()

    @property
    def state(self) -> GenerationState:
        """All that was fed, in one piece: gather it from several processes, then ``merge``.

        Raises:
            InputError: If nothing was fed.
        """
        if not self._states:
            raise InputError("there is no report to score: update() was never called")
        if len(self._states) > 1:
            self._states = [join_states(self._states)]
        return self._states[0]

    def merge(self, other: GenerationScore | GenerationState) -> None:
        """Add what another one was fed, behind what this one was.

        Raises:
            InputError: If one has ids or similarity and the other has not, or their labelers
                differ.
            SchemaError: If the schemas differ.
        """
        if isinstance(other, GenerationState):
            self._append(other)
        elif len(other):
            self._append(other.state)

    def pairs(self) -> tuple[GenerationState, int]:
        """The state without duplicates, and how many there were.

        Raises:
            InputError: As ``compute``.
        """
        state = self.state
        if state.ids is None:
            return state, 0
        kept = kept_rows(Side("the references", np.array(state.ids, object)), self.conventions)
        return state.take(kept), len(state) - len(kept)

    def _append(self, state: GenerationState) -> None:
        if self._states:
            join_states([self._states[0].take(_NO_ROWS), state.take(_NO_ROWS)])  # do they fit?
        self._states.append(state)


def score_reports(
    references: Sequence[str | None] | Mapping[str, str],
    generated: Sequence[str | None] | Mapping[str, str],
    labeler: Labeler | str | Path,
    *,
    conventions: str | Sequence[str] = "f1chexbert",
    sections: Sequence[str] | None = None,
    similarity: bool = False,
    bootstrap: int = 0,
    seed: int = 0,
) -> GenerationScores:
    """Scores of n generated reports against n references, in one call.

    Args:
        references: n reference reports, or a mapping of id to report.
        generated: n generated reports, in the same order, or a mapping of the same ids.
        labeler: Any labeler, or what ``lingula.load`` takes, such as "rules".
        conventions: Name of a convention, several, or "all".
        sections: Label these sections only.
        similarity: Also compute CheXbert similarity (BERT labelers).
        bootstrap: Number of resamples for intervals; 0 for none.
        seed: Seed of the resamples.

    Raises:
        InputError: See ``GenerationScore``.
        SchemaError: If the labeler's schema lacks one of CheXpert's 14 observations.
    """
    metric = GenerationScore(
        labeler, conventions=conventions, sections=sections, similarity=similarity
    )
    metric.update(references, generated)
    return metric.compute(bootstrap=bootstrap, seed=seed)
