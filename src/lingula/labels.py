"""The one type that passes between Lingula's rooms: labels, their schema and their evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, SchemaError

if TYPE_CHECKING:
    import pandas
    import pyarrow

#: Label value of each class index: CheXpert's tables write blank as an empty cell, positive as 1,
#: negative as 0 and uncertain as -1 (Irvin et al., AAAI 2019).
VALUES: npt.NDArray[np.float32] = np.array([np.nan, 1.0, 0.0, -1.0], dtype=np.float32)
VALUES.setflags(write=False)


#: What stands between the words of a name, or does not.
_SPACERS = str.maketrans("", "", " _-\t")


class Label(IntEnum):
    """A class index, in the order of CheXbert's heads (Smit et al., EMNLP 2020)."""

    BLANK = 0
    POSITIVE = 1
    NEGATIVE = 2
    UNCERTAIN = 3

    @property
    def number(self) -> float:
        """The value that tables hold: NaN, 1.0, 0.0 or -1.0."""
        return float(VALUES[self])


@dataclass(frozen=True)
class Observation:
    """One column of a label table.

    Attributes:
        name: Column name.
        labels: The labels that it can take; always with ``Label.BLANK``.
        aliases: Other names under which tables hold it.
        parents: Observations that are implied when this one is positive.
    """

    name: str
    labels: tuple[Label, ...] = tuple(Label)
    aliases: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """Names, order and permitted labels of the observations.

    Raises:
        SchemaError: If a name or alias occurs twice, or a parent is unknown.
    """

    name: str
    observations: tuple[Observation, ...]
    _index: dict[str, int] = field(init=False, repr=False, compare=False)
    _loose: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[str, int] = {}
        for position, observation in enumerate(self.observations):
            for name in (observation.name, *observation.aliases):
                key = name.casefold()
                if key in index:
                    raise SchemaError(f"schema {self.name!r}: the name {name!r} occurs twice")
                index[key] = position
        for observation in self.observations:
            for parent in observation.parents:
                if parent not in self.names:
                    raise SchemaError(
                        f"schema {self.name!r}: {observation.name!r} has the unknown parent "
                        f"{parent!r}; parents are names of the same schema"
                    )
        object.__setattr__(self, "_index", index)
        loose: dict[str, int] = {}
        for name, position in index.items():
            loose.setdefault(_squashed(name), position)
        object.__setattr__(self, "_loose", loose)

    @property
    def names(self) -> tuple[str, ...]:
        """The k observation names, in column order."""
        return tuple(observation.name for observation in self.observations)

    def __len__(self) -> int:
        return len(self.observations)

    def index(self, name: str) -> int:
        """Column of an observation, by name or alias, in any case.

        Where none is called so, spaces, underscores and hyphens do not count either:
        ``pleural_effusion`` and ``PleuralEffusion`` are Pleural Effusion.

        Raises:
            SchemaError: If the schema has no such observation.
        """
        found = self._find(name)
        if found is None:
            raise SchemaError(
                f"schema {self.name!r} has no observation {name!r}; it has {', '.join(self.names)}"
            )
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def _find(self, name: str) -> int | None:
        found = self._index.get(name.strip().casefold())
        return self._loose.get(_squashed(name)) if found is None else found

    def restrict(self, names: Sequence[str]) -> Schema:
        """The schema with some of its observations only, in its own order; aliases may be given.

        Raises:
            SchemaError: If a name is unknown.
        """
        wanted = {self.names[self.index(name)] for name in names}
        if len(wanted) == len(self):
            return self
        return Schema(
            self.name,
            tuple(
                replace(item, parents=tuple(p for p in item.parents if p in wanted))
                for item in self.observations
                if item.name in wanted
            ),
        )

    def permits(self) -> npt.NDArray[np.bool_]:
        """Which class each observation can take: bool, shape (k, 4)."""
        table = np.zeros((len(self), len(Label)), dtype=np.bool_)
        for row, observation in enumerate(self.observations):
            table[row, list(observation.labels)] = True
        return table


