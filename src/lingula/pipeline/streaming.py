"""The run: from a table of reports to a table of labels, in little memory and resumable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from lingula.errors import InputError, LingulaError, SchemaError
from lingula.labels import Labeler
from lingula.pipeline.executors import Executor, InProcess, WorkerProcesses, cores
from lingula.pipeline.fingerprint import fingerprint
from lingula.pipeline.journal import BATCH_ROWS_ENTRY, Journal, kept_batch_rows
from lingula.pipeline.layout import Layout
from lingula.pipeline.outputs import Outputs
from lingula.pipeline.places import choose_places, writing
from lingula.pipeline.standard_input import STANDARD_INPUT, as_file
from lingula.pipeline.stream import Stream
from lingula.pipeline.summary import Progress, StageSeconds, Summary
from lingula.pipeline.texts import chosen_sections
from lingula.pipeline.windows import Windows
from lingula.schemas import schema_to_dict
from lingula.tables.columns import choose_id_column, choose_text_columns
from lingula.tables.formats import TableFormat, format_named
from lingula.tables.open_source import open_source
from lingula.tables.source import BATCH_ROWS

#: Up to so many batches are labeled in this process: starting others would take longer.
SMALL_BATCHES = 2

#: Rows of a batch for labelers that take seconds for a few hundred texts: so that the progress
#: bar moves and little is lost when the run is cut off.
SLOW_BATCH_ROWS = 512


def run(
    source: str | Path,
    output: str | Path,
    labeler: Labeler,
    *,
    text_columns: Sequence[str] = (),
    id_column: str | None = None,
    sections: Sequence[str] | str | None = "auto",
    evidence: str | Path | None = None,
    probabilities: bool = False,
    format_like: str | None = None,
    suffix: str = "",
    workers: int | None = None,
    input_format: str | None = None,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    header: bool = True,
    on_bad_row: str = "fail",
    overwrite: bool = False,
    resume: bool = False,
    identity: Mapping[str, str | None] | None = None,
    batch_rows: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Label every report of a table, and write the table with its labels.

    The output keeps the input's columns, row order and row count, and adds one column an
    observation (1, 0, -1, or null for blank). It is written beside its place and renamed when it
    is whole. Until then finished work is kept in the folder ``<output>.partial``.

    Args:
        source: A CSV, TSV, Parquet or JSON Lines file, a folder of .txt files, or "-" for
            standard input.
        output: The table to write; its name tells the form.
        labeler: Any labeler. If it has ``parallel = True`` it is pickled and used in several
            processes; others (BERT, which uses all cores by itself) label in this one.
        text_columns: Names of the columns to label, joined by a blank line; found by name if none.
        id_column: Name of the column of ids; found by name if None.
        sections: Canonical names of the sections to label, None for the text as it is, or "auto":
            findings and impression, unless the text column is itself named for a section.
        evidence: A table to write with one row a mention.
        probabilities: Whether to add the probability of each class.
        format_like: "chexbert" writes the text and 14 labels in CheXbert's form, nothing else.
        suffix: Put after the name of each new column.
        workers: Processes that label at most; all cores if None. A small input takes none.
        input_format: "csv", "tsv", "parquet" or "jsonl", for a name that does not tell.
        delimiter: What separates the cells of CSV input, if no comma (a tab in TSV) does.
        encoding: Of the text forms.
        header: Whether CSV or TSV begins with the column names.
        on_bad_row: "fail", or "skip" to write rows that cannot be read to
            ``<output>.rejects.csv``.
        overwrite: Whether output and kept work that are there may be replaced.
        resume: Whether to go on with the kept work of an interrupted run, if there is any.
        identity: What else the labels depend on; a run resumes only if it is the same.
        batch_rows: Rows of a batch at most, the unit of work and of what is kept. If None, those
            of the run that is resumed, else the labeler's ``batch_rows`` (see ``Labeler``), else
            2,048 for labelers with ``parallel = True``, 512 for others.
        progress: Called after each batch.

    Raises:
        InputError: If the input cannot be read, or the output cannot be written.
        ColumnError: If a column is missing, holds no text, or is in the way of a new one.
        SchemaError: If the labeler's observations do not fit CheXbert's form.
        LingulaError: If the labeler lacks what was asked for, or a worker process died.
    """
    started = perf_counter()
    _check_choices(format_like, on_bad_row, probabilities)
    standard_input = str(source) == STANDARD_INPUT
    if standard_input and resume:
        raise InputError("standard input cannot be read again to resume; save it to a file first")
    output, evidence = Path(output), None if evidence is None else Path(evidence)
    skip = on_bad_row == "skip"
    places = choose_places(
        None if standard_input else Path(source),
        output,
        evidence,
        rejects=skip,
        overwrite=overwrite,
    )
    if batch_rows is None and resume:
        # The labeler may like others now: on a machine without the GPU of the first run.
        batch_rows = kept_batch_rows(places.work)
    if batch_rows is None:
        batch_rows = _batch_rows(labeler)
    elif batch_rows < 1:
        raise InputError(f"a batch needs at least one row, not {batch_rows}")
    with as_file(source, places.output) as path:
        table = open_source(
            path,
            name="standard input" if standard_input else str(source),
            table_format=_input_format(input_format, standard_input),
            delimiter=delimiter,
            encoding=encoding,
            header=header,
            skip_bad_rows=skip,
            batch_rows=batch_rows,
        )
        checked = perf_counter()
        columns = choose_text_columns(table.schema, text_columns, table.name)
        names = [table.schema.names[position] for position in columns]
        chosen = chosen_sections(sections, names)
        nested = places.output_format.kind in ("parquet", "jsonl")
        layout = Layout(
            table.schema,
            labeler.schema,
            suffix,
            ("nested" if nested else "flat") if probabilities else "",
            format_like == "chexbert",
        )
        ids = choose_id_column(table.schema, id_column, table.name)
        layout.output_schema(table.name)
        journal = None
        if not standard_input:
            manifest = {
                "lingula": _version(),
                "input": fingerprint(path),
                "input options": [input_format, delimiter, encoding, header, on_bad_row],
                "labeler": _describe(labeler),
                "labeler options": dict(identity or {}),
                "text columns": names,
                "sections": chosen,
                "evidence": evidence is not None,
                "probabilities": probabilities,
                BATCH_ROWS_ENTRY: batch_rows,
            }
            with writing(places.work):
                journal = Journal(places.work, manifest, resume=resume, overwrite=overwrite)
        stream = Stream(
            table,
            Windows(
                columns,
                names,
                table.name,
                reasons=probabilities or evidence is not None,
                may_be_numbers=table.whole_reports,
            ),
            journal,
            evidence=evidence is not None,
            probabilities=probabilities,
            progress=progress,
        )
        done = False
        outputs = None
        try:
            outputs = Outputs(places, layout, table.name, columns, ids)
            executor = _executor(
                labeler,
                workers=workers,
                batches=-(-table.rows // batch_rows),
                sections=chosen,
                evidence=evidence is not None,
            )
            try:
                stream.label(executor, outputs)
            finally:
                executor.close()
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
        output=output,
        schema=labeler.schema,
        text_columns=tuple(names),
        sections=chosen,
        rows=outputs.rows,
        empty=stream.windows.empty,
        distinct=stream.windows.distinct,
        labeled=stream.windows.labeled,
        restored=stream.restored,
        counts=outputs.counts,
        rejected=outputs.rejects.count,
        rejects=places.rejects if outputs.rejects.count else None,
        blank_lines=table.blank_lines,
        duplicate_ids=outputs.duplicate_ids,
        first_duplicate_id=outputs.first_duplicate_id,
        truncated=stream.truncated,
        processes=executor.processes,
        seconds=perf_counter() - started,
        stages=StageSeconds(checked - started, stream.reading, stream.labeling, stream.writing),
    )


