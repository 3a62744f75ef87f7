"""The summary of a run, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lingula.cli.wording import counted
from lingula.labels import Label, Labeler
from lingula.pipeline.remarks import Remark

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lingula.pipeline import Summary

#: Words for missing reports that are shown; the rest are counted.
_MOST_WORDS = 8
_REMARKS = {
    Remark.NOT_ENGLISH: "warning: not English, left blank: {count} (--language any labels them)",
    Remark.NO_REPORT: "warning: no report on a chest, left blank: {count}",
    Remark.NOT_RECOGNIZED: "warning: nothing was recognized in {count}, nor do they say that "
    "anything is normal; they have No Finding (--evidence shows which)",
    Remark.NO_WANTED_SECTION: "warning: none of the wanted sections in {count}; the rest of their "
    "text was labeled",
    Remark.ADDENDUM: "note: an addendum was read last, and wins, in {count}",
}
_COLUMNS = (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN, Label.BLANK)


def summary_lines(summary: Summary, labeler: Labeler) -> Iterator[str]:
    """What was done, by which labeler, counts a label, and all that a user should look at."""
    yield from _warnings(summary)
    text = " + ".join(summary.text_columns)
    if summary.sections is not None:
        text += f" (sections {', '.join(summary.sections)})"
    yield f"{summary.output}: {counted(summary.rows, 'report')}, text from {text}"
    name, digest = getattr(labeler, "name", "a labeler"), getattr(labeler, "sha256", None)
    yield f"  labeled by {name}" + (f" (sha256 {digest[:12]})" if digest else "")
    for remark in getattr(labeler, "remarks", ()):
        yield f"  {remark}"
    yield f"  {summary.empty:,} empty, {counted(summary.distinct, 'distinct text')}"
    if summary.placeholders:
        yield f"  counted as empty: {_words(summary)} (--keep-placeholders labels them)"
    if summary.restored:
        yield f"  {summary.restored:,} of them labeled by the run that was interrupted"
    if summary.rows:
        yield from counts_table(summary.schema.names, summary.counts)
    processes = (
        f", {counted(summary.processes, 'process', 'processes')}" if summary.processes else ""
    )
    yield f"  {summary.seconds:.1f} s, {summary.rows_per_second:,.0f} reports/s{processes}"


def _warnings(summary: Summary) -> Iterator[str]:
    if not summary.rows:
        yield "lingula: warning: the input has no rows; the output has a header and no rows"
    if summary.rejected:
        left_out = counted(
            summary.rejected,
            "row cannot be read and was left out; it is in",
            "rows cannot be read and were left out; they are in",
        )
        yield f"lingula: warning: {left_out} {summary.rejects}"
    if summary.refused:
        again = counted(
            summary.refused,
            "piece of kept work did not fit (damaged, or of other texts) and was done again",
            "pieces of kept work did not fit (damaged, or of other texts) and were done again",
        )
        yield f"lingula: warning: {again}"
    for remark, count in summary.remarks.items():
        yield f"lingula: {_REMARKS[remark].format(count=f'{count:,}')}"
    if summary.duplicate_ids:
        doubled = counted(summary.duplicate_ids, "row has", "rows have")
        yield (
            f"lingula: warning: {doubled} the id of an earlier row, "
            f"first {summary.first_duplicate_id!r}"
        )
    if summary.truncated:
        cut = counted(
            summary.truncated,
            "distinct text is too long for the model and was cut",
            "distinct texts are too long for the model and were cut",
        )
        yield f"lingula: warning: {cut}; --long windows labels all of it"
    if summary.blank_lines:
        yield f"lingula: warning: blank lines, which are no rows: {summary.blank_lines:,}"


def _words(summary: Summary) -> str:
    """The words that stood for a report, the most frequent first."""
    found = sorted(summary.placeholders.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{word!r} {count:,}" for word, count in found[:_MOST_WORDS])
    rest = sum(count for _, count in found[_MOST_WORDS:])
    return f"{told}, others {rest:,}" if rest else told


def counts_table(names: Sequence[str], counts: npt.NDArray[np.int64]) -> Iterator[str]:
    """Rows by observation (k) and class, a line each below their heads; counts of shape (k, 4)."""
    width = max(map(len, names))
    heads = [label.name.lower() for label in _COLUMNS]
    yield "  " + " " * width + "".join(f"{head:>12}" for head in heads)
    for name, row in zip(names, counts.tolist(), strict=True):
        cells = "".join(f"{row[label]:>12,}" for label in _COLUMNS)
        yield f"  {name:<{width}}{cells}"