def _squashed(name: str) -> str:
    return name.casefold().translate(_SPACERS)


@dataclass(frozen=True)
class Evidence:
    """Why one mention got its label.

    Offsets are counts of characters into the text that was given, end exclusive.

    Attributes:
        observation: Name of the observation.
        label: What this mention says (the report's label is the aggregate of its mentions).
        start: First character of the mention.
        end: One past its last character.
        phrase: The mention as it stands in the text.
        rule: Name of the rule that gave the label.
        cue_start: First character of the cue, or None for a mention without a cue.
        cue_end: One past the cue's last character, or None.
        cue: The cue as it stands in the text, or an empty string.
        probability: How likely a model finds it that this mention has this label, 0 to 1; None
            from a labeler without probabilities.
        read: The mention as it was read, where that differs from how it is written (a misspelling
            put right), or an empty string.
        cue_read: The same of the cue.
    """

    observation: str
    label: Label
    start: int
    end: int
    phrase: str
    rule: str
    cue_start: int | None = None
    cue_end: int | None = None
    cue: str = ""
    probability: float | None = None
    read: str = ""
    cue_read: str = ""

    def in_source(self, span: Callable[[int, int], tuple[int, int]], source: str) -> Evidence:
        """The same of the text that this one's text was read from.

        Args:
            span: ``span`` of the ``lingula.text.Reading``.
            source: The text as it was given.
        """
        start, end = span(self.start, self.end)
        phrase = source[start:end]
        found = replace(
            self,
            start=start,
            end=end,
            phrase=phrase,
            read=self.read or (self.phrase if phrase != self.phrase else ""),
        )
        if self.cue_start is None or self.cue_end is None:
            return found
        start, end = span(self.cue_start, self.cue_end)
        cue = source[start:end]
        cue_read = self.cue_read or (self.cue if cue != self.cue else "")
        return replace(found, cue_start=start, cue_end=end, cue=cue, cue_read=cue_read)


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of n texts under one schema of k observations.

    Attributes:
        schema: The observations, in column order.
        classes: int8, shape (n, k): 0 blank, 1 positive, 2 negative, 3 uncertain.
        probabilities: float32, shape (n, k, 4), or None for a labeler that has none.
        evidence: One tuple of Evidence a text, or None when it was not asked for.

    Raises:
        SchemaError: If a shape does not fit the schema or a class is out of range.
    """

    schema: Schema
    classes: npt.NDArray[np.int8]
    probabilities: npt.NDArray[np.float32] | None = None
    evidence: tuple[tuple[Evidence, ...], ...] | None = None

    def __post_init__(self) -> None:
        classes = np.asarray(self.classes, dtype=np.int8)
        object.__setattr__(self, "classes", classes)
        k = len(self.schema)
        if classes.ndim != 2 or classes.shape[1] != k:
            raise SchemaError(f"classes have shape {classes.shape}, the schema needs (n, {k})")
        if classes.size and (classes.min() < 0 or classes.max() > 3):
            raise SchemaError("classes are 0 (blank), 1 (positive), 2 (negative) and 3 (uncertain)")
        n = len(classes)
        if self.probabilities is not None and self.probabilities.shape != (n, k, 4):
            raise SchemaError(
                f"probabilities have shape {self.probabilities.shape}, not ({n}, {k}, 4)"
            )
        if self.evidence is not None and len(self.evidence) != n:
            raise SchemaError(f"evidence is for {len(self.evidence)} texts, the labels for {n}")

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """float32, shape (n, k): NaN blank, 1 positive, 0 negative, -1 uncertain."""
        return VALUES[self.classes]

    @classmethod
    def from_values(cls, schema: Schema, values: npt.ArrayLike) -> Labels:
        """Labels from numbers as tables hold them (NaN, 1, 0, -1), shape (n, k).

        Raises:
            SchemaError: If another number occurs; the message says which and where.
        """
        array = np.asarray(values, dtype=np.float64)
        classes = np.full(array.shape, -1, dtype=np.int8)
        classes[np.isnan(array)] = Label.BLANK
        for label in (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN):
            classes[array == label.number] = label
        wrong = np.argwhere(classes < 0)
        if len(wrong):
            row, column = wrong[0]
            raise SchemaError(
                f"row {row + 1}, {schema.names[column]}: {array[row, column]} is no label; "
                "labels are 1, 0, -1 or blank"
            )
        return cls(schema, classes)

    @classmethod
    def concatenate(cls, parts: Sequence[Labels]) -> Labels:
        """Labels of several batches, in order; all of one schema.

        Raises:
            SchemaError: If there is no part, or the schemas differ.
        """
        if not parts:
            raise SchemaError("there are no labels to concatenate")
        schema = parts[0].schema
        if any(part.schema != schema for part in parts):
            raise SchemaError("labels of different schemas cannot be concatenated")
        probabilities = [p.probabilities for p in parts if p.probabilities is not None]
        evidence = [p.evidence for p in parts if p.evidence is not None]
        return cls(
            schema,
            np.concatenate([part.classes for part in parts]),
            np.concatenate(probabilities) if len(probabilities) == len(parts) else None,
            tuple(row for rows in evidence for row in rows)
            if len(evidence) == len(parts)
            else None,
        )

    def take(self, rows: npt.ArrayLike) -> Labels:
        """The labels of some rows, by position, in the order given; repeats are allowed."""
        index = np.asarray(rows, dtype=np.intp)
        return Labels(
            self.schema,
            self.classes[index],
            None if self.probabilities is None else self.probabilities[index],
            None if self.evidence is None else tuple(self.evidence[i] for i in index),
        )

    def iter_evidence(self) -> Iterator[tuple[int, Evidence]]:
        """Pairs of row number and Evidence, in order.

        Raises:
            SchemaError: If the labels were made without evidence.
        """
        if self.evidence is None:
            raise SchemaError("these labels carry no evidence; call label(texts, evidence=True)")
        for row, found in enumerate(self.evidence):
            for item in found:
                yield row, item

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow Table of k float32 columns; blank is null."""
        import pyarrow as pa

        values = self.values
        return pa.table(
            {
                name: pa.array(values[:, column], mask=np.isnan(values[:, column]))
                for column, name in enumerate(self.schema.names)
            }
        )

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame of k float32 columns; blank is NaN.

        Raises:
            MissingExtraError: If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            from lingula.errors import MissingExtraError

            raise MissingExtraError("Labels.to_pandas()", "pandas") from None
        frame: pandas.DataFrame = pd.DataFrame(self.values, columns=list(self.schema.names))
        return frame


