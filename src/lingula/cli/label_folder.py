"""``lingula label --engine``: a folder of partitions in, the folder of their labels out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from lingula.cli.progress import counting
from lingula.cli.reporting import INCOMPLETE, Reporting
from lingula.cli.run_summary import counts_table
from lingula.cli.wording import counted, one_line
from lingula.engines import FolderProgress, label_folder

if TYPE_CHECKING:
    from lingula.engines import FolderJob, FolderSummary

#: Partitions that were set aside of which a line says why; the manifest has all.
_SHOWN = 10


def label_partitions(job: FolderJob, reporting: Reporting) -> None:
    """Run a job over a folder and say what it did; status 3 if a partition was set aside."""
    try:
        with counting(quiet=reporting.quiet or reporting.as_json, what="labeling") as bar:

            def tell(progress: FolderProgress) -> None:
                if bar is not None:
                    bar(progress.partitions, progress.total)
                reporting.progress(progress.rows, 0)

            summary = label_folder(replace(job, how=replace(job.how, progress=tell)))
    except KeyboardInterrupt:
        if not reporting.as_json:
            reporting.say("")
        reporting.say(f"whole partitions are kept in {job.target}; go on with --resume")
        raise
    reporting.summary(_lines(summary), summary=summary.to_dict())
    if summary.failed:
        raise click.exceptions.Exit(INCOMPLETE)
    reporting.end(rows=summary.rows, rejected=summary.rejected)


def _lines(summary: FolderSummary) -> Iterator[str]:
    failed = list(summary.failed.items())
    for name, reason in failed[:_SHOWN]:
        yield f"lingula: warning: {name} was set aside: {one_line(reason)}"
    if failed:
        aside = counted(len(failed), "partition was", "partitions were")
        yield (
            f"lingula: warning: {aside} set aside, as _lingula/manifest.json has it; mend them and "
            "go on with --resume"
        )
    if summary.rejected:
        left_out = counted(summary.rejected, "row", "rows")
        yield f"lingula: warning: {left_out} that cannot be read: left out, in _lingula/rejects"
    if summary.removed:
        gone = counted(summary.removed, "partition", "partitions")
        yield f"lingula: {gone} removed, whose input is gone"
    text = " + ".join(summary.text_columns)
    if summary.sections is not None:
        text += f" (sections {', '.join(summary.sections)})"
    whole = counted(summary.partitions - len(failed), "partition")
    yield f"{summary.output}: {counted(summary.rows, 'report')} in {whole}, text from {text}"
    digest = f" (sha256 {summary.sha256[:12]})" if summary.sha256 else ""
    yield f"  labeled by {summary.labeler}{digest}"
    yield f"  {summary.empty:,} empty"
    if summary.kept:
        yield f"  {counted(summary.kept, 'partition')} whole before"
    if summary.retried:
        yield f"  {counted(summary.retried, 'try', 'tries')} beyond the first"
    if summary.rows:
        yield from counts_table(summary.names, summary.counts)
    rate = summary.rows / summary.seconds if summary.seconds else 0.0
    yield (
        f"  {summary.seconds:.1f} s, {rate:,.0f} reports/s, engine {summary.engine}, "
        f"{counted(summary.workers, 'worker')}"
    )