def _executor(
    labeler: Labeler,
    *,
    workers: int | None,
    batches: int,
    sections: Sequence[str] | None,
    evidence: bool,
) -> Executor:
    processes = min(cores() if workers is None else workers, batches)
    if not _parallel(labeler) or processes < 2 or batches <= SMALL_BATCHES:
        return InProcess(labeler, sections=sections, evidence=evidence)
    return WorkerProcesses(labeler, processes, sections=sections, evidence=evidence)


def _parallel(labeler: Labeler) -> bool:
    return bool(getattr(labeler, "parallel", False))


def _batch_rows(labeler: Labeler) -> int:
    """What the labeler likes, or what suits its kind."""
    wanted = getattr(labeler, "batch_rows", None)
    if wanted is None:
        return BATCH_ROWS if _parallel(labeler) else SLOW_BATCH_ROWS
    if not isinstance(wanted, int) or wanted < 1:
        raise LingulaError(
            f"batch_rows of {type(labeler).__qualname__} must be a whole number from 1, "
            f"not {wanted!r}"
        )
    return wanted


def _check_choices(format_like: str | None, on_bad_row: str, probabilities: bool) -> None:
    if format_like not in (None, "chexbert"):
        raise SchemaError(f"there is no form {format_like!r} to write like; there is chexbert")
    if on_bad_row not in ("fail", "skip"):
        raise InputError(f"bad rows can fail or be skipped (skip), not {on_bad_row!r}")
    if format_like and probabilities:
        raise LingulaError("CheXbert's form holds no probabilities; choose one of the two")


def _input_format(name: str | None, standard_input: bool) -> TableFormat | None:
    if name is None and not standard_input:
        return None
    return format_named(name or "csv")


def _describe(labeler: Labeler) -> dict[str, Any]:
    kind = type(labeler)
    return {
        "class": f"{kind.__module__}.{kind.__qualname__}",
        "schema": schema_to_dict(labeler.schema),
        "sha256": getattr(labeler, "sha256", None),
        "aggregation": getattr(labeler, "aggregation", None),
    }


def _version() -> str:
    import lingula

    return lingula.__version__
