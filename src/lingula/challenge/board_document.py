"""A board as a document: the leaderboard, what it can tell apart, curves with readers, history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingula.challenge.board import Board, Row
from lingula.challenge.board_drawings import drawings, who
from lingula.challenge.board_people import at_specificity, below, decisions, readers
from lingula.challenge.comparing import ALPHA
from lingula.challenge.names import harmless
from lingula.documents import (
    Cell,
    Document,
    Estimate,
    Kind,
    Note,
    Notes,
    Section,
    Table,
)
from lingula.metrics.bootstrap import paired_difference

#: Pairs of entries that a page lists; the JSON file holds all of them.
_PAIRS = 200
_MARK = "*"
_KINDS = {True: "ensemble", False: "single", None: ""}


def to_document(board: Board) -> Document:
    """Everything that may be shown now."""
    terms = board.challenge.terms
    last = board.entries[-1]
    sections = _open(board) if board.open else [_sealed(board)]
    sections.append(_history(board))
    return Document(
        harmless(terms.title, 200),
        tuple(sections),
        form="Leaderboard",
        summary=f"{_standing(board)} Ledger: {last.number:,} entries, the last has the hash "
        f"`{last.hash}`; it is signed with the key `{terms.key}`.",
    )


def _standing(board: Board) -> str:
    terms = board.challenge.terms
    ending = f", which ends at {terms.deadline}," if terms.deadline else ""
    if not board.open:
        return (
            f"The challenge{ending} is open: each team sees one figure of a hidden part of the "
            f"studies, which moves when it gains more than {terms.margin:g}. The board comes at "
            "the close."
        )
    return f"{board.studies:,} studies; the metric is {terms.metric}, averaged over observations."


def _open(board: Board) -> list[Section]:
    if not board.rows:
        return [Section("Leaderboard", (Note("No submission was scored yet."),))]
    kinds = [
        (title, [row for row in board.rows if row.entry.record.ensemble is kind])
        for kind, title in ((False, "Single models"), (True, "Ensembles"))
    ]
    sections = [Section("Leaderboard", (_verdict(board), leaderboard(board), *_marked(board)))]
    for title, rows in kinds:
        if rows and len(rows) < len(board.rows):
            sections.append(Section(title, (leaderboard(board, rows),)))
    if len(board.rows) > 1:
        sections.append(Section("What the test can tell apart", (_pairs(board),)))
    if any(row.decisions is not None for row in board.rows):
        sections.append(Section("Decisions", (decisions(board),)))
    if board.people:
        shown = (readers(board), below(board), at_specificity(board))
        sections.append(Section("Readers", shown))
    sections += drawings(board)
    return sections


def _verdict(board: Board) -> Note:
    """How much the ranks mean, first of all."""
    pairs, raw, adjusted = board.pairs_apart
    if not pairs:
        return Note("One entry: there is nothing to compare.", lead=True)
    found = (
        f"Of all {pairs:,} pairs of entries {raw:,} differ with p below {ALPHA:g}, and "
        f"{adjusted:,} after Holm's correction for the number of pairs. "
    )
    if not adjusted:
        found += "The order on this board is not more than chance can make it."
    else:
        found += "A rank is known only as far as the column Ranks says."
    return Note(found, lead=True)


def _marked(board: Board) -> tuple[Note, ...]:
    few = [
        f"{name} ({count})"
        for name, count, is_few in zip(
            board.challenge.terms.observations, board.positives, board.few, strict=True
        )
        if is_few
    ]
    if not few:
        return ()
    return (
        Note(f"{_MARK} Few positives, so that a figure means little by itself: {', '.join(few)}."),
    )


def leaderboard(board: Board, rows: Sequence[Row] | None = None) -> Table:
    """The leaderboard, or some of its rows, as a table."""
    terms, comparison = board.challenge.terms, board.comparison
    shown = board.rows if rows is None else rows
    at = [next(i for i, each in enumerate(board.rows) if each is row) for row in shown]
    means: list[Cell] = []
    for row, place in zip(shown, at, strict=True):
        ends = comparison.intervals[place] if comparison else None
        means.append(Estimate(row.mean, ends.low if ends else None, ends.high if ends else None))
    columns: list[tuple[str, str, Kind, Sequence[Cell]]] = [
        ("rank", "Rank", Kind.COUNT, [row.rank for row in shown]),
        ("ranks", "Ranks", Kind.TEXT, [_range(row.ranks) for row in shown]),
        ("team", "Team", Kind.TEXT, [harmless(row.entry.record.team) for row in shown]),
        ("model", "Model", Kind.TEXT, [harmless(row.entry.record.title) for row in shown]),
        ("mean", f"Mean {_metric(board)}", Kind.FIGURE, means),
    ]
    if board.people:
        roc = [board.mean_below(row.below_roc) for row in shown]
        other = [board.mean_below(row.below_precision_recall) for row in shown]
        columns.append(("below_roc", "Below ROC", Kind.NUMBER, roc))
        columns.append(("below_pr", "Below PR", Kind.NUMBER, other))
    for k, name in enumerate(terms.observations):
        mark = _MARK if board.few[k] else ""
        columns.append(
            (name, name + mark, Kind.FIGURE, [Estimate(float(row.metric[k])) for row in shown])
        )
    columns.append(("date", "Date", Kind.TEXT, [row.entry.record.time[:10] for row in shown]))
    if any(row.entry.record.ensemble is not None for row in board.rows):
        kinds = [_KINDS[row.entry.record.ensemble] for row in shown]
        columns.append(("kind", "Kind", Kind.TEXT, kinds))
    note = (
        "Ranks: those that the test cannot exclude, by paired bootstrap over patients with Holm's "
        "correction. Intervals: 95%. Equal figures share a rank."
    )
    if board.people:
        note += " Below: mean number of readers below the ROC and the precision-recall curves."
    return Table.of("leaderboard", "", *columns, note=note)


def _metric(board: Board) -> str:
    return "AUROC" if board.challenge.terms.metric == "auroc" else "average precision"


def _range(ends: tuple[int, int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _pairs(board: Board) -> Table:
    """Pairs that some test tells apart before correction, by the p value of their means."""
    found, terms = board.comparison, board.challenge.terms
    if found is None:
        raise ValueError("there are no pairs without rows")
    first, second = np.triu_indices(len(board.rows), 1)
    smallest = np.fmin(found.p_values, np.fmin.reduce(found.delong, axis=0))[first, second]
    by_mean = np.argsort(found.p_values[first, second], kind="stable")
    order = [at for at in by_mean if smallest[at] < ALPHA][:_PAIRS]
    pairs = [(int(first[at]), int(second[at])) for at in order]
    gaps = [
        paired_difference(board.rows[j].mean, board.rows[i].mean, found.means[i] - found.means[j])
        for i, j in pairs
    ]
    columns: list[tuple[str, str, Kind, Sequence[Cell]]] = [
        ("first", "Entry", Kind.TEXT, [who(board.rows[i]) for i, _ in pairs]),
        ("second", "Against", Kind.TEXT, [who(board.rows[j]) for _, j in pairs]),
        (
            "difference",
            "Difference",
            Kind.FIGURE,
            [Estimate(gap.estimate, gap.interval.low, gap.interval.high) for gap in gaps],
        ),
        ("p", "p", Kind.P_VALUE, [float(found.p_values[pair]) for pair in pairs]),
        ("holm", "p, Holm", Kind.P_VALUE, [float(found.adjusted[pair]) for pair in pairs]),
    ]
    if terms.metric == "auroc":
        for k, name in enumerate(terms.observations):
            each = [float(found.delong[k][pair]) for pair in pairs]
            columns.append((f"delong {name}", f"DeLong, {name}", Kind.P_VALUE, each))
    note = (
        "Pairs of entries with any p below 0.05. Mean over the observations: paired bootstrap over "
        "patients, p from its standard error, and after Holm's correction over all pairs. By "
        "observation: DeLong's test, which takes studies as independent; not corrected. All pairs "
        "are in board.json."
    )
    return Table.of("pairs", "", *columns, note=note)


def _sealed(board: Board) -> Section:
    """Before the close: each team's one figure."""
    best: dict[str, tuple[float, int, str]] = {}
    for entry in board.entries:
        record = entry.record
        if record.kind == "scored":
            shown = -np.inf if record.shown is None else record.shown
            before = best.get(record.team, (shown, 0, ""))
            best[record.team] = max(before[0], shown), before[1] + 1, record.time[:10]
    if not best:
        return Section("Leaderboard", (Note("No submission was scored yet."),))
    teams = sorted(best, key=lambda team: (-best[team][0], team))
    table = Table.of(
        "leaderboard",
        "",
        ("team", "Team", Kind.TEXT, [harmless(team) for team in teams]),
        ("figure", f"Public {_metric(board)}", Kind.FIGURE, [best[team][0] for team in teams]),
        ("entries", "Submissions", Kind.COUNT, [best[team][1] for team in teams]),
        ("date", "Last", Kind.TEXT, [best[team][2] for team in teams]),
        note="By the Ladder: a figure changes only when a submission is better by more than the "
        "margin. It says little of the final board, which stands on other studies.",
    )
    return Section("Leaderboard", (table,))


def _history(board: Board) -> Section:
    """Every entry of the ledger with its receipt; no reason and no hidden figure."""
    entries = [entry for entry in board.entries if entry.record.team]
    told = sorted(entries, key=lambda entry: (entry.record.team, entry.number))
    if not told:
        return Section("History", (Notes((Note("No entries yet."),)),))
    table = Table.of(
        "history",
        "",
        ("team", "Team", Kind.TEXT, [harmless(entry.record.team) for entry in told]),
        ("entry", "Entry", Kind.COUNT, [entry.number for entry in told]),
        ("time", "Time", Kind.TEXT, [entry.record.time for entry in told]),
        ("model", "Model", Kind.TEXT, [harmless(entry.record.title) for entry in told]),
        ("link", "Link", Kind.TEXT, [harmless(entry.record.link) for entry in told]),
        ("outcome", "Outcome", Kind.TEXT, [entry.record.kind for entry in told]),
        ("receipt", "Receipt", Kind.TEXT, [entry.hash for entry in told]),
        detail=True,
    )
    return Section("History", (table,))
