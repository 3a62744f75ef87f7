"""The run: from a table of reports to a table of labels, in little memory and resumable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, overload

from lingula.errors import InputError
from lingula.labels import Labeler
from lingula.pipeline.dicom_output import dicom_labels
from lingula.pipeline.executors import choose_executor, preferred_batch_rows
from lingula.pipeline.fingerprint import fingerprint_all, require_unchanged
from lingula.pipeline.job import Job
from lingula.pipeline.journal import BATCH_ROWS_ENTRY, Journal, kept_batch_rows
from lingula.pipeline.layout import Layout
from lingula.pipeline.locking import locked
from lingula.pipeline.opening import Opened, kept_columns, open_table
from lingula.pipeline.outputs import Outputs
from lingula.pipeline.places import Places, choose_places, writing
from lingula.pipeline.standard_streams import as_files, as_output
from lingula.pipeline.stream import Stream
from lingula.pipeline.summary import StageSeconds, Summary
from lingula.pipeline.task import ReadingOptions
from lingula.pipeline.texts import chosen_sections
from lingula.pipeline.windows import Windows


@dataclass(frozen=True, eq=False)
class _Plan:
    """A job whose input is open and whose choices are made."""

    job: Job
    paths: tuple[Path, ...]
    fingerprint: dict[str, Any] | None
    opened: Opened
    places: Places
    sections: tuple[str, ...] | None
    batch_rows: int


@overload
def run(job: Job, /) -> Summary: ...
@overload
def run(source: str | Path, output: str | Path, labeler: Labeler, /, **options: Any) -> Summary: ...
def run(
    job: Job | str | Path,
    output: str | Path | None = None,
    labeler: Labeler | None = None,
    /,
    **options: Any,
) -> Summary:
    """Label every report of a table, and write the table with its labels.

    ``run(source, output, labeler, **options)`` is short for ``run(Job.of(source, output, labeler,
    **options))``.

    The output keeps the input's columns, row order and row count, and adds one column an
    observation (1, 0, -1, or null for blank). It is written beside its place and renamed when it
    is whole. Until then finished work is kept in the folder ``<output>.partial``.

    Raises:
        InputError: If the input cannot be read, or the output cannot be written.
        ColumnError: If a column is missing, holds no text, or is in the way of a new one.
        SchemaError: If the labeler's observations do not fit CheXbert's form.
        LingulaError: If the labeler lacks what was asked for, or a worker process died.
    """
    if not isinstance(job, Job):
        if output is None or labeler is None:
            raise TypeError("run takes a Job, or a source, an output and a labeler")
        job = Job.of(job, output, labeler, **options)
    elif output is not None or labeler is not None or options:
        raise TypeError("run takes nothing beside a Job: all choices are part of it")
    started = perf_counter()
    with as_output(job.source, job.output) as file:
        return replace(_run(replace(job, output=file), started), output=job.output.path)


def _run(job: Job, started: float) -> Summary:
    places = choose_places(job.source, job.output, resume=job.how.resume)
    batch_rows = _batch_rows(job, places)
    with locked(places), as_files(job.source, places.output) as paths:
        # Again: a run that has just ended may have written them.
        choose_places(job.source, job.output, resume=job.how.resume)
        # Before the first look at it, so that no change is missed.
        known = None
        if not job.source.is_standard_input and all(path.exists() for path in paths):
            known = fingerprint_all(paths)
        opened = open_table(job.source, paths, batch_rows=batch_rows)
        checking = perf_counter() - started
        sections = chosen_sections(job.source.sections, opened.names)
        plan = _Plan(job, paths, known, opened, places, sections, batch_rows)
        return _label(plan, started, checking)


def _label(plan: _Plan, started: float, checking: float) -> Summary:
    layout = _layout(plan)
    journal = _journal(plan)
    stream = _stream(plan, journal)
    outputs = None
    done = False
    try:
        outputs = Outputs(
            plan.places,
            layout,
            plan.opened,
            language=plan.job.source.language,
            dicom=dicom_labels(plan.job, plan.paths),
        )
        processes = _label_all(plan, stream, outputs)
        _require_whole(plan, outputs, journal)
        closing = perf_counter()
        outputs.publish()
        stream.writing += perf_counter() - closing
        done = True
    finally:
        if not done and outputs is not None:
            outputs.abandon()
        if journal is not None:
            journal.close(done=done)
    return Summary(
        output=plan.job.output.path,
        schema=plan.job.labeler.schema,
        text_columns=plan.opened.names,
        sections=plan.sections,
        rows=outputs.rows,
        empty=stream.windows.empty,
        placeholders=stream.windows.placeholders,
        remarks=outputs.remarks,
        distinct=stream.windows.distinct,
        labeled=stream.windows.labeled,
        restored=stream.restored,
        refused=0 if journal is None else journal.refused,
        counts=outputs.counts,
        rejected=outputs.rejects.count,
        rejects=plan.places.rejects if outputs.rejects.count else None,
        blank_lines=plan.opened.table.blank_lines,
        duplicate_ids=outputs.duplicate_ids,
        first_duplicate_id=outputs.first_duplicate_id,
        truncated=stream.truncated,
        processes=processes,
        seconds=perf_counter() - started,
        stages=StageSeconds(checking, stream.reading, stream.labeling, stream.writing),
    )


def _label_all(plan: _Plan, stream: Stream, outputs: Outputs) -> int:
    """Label and write all rows; the number of processes that labeled."""
    executor = choose_executor(
        plan.job.labeler,
        workers=plan.job.how.workers,
        batches=-(-plan.opened.table.rows // plan.batch_rows),
        options=ReadingOptions(plan.sections, plan.job.source.language),
        evidence=plan.job.output.evidence is not None,
    )
    try:
        stream.label(executor, outputs)
    finally:
        executor.close()
    return executor.processes


def _require_whole(plan: _Plan, outputs: Outputs, journal: Journal | None) -> None:
    """Refuse an input that was another while it was labeled than when it was looked through."""
    name, counted = plan.job.source.name, plan.opened.table.rows
    try:
        if outputs.rows != counted:
            raise InputError(
                f"{name}: was changed while it was read: {counted:,} rows first, "
                f"{outputs.rows:,} then; run again when it is whole"
            )
        if plan.fingerprint is not None:
            require_unchanged(plan.paths, plan.fingerprint, name)
    except InputError:
        if journal is not None:
            # Of no use: it is the work of an input that is gone.
            journal.close(done=True)
        raise


def _batch_rows(job: Job, places: Places) -> int:
    rows = job.how.batch_rows
    if rows is None and job.how.resume:
        # The labeler may like others now: on a machine without the GPU of the first run.
        rows = kept_batch_rows(places.work)
    return preferred_batch_rows(job.labeler) if rows is None else rows


def _layout(plan: _Plan) -> Layout:
    output, table = plan.job.output, plan.opened.table
    nested = plan.places.output_format.kind in ("parquet", "jsonl")
    layout = Layout(
        table.schema,
        plan.job.labeler.schema,
        output.suffix,
        ("nested" if nested else "flat") if output.probabilities else "",
        output.format_like == "chexbert",
        None if output.columns is None and output.text else kept_columns(output, plan.opened),
    )
    layout.output_schema(table.name)
    return layout


def _journal(plan: _Plan) -> Journal | None:
    """Where finished work is kept; none for standard input, which cannot be read again."""
    job = plan.job
    if plan.fingerprint is None or not job.how.keep_work:
        return None
    manifest = {
        "lingula": _version(),
        "input": plan.fingerprint,
        **job.choices(),
        BATCH_ROWS_ENTRY: plan.batch_rows,
    }
    with writing(plan.places.work):
        return Journal(
            plan.places.work, manifest, resume=job.how.resume, overwrite=job.output.overwrite
        )


def _stream(plan: _Plan, journal: Journal | None) -> Stream:
    output, table = plan.job.output, plan.opened.table
    windows = Windows(
        plan.opened.columns,
        plan.opened.names,
        table.name,
        reasons=output.probabilities or output.evidence is not None,
        may_be_numbers=table.whole_reports,
        keep_placeholders=plan.job.source.keep_placeholders,
    )
    return Stream(
        table,
        windows,
        journal,
        evidence=output.evidence is not None,
        probabilities=output.probabilities,
        progress=plan.job.how.progress,
    )


def _version() -> str:
    import lingula

    return lingula.__version__