class Labeler(Protocol):
    """What the command line, the metrics and the trainer know of a labeler.

    Besides, a labeler may have attributes that ``lingula.pipeline.run`` looks at:

    - ``batch_rows``, an int: how many rows of a table it likes at once. It is then given the
      different texts of so many rows (fewer, if they are very long). Progress moves, and work is
      kept for a resumed run, by as much: it should be labeled within seconds. 2,048 for labelers
      with ``parallel = True``, 512 for others, where it is missing.
    - ``parallel = True``: it may be pickled and used in several processes.
    - ``truncated``, an int: how many of the texts given so far it could not read to their end.
    - ``sha256``, a str: digest of what its labels depend on; a run resumes only with the same.
    """

    @property
    def schema(self) -> Schema:
        """The observations that it labels."""
        ...

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        """Labels of texts, in their order; an empty or missing text gets blanks.

        Raises:
            LingulaError: If evidence is asked of a labeler that has none.
        """
        ...


def is_missing(text: object) -> bool:
    """Whether a cell holds no report: None, NaN, or only white space.

    Raises:
        InputError: If it is neither a text nor missing (a number, a list).
    """
    if isinstance(text, str):
        return not text.strip()
    if text is None or (isinstance(text, float) and math.isnan(text)):
        return True
    raise InputError(f"a report must be a text or None, not {type(text).__name__}")
