"""Why a report got its labels: the labels with the words, cues and rules behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lingula.labels import Evidence, Label, Labeler, Labels
from lingula.text.sections import select_sections


@dataclass(frozen=True)
class LabelReason:
    """One label of a report and what was said of it.

    Attributes:
        observation: Name of the observation.
        label: The report's label.
        deciding: The mentions that say just this.
        overruled: Other mentions of the same observation.
        probability: That of the label, or None for a labeler that has none.
        given: The label that a table holds for the report, or None.
    """

    observation: str
    label: Label
    deciding: tuple[Evidence, ...] = ()
    overruled: tuple[Evidence, ...] = ()
    probability: float | None = None
    given: Label | None = None

    @property
    def differs(self) -> bool:
        """Whether a table holds another label than the labeler's."""
        return self.given is not None and self.given is not self.label


@dataclass(frozen=True)
class Explanation:
    """A report with the reasons for its labels.

    Attributes:
        text: The report as it was given; offsets point into it.
        reasons: One entry for each label that is not blank, for each blank that has evidence, and
            for each label that differs from a table's.
        name: What the report is called, such as its id.
        labeler: What the labeler is called.
    """

    text: str
    reasons: tuple[LabelReason, ...]
    name: str = ""
    labeler: str = "rules"

    def _repr_html_(self) -> str:
        from lingula.explain.document import document

        return document((self,), title=self.name)._repr_html_()


def explain(
    labeler: Labeler,
    texts: Sequence[str],
    *,
    sections: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    given: Labels | None = None,
) -> list[Explanation]:
    """Explanations of the labels that a labeler with evidence gives.

    Args:
        labeler: A labeler that gives evidence: the rules.
        texts: n reports.
        sections: Names of the sections to label (``lingula.text.sections.SECTION_NAMES``), or
            None for the texts as they are.
        names: What the reports are called.
        given: Labels that a table holds for them; observations that the labeler does not know
            are passed over.

    Raises:
        LingulaError: If the labeler gives no evidence.
        InputError: If a section's name is unknown.
    """
    selections = [None if sections is None else select_sections(x, sections) for x in texts]
    chosen = [
        text if selection is None else selection.text
        for text, selection in zip(texts, selections, strict=True)
    ]
    labels = labeler.label(chosen, evidence=True)
    assert labels.evidence is not None
    found = []
    for row, (text, selection) in enumerate(zip(texts, selections, strict=True)):
        evidence = labels.evidence[row]
        if selection is not None:
            evidence = tuple(item.in_source(selection.span, text) for item in evidence)
        found.append(
            Explanation(
                text,
                _reasons(labels, row, evidence, given),
                "" if names is None else names[row],
                getattr(labeler, "name", type(labeler).__name__),
            )
        )
    return found


def _reasons(
    labels: Labels, row: int, evidence: Sequence[Evidence], given: Labels | None
) -> tuple[LabelReason, ...]:
    reasons = []
    for column, name in enumerate(labels.schema.names):
        label = Label(int(labels.classes[row, column]))
        mentions = [item for item in evidence if item.observation == name]
        deciding = tuple(item for item in mentions if item.label is label)
        reason = LabelReason(
            name,
            label,
            deciding,
            tuple(item for item in mentions if item not in deciding),
            None
            if labels.probabilities is None
            else float(labels.probabilities[row, column, int(label)]),
            None
            if given is None or name not in given.schema
            else Label(int(given.classes[row, given.schema.index(name)])),
        )
        if label is not Label.BLANK or mentions or reason.differs:
            reasons.append(reason)
    return tuple(reasons)
