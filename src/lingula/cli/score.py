"""``lingula score``: generated reports against references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.command import Command
from lingula.cli.options import load_labeler, server_options
from lingula.cli.progress import counting
from lingula.defaults import DEFAULT_LABELER
from lingula.errors import InputError

if TYPE_CHECKING:
    from lingula.score import GenerationComparison, GenerationScore, GenerationScores
    from lingula.score.reading import Reading

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


@click.command("score", cls=Command)
@click.argument("references")
@click.argument("generated", required=False)
@click.option("--second", help="Another generator's table, for a paired comparison with GENERATED.")
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
    default=DEFAULT_LABELER,
    show_default=True,
    help="rules, builtin, a CheXbert .pth file, a model folder, or llm:MODEL.",
)
@server_options
@click.option("--labels", "labeled", is_flag=True, help="Both tables hold labels, not reports.")
@click.option(
    "--id-column",
    "id_columns",
    multiple=True,
    help="Column of the ids that say which reports belong together; given twice, of each table.",
)
@click.option("--by-row-order", is_flag=True, help="Row i of both tables is the same study.")
@click.option("--shared-ids", is_flag=True, help="Leave out ids that one table lacks.")
@click.option(
    "--duplicates",
    type=click.Choice(["fail", "first", "last", "max"]),
    default="fail",
    show_default=True,
    help="Which of several rows with one id counts; max is the highest label (--labels).",
)
@click.option(
    "--label-codes",
    type=click.Choice(["chexpert", "chexbert"]),
    default="chexpert",
    show_default=True,
    help="With --labels, numbers are 1, 0, -1, or classes: 0 blank, 1 positive, 2 negative, "
    "3 uncertain.",
)
@click.option(
    "--keep-empty", is_flag=True, help="Count references without a text, which are left out."
)
@click.option(
    "--text-column",
    "text_columns",
    multiple=True,
    help="Column of the reports, in both tables; several are joined.",
)
@click.option(
    "--generated-text-column",
    "generated_text_columns",
    multiple=True,
    help="Column of the generated reports, if another; several are joined.",
)
@click.option("--sections", help="Label these sections only, such as findings,impression.")
@click.option("--similarity", is_flag=True, help="Also the CheXbert similarity (BERT labelers).")
@click.option(
    "--bootstrap",
    type=click.IntRange(min=0),
    help="Resamples of the reports for confidence intervals; 1000 with --second.",
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
@click.option("--html", "html_file", help="Write a page with plots.")
@click.option("--quiet", is_flag=True, help="Show no table and no progress.")
def command(  # noqa: PLR0917 (click passes names)
    references: str,
    generated: str | None,
    second: str | None,
    conventions: tuple[str, ...],
    labeler: str,
    labeled: bool,
    id_columns: tuple[str, ...],
    by_row_order: bool,
    shared_ids: bool,
    duplicates: str,
    label_codes: str,
    keep_empty: bool,
    text_columns: tuple[str, ...],
    generated_text_columns: tuple[str, ...],
    sections: str | None,
    similarity: bool,
    bootstrap: int | None,
    seed: int,
    confidence: float,
    per_report: str | None,
    json_file: str | None,
    csv_file: str | None,
    markdown_file: str | None,
    html_file: str | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Score GENERATED reports against REFERENCES: "CheXbert F1" under a named convention.

    Both are tables (CSV, TSV, Parquet, JSON Lines, JSON, Excel), matched by id, folders of .txt
    files, or .txt files with one report a line. One table that holds both, as report generators
    write it, is given alone. Every figure names its convention, what an uncertain label becomes,
    the observations, the average, the value of 0/0, and the labeler.
    """
    from lingula.cli.show import deliver
    from lingula.score import GenerationScore
    from lingula.score.reading import Reading

    if generated is None and labeled:
        raise click.UsageError("with --labels give two tables, REFERENCES and GENERATED")
    if second is not None and per_report is not None:
        raise click.UsageError("--per-report is of one generator; score each alone for it")
    outputs = {"json": json_file, "markdown": markdown_file, "html": html_file}
    if list(outputs.values()).count("-") > 1:
        raise click.UsageError("only one of --json, --markdown and --html can be standard output")
    _refuse(
        labeled,
        {"text_column": text_columns, "generated_text_column": generated_text_columns}
        | {"sections": sections, "similarity": similarity, "keep_empty": keep_empty},
        label_codes,
    )
    reading = Reading(
        id_columns=id_columns,
        by_row_order=by_row_order,
        shared_only=shared_ids,
        duplicates=duplicates,
        keep_empty=keep_empty,
        text_columns=text_columns,
        generated_text_columns=generated_text_columns,
        label_codes=label_codes,
    )
    metric = GenerationScore(
        None if labeled else load_labeler(labeler, **options),
        conventions=conventions,
        sections=_names(sections),
        similarity=similarity,
    )
    tables = (references, references if generated is None else generated, second)
    metrics = _fed(metric, tables, reading, quiet)
    scores = _computed(metrics, tables, bootstrap, seed, confidence)
    _write_tables(metrics[0], scores, per_report, csv_file)
    for form, target in outputs.items():
        if target is not None:
            deliver(target, _render(form, scores))
    if not quiet and "-" not in outputs.values():
        _show(scores)


