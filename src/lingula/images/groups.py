"""Scores of films looked at by group, and the thresholds that a use would need.

A model may be good on the whole and fail in a group, silently (Oakden-Rayner et al., CHIL 2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from lingula.documents import Column, Document, Kind, Note, Section, Table
from lingula.images.film_set import Films
from lingula.images.group_areas import FEWEST, Bools, GroupSettings, group_area, judged_films
from lingula.images.hidden_strata import FilmStratum, strata_table
from lingula.metrics.curves import ThresholdCounts, threshold_counts
from lingula.scores import Scores

#: Ends of the age bands, in years.
AGES = (0, 18, 40, 60, 80, 200)


def film_groups(films: Films) -> Iterator[tuple[str, str, Bools]]:
    """Kind, name and films of each group: view, sex and age band."""
    for view in ("frontal", "lateral"):
        yield "view", view, films.views == view
    for letter, name in (("f", "female"), ("m", "male")):
        yield "sex", name, films.sexes == letter
    for low, high in pairwise(AGES):
        name = f"{low} to {high - 1}" if high < AGES[-1] else f"{low} and more"
        yield "age", name, (films.ages >= low) & (films.ages < high)


def youden(counts: ThresholdCounts) -> int:
    """Position of the threshold with the largest sensitivity plus specificity (Youden, 1950)."""
    return int(np.argmax(counts.true_positive_rate - counts.false_positive_rate))


def at_sensitivity(counts: ThresholdCounts, wanted: float) -> int:
    """Position of the highest threshold whose sensitivity is at least that."""
    return int(np.argmax(counts.true_positive_rate >= wanted - 1e-12))


def group_document(
    films: Films, scores: Scores, settings: GroupSettings, strata: Sequence[FilmStratum] = ()
) -> Document:
    """AUROC by group, by hidden stratum, and thresholds, of films with labels and scores.

    Args:
        films: n films with labels of the scores' observations.
        scores: Of the same films.
        settings: How.
        strata: What reports tell of the findings of the same films.
    """
    sections = [
        Section("By group", (_by_group(films, scores, settings),)),
        *([Section("Hidden strata", strata_table(films, scores, settings, strata))] * bool(strata)),
        Section("Thresholds", (_thresholds(films, scores, settings), _WARNING)),
    ]
    summary = f"{len(films):,} films; blank counts as {settings.blank}"
    return Document("Films by group", tuple(sections), summary=summary)


_WARNING = Note(
    "A threshold that was taken on these films is too good on them; try it on others before it is "
    "used."
)


def _by_group(films: Films, scores: Scores, settings: GroupSettings) -> Table:
    rows = []
    for kind, name, inside in film_groups(films):
        for column, observation in enumerate(scores.schema.names):
            truth, known = judged_films(films, scores, column, settings)
            both = []
            for members in (inside, ~inside):
                chosen = known & members
                both.append(group_area(films, truth, scores.values[:, column], chosen, settings))
            if both[0] is None:
                continue
            counts = (int((truth & known & inside).sum()), int((~truth & known & inside).sum()))
            rows.append((kind, name, observation, both[0], both[1], *counts))
    return Table(
        "groups",
        "AUROC by group",
        (
            Column("kind", "Group"),
            Column("group", ""),
            Column("observation", "Observation"),
            Column("auroc", "AUROC", Kind.FIGURE),
            Column("others", "Of the others", Kind.FIGURE),
            Column("positives", "Positive", Kind.COUNT),
            Column("negatives", "Negative", Kind.COUNT),
        ),
        tuple(rows),
        note=f"Groups with fewer than {FEWEST} films of either class are left out. Intervals: "
        f"bootstrap over patients, 95%, {settings.resamples:,} resamples.",
    )


def _thresholds(films: Films, scores: Scores, settings: GroupSettings) -> Table:
    rows = []
    for column, observation in enumerate(scores.schema.names):
        truth, known = judged_films(films, scores, column, settings)
        counts = threshold_counts(truth[known], scores.values[known, column])
        if not counts.both_classes:
            continue
        for name, place in (
            ("Youden", youden(counts)),
            (f"sensitivity {settings.sensitivity:g}", at_sensitivity(counts, settings.sensitivity)),
        ):
            sensitivity = float(counts.true_positive_rate[place])
            specificity = 1 - float(counts.false_positive_rate[place])
            threshold = float(counts.thresholds[place])
            rows.append((observation, name, threshold, sensitivity, specificity))
    return Table(
        "thresholds",
        "Thresholds",
        (
            Column("observation", "Observation"),
            Column("rule", "Rule"),
            Column("threshold", "Score at least", Kind.FIGURE),
            Column("sensitivity", "Sensitivity", Kind.FIGURE),
            Column("specificity", "Specificity", Kind.FIGURE),
        ),
        tuple(rows),
    )
