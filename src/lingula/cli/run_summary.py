"""The summary of a run, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lingula.labels import Label, Labeler

if TYPE_CHECKING:
    from lingula.pipeline import Summary

_COLUMNS = (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN, Label.BLANK)


def summary_lines(summary: Summary, labeler: Labeler) -> Iterator[str]:
    """What was done, by which labeler, counts a label, and all that a user should look at."""
    yield from _warnings(summary)
    text = " + ".join(summary.text_columns)
    if summary.sections is not None:
        text += f" (sections {', '.join(summary.sections)})"
    yield f"{summary.output}: {summary.rows:,} reports, text from {text}"
    name, digest = getattr(labeler, "name", "a labeler"), getattr(labeler, "sha256", None)
    yield f"  labeled by {name}" + (f" (sha256 {digest[:12]})" if digest else "")
    yield f"  {summary.empty:,} empty, {summary.distinct:,} distinct texts"
    if summary.restored:
        yield f"  {summary.restored:,} of them labeled by the run that was interrupted"
    if summary.rows:
        yield from _table(summary)
    processes = f", {summary.processes} processes" if summary.processes else ""
    yield f"  {summary.seconds:.1f} s, {summary.rows_per_second:,.0f} reports/s{processes}"


def _warnings(summary: Summary) -> Iterator[str]:
    if not summary.rows:
        yield "lingula: warning: the input has no rows; the output has a header and no rows"
    if summary.rejected:
        yield (
            f"lingula: warning: {summary.rejected:,} rows cannot be read and were left out; "
            f"they are in {summary.rejects}"
        )
    if summary.refused:
        yield (
            f"lingula: warning: {summary.refused:,} pieces of kept work did not fit (damaged, or "
            "of other texts) and were done again"
        )
    if summary.duplicate_ids:
        yield (
            f"lingula: warning: {summary.duplicate_ids:,} rows have the id of an earlier row, "
            f"first {summary.first_duplicate_id!r}"
        )
    if summary.truncated:
        yield (
            f"lingula: warning: {summary.truncated:,} distinct texts are too long for the model "
            "and were cut; --long windows labels all of them"
        )
    if summary.blank_lines:
        yield f"lingula: warning: blank lines, which are no rows: {summary.blank_lines:,}"


def _table(summary: Summary) -> Iterator[str]:
    names = summary.schema.names
    width = max(map(len, names))
    heads = [label.name.lower() for label in _COLUMNS]
    yield "  " + " " * width + "".join(f"{head:>12}" for head in heads)
    for name, counts in zip(names, summary.counts.tolist(), strict=True):
        cells = "".join(f"{counts[label]:>12,}" for label in _COLUMNS)
        yield f"  {name:<{width}}{cells}"
