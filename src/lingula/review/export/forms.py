"""The tables of an export, as pyarrow tables: training form, readers side by side, long, trail."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lingula.labels import VALUES, Schema
from lingula.pipeline.layout import CHEXBERT_TEXT
from lingula.review.export.deciding import OPEN, Decided
from lingula.review.records import FLAGS, Collected
from lingula.review.store import Store
from lingula.schemas import CHEXBERT_ORDER
from lingula.text.sections import select_sections

if TYPE_CHECKING:
    import pyarrow as pa

ID = "id"
PATIENT = "patient_id"
Rows = npt.NDArray[np.intp]


def training_table(store: Store, data: Collected, decided: Decided, rows: Rows) -> pa.Table:
    """One report a row, one label a cell: what ``train`` and ``evaluate`` read.

    The text and label columns are those of CheXbert's training data (Smit et al., EMNLP 2020); the
    text holds the sections that the labeler reads. Behind them: how the labels came about, the
    round, and the chance with which the report was chosen into it.
    """
    import pyarrow as pa

    review = store.settings()
    columns = _first_columns(data, rows, review.sections)
    for name in label_order(review.schema):
        columns[name] = _labels(decided.classes[rows, review.schema.index(name)])
    columns["labels_by"] = pa.array([decided.how[row] for row in rows], pa.string())
    columns.update(_sampling(data, rows))
    return pa.table(columns)


def readers_table(store: Store, data: Collected, decided: Decided, rows: Rows) -> pa.Table:
    """The same with everybody's labels beside the final ones, as "Edema (reader1)"."""
    import pyarrow as pa

    review = store.settings()
    columns = _first_columns(data, rows, review.sections)
    order = label_order(review.schema)
    for name in order:
        columns[name] = _labels(decided.classes[rows, review.schema.index(name)])
    columns["labels_by"] = pa.array([decided.how[row] for row in rows], pa.string())
    for place, person in enumerate(data.people):
        columns[f"submitted ({person.name})"] = pa.array(data.submitted[place, rows])
        flags = [FLAGS[flag - 1] if flag else None for flag in data.flags[place, rows]]
        columns[f"flag ({person.name})"] = pa.array(flags, pa.string())
        for name in order:
            classes = data.classes[place, rows, review.schema.index(name)]
            columns[f"{name} ({person.name})"] = _labels(classes)
    columns.update(_sampling(data, rows))
    return pa.table(columns)


def long_table(store: Store, data: Collected, rows: Rows) -> pa.Table:
    """One row for each person, report and observation, with reasons and times.

    ``answered`` says whether the person answered the cell, or submitted the report with it as it
    was ("taken"); ``marked`` holds the words that they marked as the reason.
    """
    import pyarrow as pa

    review = store.settings()
    given = {(a.person_id, a.report_id, a.observation): a.recorded for a in store.answers()}
    notes: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    for remark in store.remarks():
        key = (remark.person_id, remark.report_id)
        notes[key][remark.observation if remark.kind == "mark" else ""] = remark.value
    seconds = store.seconds()
    out: dict[str, list[Any]] = {name: [] for name in _LONG}
    for row in rows:
        report = int(data.reports[row])
        for place, person in enumerate(data.people):
            if not data.submitted[place, row]:
                continue
            flag = int(data.flags[place, row])
            note = notes.get((person.id, report), {})
            for at, name in enumerate(review.schema.names):
                label = int(data.classes[place, row, at])
                when = given.get((person.id, report, name))
                spans = note.get(name, "")
                values = (
                    data.names[row],
                    person.name,
                    person.role,
                    name,
                    None if label in (OPEN, 0) else float(VALUES[label]),
                    None if flag else ("answered" if when else "taken"),
                    when,
                    spans or None,
                    _words(data.texts[row], spans) or None,
                    note.get("") or None,
                    FLAGS[flag - 1] if flag else None,
                    float(seconds[person.id][report]),
                    int(data.rounds[row]),
                    float(data.probabilities[row]),
                )
                for column, value in zip(_LONG, values, strict=True):
                    out[column].append(value)
    types = _long_types()
    return pa.table({name: pa.array(out[name], types[name]) for name in _LONG})


_LONG = (
    ID,
    "reader",
    "role",
    "observation",
    "label",
    "answered",
    "answered_at",
    "marks",
    "marked",
    "comment",
    "flag",
    "report_seconds",
    "round",
    "selection_probability",
)


def _long_types() -> dict[str, Any]:
    import pyarrow as pa

    types = dict.fromkeys(_LONG, pa.string())
    types["label"] = pa.float32()
    types["answered_at"] = pa.timestamp("ms", tz="UTC")
    types["report_seconds"] = types["selection_probability"] = pa.float64()
    types["round"] = pa.int32()
    return types


def trail_table(store: Store) -> pa.Table:
    """Every judgement that was ever made, in order; nothing is left out, nothing put right."""
    import pyarrow as pa

    names = (
        "number",
        "judgement",
        "reader",
        "role",
        ID,
        "kind",
        "observation",
        "value",
        "classes",
        "page_version",
        "proposals_version",
        "seconds_spent",
        "recorded",
    )
    rows = list(store.trail())
    types = dict.fromkeys(names, pa.string())
    types["number"], types["seconds_spent"] = pa.int64(), pa.float64()
    types["recorded"] = pa.timestamp("ms", tz="UTC")
    return pa.table(
        {
            name: pa.array([row[place] for row in rows], types[name])
            for place, name in enumerate(names)
        }
    )


def label_order(schema: Schema) -> tuple[str, ...]:
    """CheXbert's order for its own observations, else the schema's."""
    return CHEXBERT_ORDER if set(CHEXBERT_ORDER) == set(schema.names) else schema.names


def _first_columns(
    data: Collected, rows: Rows, sections: tuple[str, ...] | None
) -> dict[str, pa.Array]:
    import pyarrow as pa

    texts = [data.texts[row] for row in rows]
    if sections is not None:
        texts = [select_sections(text, sections).text for text in texts]
    columns = {ID: pa.array([data.names[row] for row in rows], pa.string())}
    if any(data.patients):
        columns[PATIENT] = pa.array([data.patients[row] or None for row in rows], pa.string())
    columns[CHEXBERT_TEXT] = pa.array(texts, pa.string())
    return columns


def _sampling(data: Collected, rows: Rows) -> dict[str, pa.Array]:
    import pyarrow as pa

    return {
        "round": pa.array(data.rounds[rows]),
        "chosen_by": pa.array([data.why[row] for row in rows], pa.string()),
        "selection_probability": pa.array(data.probabilities[rows]),
    }


def _labels(classes: npt.NDArray[np.int8]) -> pa.Array:
    """Cells of a table: blank and open ones are null."""
    import pyarrow as pa

    return pa.array(VALUES[np.maximum(classes, 0)], pa.float32(), mask=classes <= 0)


def _words(text: str, spans: str) -> str:
    """Marked words, with " … " between the pieces."""
    pieces = [tuple(map(int, span.split("-"))) for span in spans.split()]
    return " … ".join(text[start:end] for start, end in pieces)
