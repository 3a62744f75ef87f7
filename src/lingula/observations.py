"""What is labeled, what a label can be, and why: observations, schemas, classes, evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lingula.errors import SchemaError

#: Label value of each class index: CheXpert's tables write blank as an empty cell, positive as 1,
#: negative as 0 and uncertain as -1 (Irvin et al., AAAI 2019).
VALUES: npt.NDArray[np.float32] = np.array([np.nan, 1.0, 0.0, -1.0], dtype=np.float32)
VALUES.setflags(write=False)


#: Positive where no pathology is named.
NO_FINDING = "No Finding"
SUPPORT_DEVICES = "Support Devices"
#: What is no pathology: devices may stand beside No Finding (Irvin et al., AAAI 2019).
NO_PATHOLOGY = frozenset({NO_FINDING, SUPPORT_DEVICES})

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
    _permits: npt.NDArray[np.bool_] = field(init=False, repr=False, compare=False)

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
        permits = np.zeros((len(self), len(Label)), dtype=np.bool_)
        for row, observation in enumerate(self.observations):
            permits[row, list(observation.labels)] = True
        object.__setattr__(self, "_permits", permits)

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
        table: npt.NDArray[np.bool_] = self._permits.copy()
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

    def _repr_html_(self) -> str:
        from lingula.label_views import evidence_html

        return evidence_html(self)

    def in_source(self, span: Callable[[int, int], tuple[int, int]], source: str) -> Evidence:
        """The same of the text that this one's text was read from.

        Args:
            span: ``span`` of the ``lingula.text.Reading``.
            source: The text as it was given.
        """
        start, end = span(self.start, self.end)
        phrase = source[start:end]
        read = self.read or (self.phrase if phrase != self.phrase else "")
        cue_start, cue_end, cue, cue_read = self.cue_start, self.cue_end, self.cue, self.cue_read
        if cue_start is not None and cue_end is not None:
            cue_start, cue_end = span(cue_start, cue_end)
            cue = source[cue_start:cue_end]
            cue_read = cue_read or (self.cue if cue != self.cue else "")
        # Not by ``replace``, which takes several times as long: every reason passes here.
        return Evidence(
            self.observation,
            self.label,
            start,
            end,
            phrase,
            self.rule,
            cue_start,
            cue_end,
            cue,
            self.probability,
            read,
            cue_read,
        )
