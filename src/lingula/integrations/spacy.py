"""A spaCy component: labels on the document, mentions as a span group::

    nlp = spacy.blank("en")
    nlp.add_pipe("lingula", config={"labeler": "rules"})
    doc = nlp("No pneumothorax. Possible pneumonia.")
    doc._.lingula["Pneumonia"]                  # -1: uncertain
    for span in doc.spans["lingula"]:
        span.text, span.label_, span._.lingula["label"], span._.lingula["cue"]

All that it leaves on a document are plain values, so documents can be stored as any others. spaCy
finds the component by its entry point: nothing needs to be imported first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from lingula.defaults import DEFAULT_LABELER
from lingula.errors import MissingExtraError
from lingula.labels import Evidence, Label, Labeler, Labels
from lingula.loading import load
from lingula.text.sections import select_sections

try:
    from spacy.language import Language
    from spacy.tokens import Doc, Span
except ImportError:
    raise MissingExtraError("The spaCy component", "spacy") from None

__all__ = ["LabelComponent", "make"]

#: Name of the component, of the span group, and of the extensions.
NAME = "lingula"
#: Where a document keeps its labels and reasons, as plain values.
VALUES, REASONS = f"{NAME}_values", f"{NAME}_reasons"


class LabelComponent:
    """Labels documents; ``make`` builds it from a pipeline's configuration.

    Args:
        labeler: Any labeler.
        sections: Names of the sections to read, such as ("findings", "impression"); None for the
            whole document.
        evidence: Whether to mark the mentions; the labeler must give evidence.

    Raises:
        InputError: If a section's name is unknown (when the first document comes).
    """

    def __init__(
        self, labeler: Labeler, sections: Sequence[str] | None = None, *, evidence: bool = True
    ) -> None:
        self.labeler = labeler
        self.sections = sections
        self.evidence = evidence
        Doc.set_extension(NAME, getter=_labels_of, force=True)
        Span.set_extension(NAME, getter=_reason_of, force=True)

    def __call__(self, doc: Doc) -> Doc:
        """Label one document."""
        return self._label([doc])[0]

    def pipe(self, stream: Iterable[Doc], batch_size: int = 256) -> Iterator[Doc]:
        """Label many documents, so many at once."""
        waiting = iter(stream)
        while batch := list(islice(waiting, batch_size)):
            yield from self._label(batch)

    def _label(self, docs: list[Doc]) -> list[Doc]:
        chosen = [
            None if self.sections is None else select_sections(doc.text, self.sections)
            for doc in docs
        ]
        texts = [
            doc.text if selection is None else selection.text
            for doc, selection in zip(docs, chosen, strict=True)
        ]
        labels = self.labeler.label(texts, evidence=self.evidence)
        for row, (doc, selection) in enumerate(zip(docs, chosen, strict=True)):
            found = () if labels.evidence is None else labels.evidence[row]
            if selection is not None:
                found = tuple(item.in_source(selection.span, doc.text) for item in found)
            _leave(doc, labels, row, found)
        return docs


def _leave(doc: Doc, labels: Labels, row: int, found: Sequence[Evidence]) -> None:
    """Put labels and reasons on a document."""
    doc.user_data[VALUES] = {
        name: None if math.isnan(value) else int(value)
        for name, value in zip(labels.schema.names, labels.values[row].tolist(), strict=True)
    }
    reasons: dict[str, dict[str, Any]] = {}
    spans = []
    for item in found:
        if item.label is Label.BLANK:  # says why No Finding is blank, and is no mention
            continue
        # A mention that ends inside a token ("effusion-free") is shown as the whole token.
        span = doc.char_span(item.start, item.end, item.observation, alignment_mode="expand")
        if span is not None and len(span):
            spans.append(span)
            reasons[_key(span)] = {
                "label": item.label.name.lower(),
                "cue": item.cue,
                "rule": item.rule,
                "probability": item.probability,
                "start": item.start,
                "end": item.end,
            }
    doc.user_data[REASONS] = reasons
    doc.spans[NAME] = spans


def _labels_of(doc: Doc) -> dict[str, int | None] | None:
    """Observation -> 1 (positive), 0 (negative), -1 (uncertain), None (blank)."""
    found: dict[str, int | None] | None = doc.user_data.get(VALUES)
    return found


def _reason_of(span: Span) -> dict[str, Any] | None:
    """Label, cue, rule, probability and character offsets of a span of ``doc.spans["lingula"]``."""
    found: dict[str, Any] | None = span.doc.user_data.get(REASONS, {}).get(_key(span))
    return found


def _key(span: Span) -> str:
    return f"{span.start_char} {span.end_char} {span.label_}"


@Language.factory(
    NAME,
    default_config={"labeler": DEFAULT_LABELER, "sections": None, "evidence": True, "options": {}},
    assigns=[f"doc._.{NAME}", "doc.spans"],
    retokenizes=False,
)
def make(  # noqa: PLR0917 - spaCy passes names
    nlp: Language,
    name: str,
    labeler: str,
    sections: list[str] | None,
    evidence: bool,
    options: dict[str, Any],
) -> LabelComponent:
    """The component of a pipeline's configuration.

    Args:
        nlp: The pipeline.
        name: What it calls the component.
        labeler: What ``lingula.load`` takes.
        sections: Sections to read, or None.
        evidence: Whether to mark the mentions.
        options: Further options of ``lingula.load``.
    """
    return LabelComponent(load(labeler, **options), sections, evidence=evidence)
