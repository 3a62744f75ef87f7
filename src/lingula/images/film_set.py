"""Films in rows: where each is, of whom, in which view, and its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Labels

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Films:
    """The films of a table.

    Attributes:
        source: The table, for messages.
        id_column: Name of the column of paths.
        paths: As the table has them; texts, shape (n,).
        files: n files.
        patients: Texts, shape (n,); empty where unknown.
        studies: Texts, shape (n,), each of one patient; a film of an unknown study is one.
        views: "frontal", "lateral" or "", shape (n,).
        sexes: Texts in lower case, shape (n,).
        ages: Years, float64, shape (n,); NaN where unknown.
        parts: What a column such as "split" says, in lower case, shape (n,).
        labels: Of the observations that the table has, or None if they were not asked for.
        notes: What was left out, in sentences.
    """

    source: str
    id_column: str
    paths: Texts
    files: tuple[Path, ...]
    patients: Texts
    studies: Texts
    views: Texts
    sexes: Texts
    ages: npt.NDArray[np.float64]
    parts: Texts
    labels: Labels | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: npt.NDArray[np.intp]) -> Films:
        """Some films, by position."""
        return replace(
            self,
            paths=self.paths[rows],
            files=tuple(self.files[row] for row in rows),
            patients=self.patients[rows],
            studies=self.studies[rows],
            views=self.views[rows],
            sexes=self.sexes[rows],
            ages=self.ages[rows],
            parts=self.parts[rows],
            labels=None if self.labels is None else Labels(self.labels.schema, self.classes[rows]),
        )

    @property
    def classes(self) -> npt.NDArray[np.int8]:
        """Class indices of the labels, int8, shape (n, k).

        Raises:
            InputError: If the table was read without labels.
        """
        if self.labels is None:
            raise InputError(f"{self.source}: was read without labels")
        return self.labels.classes

    def of_view(self, view: str) -> Films:
        """Those of one view, or all of them; films of an unknown view count as frontal.

        Raises:
            InputError: If none is left.
        """
        if view == "all":
            return self
        lateral = self.views == "lateral"
        kept = np.flatnonzero(lateral if view == "lateral" else ~lateral)
        if not len(kept):
            raise InputError(f"{self.source}: has no {view} film")
        left_out = len(self) - len(kept)
        note = f"{self.source}: {left_out:,} films of other views than {view} are left out."
        return replace(self.take(kept), notes=(*self.notes, *([note] if left_out else [])))

    def without(self, rows: Sequence[int], reason: str) -> Films:
        """The others, with a note that counts those left out.

        Raises:
            InputError: If none is left.
        """
        if not rows:
            return self
        kept = np.setdiff1d(np.arange(len(self)), np.asarray(rows, dtype=np.intp))
        if not len(kept):
            raise InputError(f"{self.source}: {reason}: all {len(self):,} films; none is left")
        note = f"{self.source}: {len(rows):,} of {len(self):,} films are left out: {reason}."
        return replace(self.take(kept), notes=(*self.notes, note))