def _fed(
    metric: GenerationScore,
    tables: tuple[str, str, str | None],
    reading: Reading,
    quiet: bool,
) -> tuple[GenerationScore, ...]:
    """The metric, fed, and that of the second generator if there is one."""
    from lingula.score.inputs import score_label_tables, score_report_tables

    references, generated, second = tables
    if metric.labeler is None:
        return score_label_tables(references, generated, metric, reading, second=second)
    with counting(quiet=quiet, what="Reading texts") as progress:
        return score_report_tables(
            references, generated, metric, reading, second=second, progress=progress
        )


def _computed(
    metrics: tuple[GenerationScore, ...],
    tables: tuple[str, str, str | None],
    bootstrap: int | None,
    seed: int,
    confidence: float,
) -> GenerationScores | GenerationComparison:
    from lingula.evaluation.inputs import short_names
    from lingula.score.comparing import RESAMPLES, compare_generators

    if len(metrics) == 1:
        return metrics[0].compute(bootstrap=bootstrap or 0, seed=seed, confidence=confidence)
    first, second = short_names([Path(table) for table in tables[1:] if table is not None])
    return compare_generators(
        *metrics,
        names=(first, second),
        bootstrap=RESAMPLES if bootstrap is None else bootstrap,
        seed=seed,
        confidence=confidence,
    )


def _write_tables(
    metric: GenerationScore,
    scores: GenerationScores | GenerationComparison,
    per_report: str | None,
    csv_file: str | None,
) -> None:
    from lingula.tables.write_table import write_table

    if per_report is not None:
        write_table(per_report, metric.per_report())
    if csv_file is not None:
        write_table(csv_file, scores.to_arrow())


def _render(form: str, scores: GenerationScores | GenerationComparison) -> str:
    from lingula.documents import to_html, to_json, to_markdown
    from lingula.score import GenerationScores, comparison_document, document

    if form == "json":
        return to_json(scores.to_dict(), indent=2)
    if isinstance(scores, GenerationScores):
        page, paper = document.to_page, document.to_paper
        return to_html(page(scores)) if form == "html" else to_markdown(paper(scores))
    if form == "html":
        return to_html(comparison_document.to_page(scores))
    return to_markdown(comparison_document.to_paper(scores))


def _names(sections: str | None) -> tuple[str, ...] | None:
    if sections is None:
        return None
    names = tuple(name.strip() for name in sections.split(",") if name.strip())
    if not names:
        raise InputError("--sections needs names, such as findings,impression")
    return names


def _refuse(labeled: bool, of_reports: dict[str, object], label_codes: str) -> None:
    """Options of reports go without --labels' tables, and the other way round."""
    if not labeled and label_codes != "chexpert":
        raise InputError("--label-codes says what numbers mean in tables of labels; add --labels")
    given = [name for name, value in of_reports.items() if value]
    if labeled and given:
        listed = ", ".join("--" + name.replace("_", "-") for name in given)
        raise InputError(f"--labels reads labels, not reports; it goes without {listed}")


def _show(scores: GenerationScores | GenerationComparison) -> None:
    from lingula.cli.show import show
    from lingula.score import GenerationScores, comparison_document, document

    if isinstance(scores, GenerationScores):
        conventions, made = scores.conventions, document.to_screen(scores)
    else:
        conventions, made = scores.first.conventions, comparison_document.to_screen(scores)
    figures, ground = made.sections
    show(figures, PIPE_WIDTH)
    click.echo()
    # In a pipe a sentence is one line, for those who search in it.
    show(ground, None)
    if len(conventions) == 1:
        click.echo("Other conventions give other figures: --convention all.")
