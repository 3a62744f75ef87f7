"""How published work computes "CheXbert F1": seven conventions, as data (``conventions.toml``).

They differ in what an uncertain label becomes, over which observations they average, and how; the
same labels score differently under each. All of them take blank and negative as 0.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lingula.errors import InputError
from lingula.schemas import load_schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: The 14 observations of CheXpert (Irvin et al., AAAI 2019), in the order of its tables.
FOURTEEN = load_schema("chexpert14").names

#: The five on which CheXpert compares models with radiologists (Irvin et al., AAAI 2019).
FIVE = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")

#: Name of a class set -> its observations.
CLASS_SETS: dict[str, tuple[str, ...]] = {"14": FOURTEEN, "5": FIVE}

#: Name of an uncertain policy -> what it does; the names are CheXpert's (U-Ones, U-Zeros,
#: U-MultiClass).
UNCERTAIN_POLICIES: dict[str, str] = {
    "ones": "uncertain counts as positive",
    "zeros": "uncertain counts as negative",
    "multiclass": "uncertain is a class of its own beside positive",
}

#: How figures of several observations become one. "example-based" is one value a report, then the
#: mean over reports (scikit-learn: samples); "per-observation" leaves them apart.
AVERAGES = ("micro", "macro", "weighted", "example-based", "per-observation")

PRF = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Figure:
    """One number of a convention.

    Attributes:
        measure: precision, recall, f1, accuracy (share of equal labels), exact_match (share of
            reports whose labels are all equal; scikit-learn's subset accuracy) or auroc.
        average: One of ``AVERAGES``. Micro accuracy is over all labels of all reports.
        class_set: Key of ``CLASS_SETS``.
        uncertain: Key of ``UNCERTAIN_POLICIES``.
        source_key: What the convention's own code calls the number, or an empty string.
        observation: Name of the observation if the average is "per-observation", else empty.
    """

    measure: str
    average: str
    class_set: str
    uncertain: str
    source_key: str = ""
    observation: str = ""


@dataclass(frozen=True)
class FigureGroup:
    """The figures of all pairs of some measures and averages over one class set.

    ``source_key`` is a pattern: {measure}, {MEASURE}, {average}, {AVERAGE}, {observation} are
    filled in; {report_measure} and {report_average} are the words of scikit-learn's classification
    report.
    """

    measures: tuple[str, ...]
    averages: tuple[str, ...]
    class_set: str
    uncertain: str
    source_key: str = ""

    def figures(self) -> Iterator[Figure]:
        """The figures, averages outermost."""
        for average in self.averages:
            per_observation = average == "per-observation"
            for observation in CLASS_SETS[self.class_set] if per_observation else ("",):
                for measure in self.measures:
                    key = self.source_key.format(
                        measure=measure,
                        MEASURE=measure.upper(),
                        average=average,
                        AVERAGE=average.upper(),
                        observation=observation,
                        report_measure="f1-score" if measure == "f1" else measure,
                        report_average="samples" if average == "example-based" else average,
                    )
                    yield Figure(measure, average, self.class_set, self.uncertain, key, observation)


@dataclass(frozen=True)
class Convention:
    """One published way to compute clinical-efficacy scores from CheXpert labels.

    Attributes:
        name: As ``--convention`` takes it.
        source: The public code or paper that computes it so.
        groups: Which figures it has.
        zero_division: Value of 0/0 in precision, recall and F1.
        drops_duplicates: Whether of reports with one id only the first counts; elsewhere a
            repeated id is an error.
        peculiarities: What a reader of its figures must know, one sentence each.
    """

    name: str
    source: str
    groups: tuple[FigureGroup, ...]
    zero_division: float = 0.0
    drops_duplicates: bool = False
    peculiarities: tuple[str, ...] = ()

    def figures(self) -> tuple[Figure, ...]:
        """All figures, in the order in which they are shown."""
        return tuple(figure for group in self.groups for figure in group.figures())

    @property
    def uncertain_policies(self) -> tuple[str, ...]:
        """The uncertain policies that occur in it; more than one where it mixes them."""
        return tuple(dict.fromkeys(group.uncertain for group in self.groups))

    @property
    def class_sets(self) -> tuple[str, ...]:
        """The class sets that occur in it."""
        return tuple(dict.fromkeys(group.class_set for group in self.groups))

    @property
    def averages(self) -> tuple[str, ...]:
        """The averages that occur in it."""
        return tuple(dict.fromkeys(a for group in self.groups for a in group.averages))


def _read() -> dict[str, Convention]:
    with (Path(__file__).parent / "conventions.toml").open("rb") as file:
        entries = tomllib.load(file)["convention"]
    found = {}
    for entry in entries:
        groups = tuple(FigureGroup(**_tuples(group)) for group in entry.pop("groups"))
        found[entry["name"]] = Convention(**_tuples(entry), groups=groups)
    return found


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}


#: Name -> convention, in the order of the documentation.
CONVENTIONS: dict[str, Convention] = _read()


def find_conventions(names: str | tuple[str, ...] | list[str]) -> tuple[Convention, ...]:
    """Conventions by name; "all" gives all of them.

    Raises:
        InputError: If there is no convention of that name; the message lists those there are.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    if not wanted:
        raise InputError(f"name at least one convention: {', '.join(CONVENTIONS)}, or all")
    found: dict[str, Convention] = {}
    for name in wanted:
        if name == "all":
            found.update(CONVENTIONS)
        elif name in CONVENTIONS:
            found[name] = CONVENTIONS[name]
        else:
            raise InputError(
                f"there is no convention {name!r}; choose from {', '.join(CONVENTIONS)}, or all"
            )
    return tuple(found.values())
