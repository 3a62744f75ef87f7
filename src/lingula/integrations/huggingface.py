"""For Hugging Face's ``datasets`` and ``transformers``: a function to map, and a pipeline's like::

    dataset = dataset.map(LabelBatch("rules", column="report"), batched=True)

    classify = ReportPipeline("builtin")
    classify("Possible pneumonia.")        # [{"label": "Pneumonia", "value": "uncertain", ...}]

Neither package is imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from lingula.defaults import DEFAULT_LABELER
from lingula.errors import ColumnError
from lingula.labels import Label, Labeler, Labels
from lingula.loading import load
from lingula.text.sections import select_sections

__all__ = ["LabelBatch", "ReportPipeline"]


class LabelBatch:
    """Adds one column an observation to a batch; for ``Dataset.map(..., batched=True)``.

    It pickles to the same bytes every time, and makes its labeler anew in each process, so that
    ``num_proc`` works and ``datasets`` knows its own cached result again. (``datasets`` keeps what
    it maps in its cache folder; with reports that is patient data.)

    Args:
        labeler: A labeler, or what ``lingula.load`` takes.
        column: The column of the reports.
        sections: Sections to read, such as ("findings", "impression"); None for the text as it is.
        suffix: Put after each new column's name.
        options: Further options of ``lingula.load``.
    """

    def __init__(
        self,
        labeler: str | Labeler = DEFAULT_LABELER,
        *,
        column: str = "report",
        sections: Iterable[str] | None = None,
        suffix: str = "",
        **options: Any,
    ) -> None:
        self._chosen = labeler
        self._options = options
        self._labeler: Labeler | None = None
        self._column = column
        self._sections = None if sections is None else tuple(sections)
        self._suffix = suffix

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_labeler": None}

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[float | None]]:
        """The new columns: 1 positive, 0 negative, -1 uncertain, None blank.

        Raises:
            ColumnError: If the batch has no such column.
            InputError: If the column holds no texts, or there is no such labeler.
        """
        if self._column not in batch:
            raise ColumnError(f"there is no column {self._column!r}; it has {', '.join(batch)}")
        if self._labeler is None:
            self._labeler = _loaded(self._chosen, self._options)
        texts = [_read(text, self._sections) for text in batch[self._column]]
        labels = self._labeler.label(texts)
        values = labels.values.astype(object)
        values[np.isnan(labels.values)] = None
        return {
            f"{name}{self._suffix}": values[:, at].tolist()
            for at, name in enumerate(labels.schema.names)
        }


class ReportPipeline:
    """Called as ``transformers.pipeline("text-classification", top_k=None)`` is.

    Each text becomes a list of dictionaries, one a label that is not blank: ``label`` (the
    observation), ``value`` ("positive", "negative" or "uncertain"), and ``score``, the probability
    of that value, None from a labeler that has none.

    Args:
        labeler: A labeler, or what ``lingula.load`` takes.
        batch_size: Texts that are labeled at once, of a stream.
        options: Further options of ``lingula.load``.
    """

    task = "text-classification"

    def __init__(
        self, labeler: str | Labeler = DEFAULT_LABELER, *, batch_size: int = 256, **options: Any
    ) -> None:
        self.labeler = _loaded(labeler, options)
        self.batch_size = batch_size

    def __call__(self, inputs: Any) -> Any:
        """One text -> a list; a list, or a column -> a list of lists; an iterator -> an iterator.

        Raises:
            InputError: If it holds no texts.
        """
        if isinstance(inputs, str):
            return _told(self.labeler.label([inputs]))[0]
        if isinstance(inputs, Iterator):
            return self._stream(inputs)
        return _told(self.labeler.label(inputs))

    def _stream(self, texts: Iterator[str | None]) -> Iterator[list[dict[str, Any]]]:
        while batch := list(islice(texts, self.batch_size)):
            yield from _told(self.labeler.label(batch))


def _loaded(labeler: str | Labeler, options: dict[str, Any]) -> Labeler:
    return load(labeler, **options) if isinstance(labeler, str) else labeler


def _read(text: str | None, sections: tuple[str, ...] | None) -> str | None:
    return text if text is None or sections is None else select_sections(text, sections).text


def _told(labels: Labels) -> list[list[dict[str, Any]]]:
    found = []
    for row, classes in enumerate(labels.classes.tolist()):
        chances = None if labels.probabilities is None else labels.probabilities[row]
        found.append(
            [
                {
                    "label": name,
                    "value": Label(kind).name.lower(),
                    "score": None if chances is None else float(chances[at, kind]),
                }
                for at, (name, kind) in enumerate(zip(labels.schema.names, classes, strict=True))
                if kind != Label.BLANK
            ]
        )
    return found
