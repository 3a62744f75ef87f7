"""``lingula score``: generated reports against references."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lingula.cli.options import load_labeler
from lingula.errors import InputError

if TYPE_CHECKING:
    from lingula.score import GenerationScores
    from lingula.score.labeling import Progress

#: Names of the conventions; the table of ``lingula.score.conventions``, not imported for --help.
CONVENTION_NAMES = (
    "f1chexbert",
    "radeval",
    "ifcc",
    "r2gen",
    "wcl",
    "cvt2distilgpt2",
    "rgrg",
    "all",
)
#: Columns of a terminal that is none, such as a pipe: wide enough for every table.
PIPE_WIDTH = 160


@click.command("score")
@click.argument("references")
@click.argument("generated")
@click.option(
    "--convention",
    "conventions",
    multiple=True,
    default=("f1chexbert",),
    show_default=True,
    type=click.Choice(CONVENTION_NAMES),
    help="How the figures are computed; may be repeated. all shows every convention side by side.",
)
@click.option(
    "--labeler",
    default="rules",
    show_default=True,
    help="rules, builtin, a CheXbert .pth file, or a model folder.",
)
@click.option("--labels", "labeled", is_flag=True, help="Both tables hold labels, not reports.")
@click.option("--id-column", help="Column of the ids that say which reports belong together.")
@click.option("--by-row-order", is_flag=True, help="Row i of both tables is the same study.")
@click.option("--text-column", help="Column of the reports, in both tables.")
@click.option("--generated-text-column", help="Column of the generated reports, if another.")
@click.option("--sections", help="Label these sections only, such as findings,impression.")
@click.option("--similarity", is_flag=True, help="Also the CheXbert similarity (BERT labelers).")
@click.option(
    "--bootstrap",
    type=click.IntRange(min=0),
    default=0,
    help="Resamples of the reports for confidence intervals.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Coverage of the intervals.",
)
@click.option("--device", help="Where a BERT labeler runs: cpu, cuda, ...")
@click.option(
    "--batch-size", type=click.IntRange(min=1), help="Texts a BERT labeler takes at once."
)
@click.option("--per-report", help="Write a table with a row a report: .csv, .parquet or .jsonl.")
@click.option("--json", "json_file", help="Write all figures as JSON; - is standard output.")
@click.option("--csv", "csv_file", help="Write all figures as CSV, one row a figure.")
@click.option("--markdown", "markdown_file", help="Write tables for a paper; - is standard output.")
@click.option("--quiet", is_flag=True, help="Show no table and no progress.")
def command(  # noqa: PLR0917 (click passes names)
    references: str,
    generated: str,
    conventions: tuple[str, ...],
    labeler: str,
    labeled: bool,
    id_column: str | None,
    by_row_order: bool,
    text_column: str | None,
    generated_text_column: str | None,
    sections: str | None,
    similarity: bool,
    bootstrap: int,
    seed: int,
    confidence: float,
    device: str | None,
    batch_size: int | None,
    per_report: str | None,
    json_file: str | None,
    csv_file: str | None,
    markdown_file: str | None,
    quiet: bool,
) -> None:
    """Score GENERATED reports against REFERENCES: "CheXbert F1" under a named convention.

    Both are tables (CSV, TSV, Parquet, JSON Lines) or folders of .txt files, matched by id; they
    may be one table with two text columns. Every figure names its convention, what an uncertain
    label becomes, the observations, the average, the value of 0/0, and the labeler.
    """
    from lingula.score.files import write_scores_csv, write_table
    from lingula.score.inputs import score_label_tables, score_report_tables
    from lingula.score.markdown import to_markdown

    if json_file == "-" and markdown_file == "-":
        raise click.UsageError("only one of --json and --markdown can be standard output")
    if labeled:
        _refuse_with_labels(
            text_column=text_column,
            generated_text_column=generated_text_column,
            sections=sections,
            similarity=similarity,
        )
        metric = score_label_tables(
            references,
            generated,
            conventions=conventions,
            id_column=id_column,
            by_row_order=by_row_order,
        )
    else:
        with _progress(quiet) as progress:
            metric = score_report_tables(
                references,
                generated,
                load_labeler(labeler, device=device, batch_size=batch_size),
                conventions=conventions,
                id_column=id_column,
                by_row_order=by_row_order,
                text_column=text_column,
                generated_text_column=generated_text_column,
                sections=_names(sections),
                similarity=similarity,
                progress=progress,
            )
    scores = metric.compute(bootstrap=bootstrap, seed=seed, confidence=confidence)
    if per_report is not None:
        write_table(per_report, metric.per_report())
    if csv_file is not None:
        write_scores_csv(csv_file, scores)
    if json_file is not None:
        _deliver(json_file, json.dumps(scores.to_dict(), indent=2) + "\n")
    if markdown_file is not None:
        _deliver(markdown_file, to_markdown(scores))
    if not quiet and "-" not in (json_file, markdown_file):
        _show(scores)


def _names(sections: str | None) -> tuple[str, ...] | None:
    if sections is None:
        return None
    names = tuple(name.strip() for name in sections.split(",") if name.strip())
    if not names:
        raise InputError("--sections needs names, such as findings,impression")
    return names


def _refuse_with_labels(**options: str | bool | None) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        listed = ", ".join("--" + name.replace("_", "-") for name in given)
        raise InputError(f"--labels reads labels, not reports; it goes without {listed}")


def _deliver(target: str, text: str) -> None:
    from lingula.score.files import write_text

    if target == "-":
        click.echo(text, nl=False)
    else:
        write_text(target, text)


def _show(scores: GenerationScores) -> None:
    from rich.console import Console

    from lingula.score.markdown import caption
    from lingula.score.terminal import score_tables

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPE_WIDTH)
    for table in score_tables(scores, console):
        console.print(table)
    for line in caption(scores):
        console.print(line, markup=False, soft_wrap=not console.is_terminal)
    if len(scores.conventions) == 1:
        console.print("Other conventions give other figures: --convention all.", style="dim")


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress | None]:
    """A bar on standard error if it is a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("Reading texts"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)
