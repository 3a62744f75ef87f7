"""The files of a board: a page, JSON, CSV and Markdown, the same bytes for the same ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lingula.challenge.board import Board, Row
from lingula.challenge.board_document import leaderboard, to_document
from lingula.documents import plain, records, to_html, to_markdown, write_text
from lingula.documents import to_csv as csv_text
from lingula.documents import to_json as json_text


def to_json(board: Board) -> str:
    """The board with every digit, as far as it may be shown now."""
    terms, last = board.challenge.terms, board.entries[-1]
    found: dict[str, Any] = {
        "title": terms.title,
        "open": board.open,
        "metric": terms.metric,
        "observations": list(terms.observations),
        "ledger": {"entries": last.number, "hash": last.hash, "key": terms.key},
        "history": [
            {
                "entry": entry.number,
                "time": entry.record.time,
                "kind": entry.record.kind,
                "team": entry.record.team,
                "title": entry.record.title,
                "link": entry.record.link,
                "ensemble": entry.record.ensemble,
                "shown": entry.record.shown,
                "receipt": entry.hash,
            }
            for entry in board.entries
        ],
    }
    if board.open:
        found["studies"] = board.studies
        found["positives"] = dict(zip(terms.observations, board.positives, strict=True))
        found["readers"] = _people(board)
        found["rows"] = _rows(board)
        found["pairs"] = _pairs(board)
    # A ledger may hold what no UTF-8 file can, whoever wrote it.
    return json_text(found).encode("utf-8", "replace").decode("utf-8")


def _people(board: Board) -> list[dict[str, Any]]:
    names = board.challenge.terms.observations
    return [
        {
            "name": person.name,
            "majority": person.is_majority,
            "sensitivity": _named(names, person.point.sensitivity),
            "specificity": _named(names, person.point.specificity),
            "precision": _named(names, person.point.precision),
        }
        for person in board.people
    ]


def _rows(board: Board) -> list[dict[str, Any]]:
    names = board.challenge.terms.observations
    found = []
    for at, row in enumerate(board.rows):
        ends = board.comparison.intervals[at] if board.comparison else None
        areas = board.comparison.areas[at] if board.comparison else ()
        found.append(
            {
                "entry": row.entry.number,
                "team": row.entry.record.team,
                "title": row.entry.record.title,
                "rank": row.rank,
                "ranks": list(row.ranks),
                "mean": plain(row.mean),
                "public_mean": _public(board, row),
                "low": plain(ends.low) if ends else None,
                "high": plain(ends.high) if ends else None,
                "metric": _named(names, row.metric),
                "intervals": {
                    name: [plain(x.low), plain(x.high)]
                    for name, x in zip(names, areas, strict=False)
                },
                "average_precision": _named(names, row.precision),
                "f1": None if row.f1 is None else _named(names, row.f1),
                "matthews": None if row.matthews is None else _named(names, row.matthews),
                "readers_below_roc": board.mean_below(row.below_roc),
                "readers_below_precision_recall": board.mean_below(row.below_precision_recall),
                "readers": {
                    person.name: {
                        "below_roc": dict(zip(names, row.below_roc[i], strict=True)),
                        "below_precision_recall": dict(
                            zip(names, row.below_precision_recall[i], strict=True)
                        ),
                        "sensitivity_at_its_specificity": dict(
                            zip(names, row.sensitivity[i], strict=True)
                        ),
                    }
                    for i, person in enumerate(board.people)
                },
            }
        )
    return found


def _public(board: Board, row: Row) -> float | None:
    """The mean on the public part, which shows what probing got out of it; None without a split."""
    values = row.entry.record.public
    if not board.challenge.terms.sealed or None in values:
        return None
    return sum(value for value in values if value is not None) / len(values)


def _pairs(board: Board) -> list[dict[str, Any]]:
    found = board.comparison
    if found is None:
        return []
    names = board.challenge.terms.observations
    return [
        {
            "entries": [board.rows[i].entry.number, board.rows[j].entry.number],
            "difference": plain(board.rows[i].mean - board.rows[j].mean),
            "p": plain(float(found.p_values[i, j])),
            "p_holm": plain(float(found.adjusted[i, j])),
            "p_delong": _named(names, found.delong[:, i, j]),
        }
        for i, j in zip(*np.triu_indices(len(board.rows), 1), strict=True)
    ]


def _named(names: tuple[str, ...], values: Any) -> dict[str, Any]:
    return {name: plain(float(value)) for name, value in zip(names, values, strict=True)}


def to_csv(board: Board) -> str:
    """The leaderboard, one row an entry, or before the close one row a team."""
    if board.open and board.rows:
        table = leaderboard(board)
    else:
        tables = [x for section in to_document(board).sections for x in section.exhibits]
        table = next((x for x in tables if getattr(x, "name", "") == "leaderboard"), None)  # type: ignore[assignment]
        if table is None:
            return "team\n"
    columns: list[str] = []
    rows: list[dict[str, Any]] = []
    for record in records(table):
        flat: dict[str, Any] = {}
        for name, value in record.items():
            if isinstance(value, dict):
                flat |= {name: value["value"], f"{name}_low": value["low"]}
                flat |= {f"{name}_high": value["high"]}
            else:
                flat[name] = _inert(value)
        columns = columns or list(flat)
        rows.append(flat)
    return csv_text(rows, columns)


def _inert(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" and value else value


def write_board(board: Board, folder: Path) -> tuple[Path, ...]:
    """Write the four files.

    Raises:
        InputError: If one cannot be written.
        MissingExtraError: If jinja2 is not installed.
    """
    folder.mkdir(exist_ok=True)
    document = to_document(board)
    forms: dict[str, Callable[[], str]] = {
        "index.html": lambda: to_html(document),
        "board.json": lambda: to_json(board),
        "board.csv": lambda: to_csv(board),
        "board.md": lambda: to_markdown(document),
    }
    for name, render in forms.items():
        write_text(folder / name, render())
    return tuple(folder / name for name in forms)
