"""Read a recipe's sources: reports with patients, given splits and expert labels."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lingula.errors import ColumnError, InputError, RecipeError
from lingula.labels import Label, Schema, is_missing
from lingula.pipeline.texts import chosen_sections
from lingula.text.sections import section_names, select_sections
from lingula.training.data.examples import Bools, Classes, Examples, text_key
from lingula.training.data.openi import OpenIReport, measured_ids, read_openi
from lingula.training.data.openi_labels import coded_observations, is_coded
from lingula.training.recipe import Source

#: What a split column may say, in lower case.
SPLITS = {"train": "train", "training": "train", "validation": "validation", "valid": "validation",
          "val": "validation", "dev": "validation"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Reports:
    """n reports of one source; those without text are left out.

    Attributes:
        source: The recipe's entry.
        texts: The texts.
        patients: One name a report, or None.
        given: "train" or "validation" a report where the source says so, or None.
        never_train: bool, (n,): reports that must not be trained on.
        classes: int8, (n, k): full expert labels, or None.
        coded: bool, (n,): reports with positive-only labels.
        positive: bool, (n, k): what those say.
    """

    source: Source
    texts: tuple[str, ...]
    patients: tuple[str, ...] | None
    given: tuple[str, ...] | None
    never_train: Bools
    classes: Classes | None
    coded: Bools
    positive: Bools

    def __len__(self) -> int:
        return len(self.texts)


def read_source(source: Source, schema: Schema, folder: Path) -> Reports:
    """The reports of a source.

    Args:
        source: The recipe's entry.
        schema: Observations of the labels.
        folder: Where a relative path begins.

    Raises:
        RecipeError: If the source has no path.
        InputError: If it cannot be read, or has no report.
        ColumnError: If a column is missing.
    """
    if not source.path:
        raise RecipeError(
            f"the source {source.name!r} has no path: give it with --input {source.name}=PATH"
        )
    path = folder / source.path
    if not path.exists():
        raise InputError(f"source {source.name!r}: there is no {path}")
    if source.kind == "openi":
        reports = _from_openi(source, path, schema)
    elif source.kind == "reports":
        wanted = chosen_sections(section_names(source.sections), ())
        texts = [_sections_of(text, wanted) for text in text_files(path)]
        reports = _unlabeled(source, texts, schema)
    else:
        reports = _from_table(source, path, schema)
    if not len(reports):
        raise InputError(f"source {source.name!r}: {path} holds no report")
    return reports


def expert_examples(reports: Reports) -> Examples:
    """The examples of a source with expert labels.

    Positive-only rows have no silver labels here: what is not coded counts as blank.

    Raises:
        InputError: If the source has no labels.
    """
    if reports.classes is not None:
        return Examples.full(reports.texts, reports.classes)
    if not reports.coded.any():
        raise InputError(f"source {reports.source.name!r}: has no labels")
    return Examples(
        reports.texts, reports.positive.astype(np.int8), reports.coded, reports.positive
    )


def _unlabeled(source: Source, texts: list[str], schema: Schema) -> Reports:
    kept = tuple(text for text in texts if not is_missing(text))
    nothing = np.zeros(len(kept), dtype=np.bool_)
    return Reports(
        source, kept, None, None, nothing, None, nothing.copy(),
        np.zeros((len(kept), len(schema)), dtype=np.bool_),
    )  # fmt: skip


def text_files(path: Path) -> list[str]:
    """The .txt files of a folder, or of a wheel or other zip file, in the order of their names."""
    try:
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*.txt")) if file.is_file()]
            return [file.read_text(encoding="utf-8") for file in files]
        with zipfile.ZipFile(path) as archive:
            names = sorted(
                name
                for name in archive.namelist()
                if name.endswith(".txt") and ".dist-info/" not in name
            )
            return [archive.read(name).decode("utf-8") for name in names]
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a folder or zip file of .txt files: {error}") from None


def coded_development(path: Path) -> list[OpenIReport]:
    """Open-i's coded reports with a text, without those that are kept for measuring.

    Short reports occur again and again, so some of these have the text of one that is kept.

    Args:
        path: As ``read_openi`` takes it.
    """
    return [
        item
        for item in read_openi(path)
        if not is_missing(item.text) and item.uid not in measured_ids() and is_coded(item.codes)
    ]


def _from_openi(source: Source, path: Path, schema: Schema) -> Reports:
    every = read_openi(path)
    wanted = chosen_sections(section_names(source.sections), ())
    if wanted is not None:
        every = [_with_sections(item, wanted) for item in every]
    measured = {text_key(item.text) for item in every if item.uid in measured_ids()}
    reports = [
        item for item in every if item.uid not in measured_ids() and not is_missing(item.text)
    ]
    coded = np.array([is_coded(item.codes) for item in reports], dtype=np.bool_)
    positive = coded_observations([item.codes for item in reports], schema)
    if source.labels != "positive-only":
        coded = np.zeros_like(coded)
    return Reports(
        source,
        tuple(item.text for item in reports),
        None,
        None,
        # A test report's text would be trained on under another id.
        np.array([text_key(item.text) in measured for item in reports], dtype=np.bool_),
        None,
        coded,
        positive & coded[:, None],
    )


def _with_sections(report: OpenIReport, names: Sequence[str]) -> OpenIReport:
    """The report with some of its sections only; the archive has two of each."""
    if unknown := set(names) - {"findings", "impression"}:
        raise InputError(f"Open-i's reports have no section {min(unknown)!r}")
    return replace(
        report,
        findings=report.findings if "findings" in names else "",
        impression=report.impression if "impression" in names else "",
    )


def _sections_of(text: str, names: Sequence[str] | None) -> str:
    return text if names is None else select_sections(text, names).text


def _from_table(source: Source, path: Path, schema: Schema) -> Reports:
    from lingula.tables.columns import choose_text_columns, find_column
    from lingula.tables.label_table import read_label_table
    from lingula.tables.open_source import open_source
    from lingula.tables.report_table import texts_of

    table = open_source(path)
    columns = choose_text_columns(table.schema, source.text_columns, str(path))
    asked = [name for name in (source.patient_column, source.split_column) if name]
    others = [find_column(table.schema.names, name, str(path)) for name in asked]
    names = [table.schema.names[position] for position in columns]
    wanted = chosen_sections(section_names(source.sections), names)
    texts: list[str] = []
    cells: list[list[Any]] = [[] for _ in others]
    for batch in table.batches():
        texts += [_sections_of(text or "", wanted) for text in texts_of(batch, columns).to_pylist()]
        for held, position in zip(cells, others, strict=True):
            held.extend(batch.column(position).to_pylist())
    kept = np.array([not is_missing(text) for text in texts], dtype=np.bool_)
    extra = dict(zip(asked, cells, strict=True))
    patients = extra.get(source.patient_column) if source.patient_column else None
    splits = extra.get(source.split_column) if source.split_column else None
    given = None
    if splits is not None:
        words = [SPLITS.get(str(cell).strip().lower(), "") for cell in splits]
        kept &= np.array([bool(word) for word in words], dtype=np.bool_)
        given = tuple(word for word, keep in zip(words, kept, strict=True) if keep)
    chosen = np.flatnonzero(kept)
    made = _unlabeled(source, [texts[row] for row in chosen], schema)
    classes = None
    coded, positive = made.coded, made.positive
    if source.labels != "none":
        labeled = read_label_table(path, schema=schema, by_row_order=True)
        if labeled.missing:
            raise ColumnError(
                f"{path}: has no column for {', '.join(labeled.missing)}; every observation of "
                f"the schema {schema.name!r} needs one, or use a schema of fewer observations"
            )
        if len(labeled) != len(texts):
            raise InputError(f"{path}: has {len(texts)} texts and {len(labeled)} rows of labels")
        classes = labeled.labels.classes[chosen]
        if source.labels == "positive-only":
            coded = np.ones(len(chosen), dtype=np.bool_)
            positive = classes == Label.POSITIVE
            classes = None
    return Reports(
        source,
        made.texts,
        None if patients is None else tuple(str(patients[row]) for row in chosen),
        given,
        made.never_train,
        classes,
        coded,
        positive,
    )
