"""Explanations as a document: the report with its words marked, and a line a label."""

from __future__ import annotations

from collections.abc import Sequence

from lingula.documents import (
    Column,
    Document,
    Exhibit,
    Kind,
    Level,
    Note,
    Passage,
    Section,
    Span,
    Table,
    Tone,
    to_html,
)
from lingula.explain.attribution import Attribution
from lingula.explain.deletion import word_weights
from lingula.explain.reasons import Explanation, LabelReason
from lingula.label_views import marked_words
from lingula.labels import Evidence, Label
from lingula.observations import NO_FINDING

#: Mentions that a line names; the rest are counted.
MOST_MENTIONS = 3
#: Words that are listed with their weights.
MOST_WORDS = 8


def page(
    explanations: Sequence[Explanation],
    *,
    title: str = "Why these labels",
    attributions: Sequence[Attribution] = (),
) -> str:
    """An HTML page; it opens offline, and all text of reports in it is escaped.

    Args:
        explanations: Explanations by rules.
        title: Heading of the page.
        attributions: Token weights of a BERT labeler.

    Raises:
        MissingExtraError: If jinja2 is not installed.
    """
    return to_html(document(explanations, title=title, attributions=attributions))


def document(
    explanations: Sequence[Explanation],
    *,
    title: str = "Why these labels",
    attributions: Sequence[Attribution] = (),
) -> Document:
    """One section a report and, of token weights, one a label."""
    sections = (*map(_reasons, explanations), *map(_weights, attributions))
    nothing = Section("", (Note("No label: the model leaves every observation blank."),))
    return Document(title, sections or (nothing,), form="Explanation")


def _reasons(explanation: Explanation) -> Section:
    report = Passage("report", explanation.text, spans(explanation))
    exhibits: tuple[Exhibit, ...] = (
        report,
        Note("No label: the text names no observation."),
    )
    if explanation.reasons:
        exhibits = (report, _lines(explanation), _mention_table(explanation))
    differs = any(reason.differs for reason in explanation.reasons)
    return Section(explanation.name, exhibits, level=Level.LOOK if differs else None)


def _lines(explanation: Explanation) -> Table:
    columns = (
        Column("observation", "Observation"),
        Column("label", "Label", Kind.LABEL),
        Column("why", "Why", Kind.PROSE),
    )
    rows = tuple((r.observation, _word(r.label), reason_text(r)) for r in explanation.reasons)
    return Table("labels", "", columns, rows, headed=False)


def reason_text(reason: LabelReason) -> str:
    """Why one label is what it is, in one line."""
    parts = [_told(reason.deciding)] if reason.deciding else []
    if reason.overruled:
        told = ", ".join(
            f"{_word(item.label)} {_quoted(item)}" for item in reason.overruled[:MOST_MENTIONS]
        )
        parts.append(f"beside {told}{_more(len(reason.overruled))}")
    if reason.probability is not None:
        parts.append(f"probability {reason.probability:.3f}")
    if reason.differs and reason.given is not None:
        parts.append(f"the table says {_word(reason.given)}")
    return "; ".join(parts)


def _mentions(explanation: Explanation) -> tuple[Evidence, ...]:
    """What was found in the report, in the order of the text, each once."""
    found = dict.fromkeys(
        item
        for reason in explanation.reasons
        if reason.observation != NO_FINDING
        for item in (*reason.deciding, *reason.overruled)
    )
    return tuple(sorted(found, key=lambda item: (item.start, item.end)))


def spans(explanation: Explanation) -> tuple[Span, ...]:
    """Mentions and cues of a report, cut where they overlap.

    A mention carries its number in the table of mentions, behind its last character.
    """
    return tuple(
        Span(x.start, x.end, Tone(_word(x.label)), x.cue, mark=",".join(map(str, x.ending)))
        for x in marked_words(_mentions(explanation))
    )


def _mention_table(explanation: Explanation) -> Table:
    columns = (
        Column("number", "Number", Kind.COUNT),
        Column("words", "Words"),
        Column("observation", "Observation"),
        Column("label", "Label", Kind.LABEL),
        Column("cue", "Cue"),
        Column("rule", "Rule", Kind.PROSE),
    )
    rows = tuple(
        (
            *(n, _shown(x.phrase, x.read), x.observation, _word(x.label)),
            *(_shown(x.cue, x.cue_read) if x.cue else None, x.rule),
        )
        for n, x in enumerate(_mentions(explanation), 1)
    )
    return Table("mentions", "Mentions and their rules", columns, rows, detail=True)


def _weights(item: Attribution) -> Section:
    words = word_weights(item)
    largest = max((abs(weight) for _, _, weight in words), default=0.0) or 1.0
    marked = tuple(
        Span(start, end, Tone.FOR if w > 0 else Tone.AGAINST, strength=abs(w) / largest)
        for start, end, w in words
    )
    ranked = sorted(words, key=lambda word: -abs(word[2]))
    name = f"{item.name}: " if item.name else ""
    return Section(
        f"{name}{item.observation}: {_word(item.label)}",
        (
            Note(item.describe()),
            Passage("report", item.text, marked),
            _word_table(item, ranked[:MOST_WORDS], "Words with the largest weights"),
            _word_table(item, words, "All words", detail=True),
        ),
    )


def _word_table(
    item: Attribution,
    words: Sequence[tuple[int, int, float]],
    title: str,
    *,
    detail: bool = False,
) -> Table:
    columns = (Column("word", "Word"), Column("weight", "Weight", Kind.FIGURE))
    rows = tuple((item.text[start:end], weight) for start, end, weight in words)
    return Table(title.lower(), title, columns, rows, detail=detail)


def _word(label: Label) -> str:
    return label.name.lower()


def _told(items: tuple[Evidence, ...]) -> str:
    return ", ".join(map(_mention, items[:MOST_MENTIONS])) + _more(len(items))


def _mention(item: Evidence) -> str:
    cue = f" with {_shown(item.cue, item.cue_read)}" if item.cue else ""
    return f"{_quoted(item)}{cue} [{item.rule}]".strip()


def _quoted(item: Evidence) -> str:
    return f"{_shown(item.phrase, item.read)} at {item.start}" if item.phrase else ""


def _shown(words: str, read: str) -> str:
    """Words as they stand in the report, and as they were read where that is another thing."""
    told = f' (read as "{_flat(read)}")' if read else ""
    return f'"{_flat(words)}"{told}'


def _flat(words: str) -> str:
    return " ".join(words.split())


def _more(count: int) -> str:
    return f" and {count - MOST_MENTIONS} more" if count > MOST_MENTIONS else ""
