"""Brings labels that were made elsewhere into a review."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from lingula.errors import InputError, ReviewError
from lingula.labels import Label, Schema
from lingula.review.foreign import ForeignLabels, read_foreign
from lingula.review.store import Store
from lingula.review.store.importing import Imported


@dataclass(frozen=True)
class ImportedLabels:
    """What was brought in.

    Attributes:
        readers: Reports with new labels, by reader.
        left_out: Entries on reports that the review does not have.
    """

    readers: dict[str, int]
    left_out: int


def import_labels(
    store: Store, path: Path, reader: str | None = None, *, shared_ids: bool = False
) -> ImportedLabels:
    """Add the labels of a file to a review, whole or not at all.

    Reports are known by their ids, or else by their texts.

    Args:
        store: Of the review.
        path: Label Studio's JSON, doccano's JSON Lines, or a table of labels.
        reader: Whose labels they are; needed where the file does not say.
        shared_ids: Leave out reports that the review does not have.

    Raises:
        InputError: If the file cannot be read, or names a report that the review does not have.
        ReviewError: If it is not said whose labels they are.
    """
    schema = store.settings().schema
    by_reader: dict[str, list[Imported]] = defaultdict(list)
    known = store.report_numbers()
    texts: dict[str, int] | None = None
    left_out = 0
    for place, item in enumerate(read_foreign(path, schema), start=1):
        name = reader or item.reader
        if not name:
            raise ReviewError(f"{path}: does not say whose labels they are; add --reader NAME")
        number = known.get(item.report or "")
        if number is None and item.text is not None:
            if texts is None:
                texts = store.report_texts()
            number = texts.get(" ".join(item.text.split()))
        if number is None and shared_ids:
            left_out += 1
            continue
        if number is None:
            raise InputError(
                f"{path}, entry {place}: its report is not in this review, neither by its id "
                f"({(item.report or 'none')[:40]!r}) nor by its text; leave such entries out with "
                "--shared-ids"
            )
        by_reader[name].append(_row(number, item, schema))
    if not by_reader:
        raise InputError(f"{path}: holds no labels")
    return ImportedLabels(store.add_labels(dict(by_reader)), left_out)


def _row(number: int, item: ForeignLabels, schema: Schema) -> Imported:
    permits = schema.permits()
    classes = []
    for at, name in enumerate(schema.names):
        label = item.classes.get(name, Label.BLANK)
        if not permits[at, label]:
            raise InputError(f"{name} cannot be {label.name.lower()} in the schema {schema.name!r}")
        classes.append(int(label))
    marks = tuple(
        (name, " ".join(f"{start}-{end}" for start, end in spans if end > start >= 0))
        for name, spans in item.marks.items()
    )
    return Imported(number, tuple(classes), marks, item.flag)
