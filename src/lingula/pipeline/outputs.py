"""Everything a run writes, a window at a time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.pipeline.evidence_table import EvidenceRow, evidence_batch, evidence_schema
from lingula.pipeline.layout import Layout
from lingula.pipeline.opening import Opened
from lingula.pipeline.places import Places, RejectsFile, beside, publish, remove, writing
from lingula.pipeline.remarks import Remark, remark_counts
from lingula.pipeline.seen import SeenHashes
from lingula.pipeline.windows import Window
from lingula.tables.cells import cell_texts
from lingula.tables.dicom_labels import DicomLabels
from lingula.tables.formats import TableFormat
from lingula.tables.open_sink import open_sink
from lingula.tables.sink import TableSink

if TYPE_CHECKING:
    import pyarrow as pa


class Outputs:
    """The labeled table, the evidence and the rejects; counts rows, labels and ids.

    Args:
        places: Where to write.
        layout: The output's columns.
        opened: The input.
        language: "en" ends the run at the first row that is not English.
        dicom: Where the labels go as structured reports too, or None.

    Raises:
        ColumnError: If a new column's name is taken.
        InputError: If a file cannot be written.
    """

    def __init__(
        self,
        places: Places,
        layout: Layout,
        opened: Opened,
        *,
        language: str = "check",
        dicom: DicomLabels | None = None,
    ) -> None:
        self._source = opened.table.name
        self._language = language
        self._dicom = dicom
        self._places = places
        self._layout = layout
        self._text_columns = opened.columns
        self._text_names = opened.names
        self._id_column = opened.id_column
        self._ids = SeenHashes()
        self.rejects = RejectsFile(places.rejects)
        self.rows = 0
        self.remarks: Counter[Remark] = Counter()
        self.counts = np.zeros((len(layout.schema), 4), dtype=np.int64)
        self.duplicate_ids = 0
        self.first_duplicate_id: str | None = None
        self._sinks: list[TableSink] = []
        self._evidence: TableSink | None = None
        try:
            self._schema = layout.output_schema(opened.table.name)
            self._table = self._open(places.output, self._schema, places.output_format)
            if places.evidence is not None and places.evidence_format is not None:
                self._evidence = self._open(
                    places.evidence, evidence_schema(), places.evidence_format
                )
        except BaseException:
            self.abandon()
            raise

    def write(self, window: Window) -> None:
        """Write the rows of a window whose slots are filled.

        Raises:
            InputError: If they cannot be written, or a row is not English and must be.
        """
        remarks = window.remarks()
        self._refuse_other_languages(remarks)
        self.remarks.update(remark_counts(remarks))
        width = len(self._layout.schema)
        classes = window.classes(width)
        probabilities = None
        if self._layout.probabilities:
            probabilities = window.probabilities(width)
        batch = self._layout.output_batch(
            self._schema, window.batch, window.texts, classes, probabilities
        )
        with writing(self._places.output):
            self._table.write(batch)
        ids = self._read_ids(window.batch)
        if self._evidence is not None and self._places.evidence is not None:
            with writing(self._places.evidence):
                self._evidence.write(self._evidence_of(window, ids))
        if self._dicom is not None:
            with writing(self._dicom.folder):
                self._dicom.write(window.batch.column("id").to_pylist(), classes)
        self.rows += batch.num_rows
        for label in range(4):
            self.counts[:, label] += (classes == label).sum(axis=0)

    def publish(self) -> None:
        """Finish the files and give them their names, the labeled table last.

        Raises:
            InputError: If they cannot be written.
        """
        places = self._places
        with writing(places.output):
            self._table.close()
        if self._evidence is not None and places.evidence is not None:
            with writing(places.evidence):
                self._evidence.close()
                publish(places.evidence)
        if self._dicom is not None:
            with writing(self._dicom.folder):
                self._dicom.publish()
        with writing(places.rejects):
            self.rejects.close()
            if self.rejects.count:
                publish(places.rejects)
            else:
                # Rejects of an earlier run would be taken for those of this one.
                places.rejects.unlink(missing_ok=True)
        with writing(places.output):
            publish(places.output)

    def abandon(self) -> None:
        """Leave nothing behind that is not whole."""
        for sink in self._sinks:
            sink.abandon()
        self.rejects.abandon()
        if self._dicom is not None:
            self._dicom.abandon()
        remove(self._places.output)
        remove(self._places.rejects)
        if self._places.evidence is not None:
            remove(self._places.evidence)

    def _open(self, path: Path, schema: pa.Schema, table_format: TableFormat) -> TableSink:
        with writing(path):
            sink = open_sink(beside(path), schema, table_format)
        self._sinks.append(sink)
        return sink

    def _refuse_other_languages(self, remarks: npt.NDArray[np.uint8]) -> None:
        if self._language != "en":
            return
        rows = np.flatnonzero(remarks & Remark.NOT_ENGLISH.value)
        if len(rows):
            raise InputError(
                f"{self._source}: row {self.rows + int(rows[0]) + 1} is not English, as "
                "--language en demands; without it such rows are left blank and counted"
            )

    def _read_ids(self, batch: pa.RecordBatch) -> list[str | None] | None:
        """The ids of a batch as text; counts those that were there before."""
        if self._id_column is None:
            return None
        name = batch.schema.names[self._id_column]
        ids: list[str | None] = cell_texts(batch.column(self._id_column), name).to_pylist()
        given = [text for text in ids if text]
        old = self._ids.add(np.fromiter(map(hash, given), dtype=np.int64, count=len(given)))
        if old.any():
            self.duplicate_ids += int(old.sum())
            if self.first_duplicate_id is None:
                self.first_duplicate_id = given[int(old.argmax())]
        return ids

    def _evidence_of(self, window: Window, ids: list[str | None] | None) -> pa.RecordBatch:
        columns = [window.batch.column(position).to_pylist() for position in self._text_columns]
        rows = (
            EvidenceRow(
                self.rows + row + 1,
                None if ids is None else ids[row],
                [column[row] for column in columns],
                window.slots[slot].evidence,
            )
            for row, slot in enumerate(window.indices.tolist())
        )
        return evidence_batch(rows, self._text_names)
