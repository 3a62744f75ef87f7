"""``lingula evaluate``: predicted labels against true ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lingula.cli.command import Command
from lingula.cli.progress import counting

if TYPE_CHECKING:
    from lingula.evaluation import Evaluation, Settings
    from lingula.evaluation.inputs import Inputs
    from lingula.labels import Schema

#: Columns of a terminal that is none, such as a pipe: wide enough for every table.
PIPE_WIDTH = 180
FILE = click.Path(path_type=Path)


@click.command("evaluate", cls=Command)
@click.argument("tables", nargs=-1, required=True, metavar="[TRUTH] PREDICTED", type=FILE)
@click.option("--second", type=FILE, help="Another labeler's table, for a paired comparison.")
@click.option(
    "--id-column",
    "id_columns",
    multiple=True,
    help="Column of the ids; given twice, of TRUTH and of the others. If not given, a usual name.",
)
@click.option("--by-row-order", is_flag=True, help="Row i of every table is the same report.")
@click.option("--shared-ids", is_flag=True, help="Leave out ids that not every table has.")
@click.option(
    "--duplicates",
    type=click.Choice(["fail", "first", "last", "max"]),
    default="fail",
    show_default=True,
    help="Which of several rows with one id counts; max is the highest score or label.",
)
@click.option(
    "--label-codes",
    type=click.Choice(["chexpert", "chexbert"]),
    default="chexpert",
    show_default=True,
    help="Numbers are 1, 0, -1, or classes: 0 blank, 1 positive, 2 negative, 3 uncertain.",
)
@click.option("--schema", default="chexpert14", show_default=True, help="Schema name or TOML file.")
@click.option(
    "--observations",
    help='Only these, separated by commas; "five" are CheXpert\'s five competition observations.',
)
@click.option(
    "--uncertain",
    type=click.Choice(["ones", "zeros", "ignore", "multiclass"]),
    default="ones",
    show_default=True,
    help="What uncertain labels become in the binary figures.",
)
@click.option(
    "--zero-division",
    type=click.Choice(["0", "1", "nan"]),
    default="0",
    show_default=True,
    help="The value of 0/0 in precision, recall and F1; nan is left out of averages.",
)
@click.option(
    "--positive-only",
    is_flag=True,
    help="Only positive against the rest: for truth that is 1 or empty, or 1 and 0.",
)
@click.option("--patient-column", help="Column of TRUTH: draw patients, not reports.")
@click.option(
    "--bootstrap",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Resamples for intervals and p values; 10000 is usual.",
)
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the intervals.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--bins",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Of the reliability curve.",
)
@click.option(
    "--weights-from",
    type=FILE,
    help="Table whose frequencies weight CheXbert's F1; TRUTH's if not.",
)
@click.option(
    "--probability-columns",
    metavar="TEMPLATE",
    help='Names of probability columns, such as "{observation} probability".',
)
@click.option("--readers", type=FILE, multiple=True, help="A person's table; may be repeated.")
@click.option(
    "--readers-majority",
    is_flag=True,
    help="Place the majority of the --readers too; it is no reader itself.",
)
@click.option(
    "--majority-of",
    type=FILE,
    multiple=True,
    help="People whose majority is the truth, in place of TRUTH; may be repeated.",
)
@click.option("--json", "json_file", type=FILE, help="Write everything as JSON; - is the output.")
@click.option("--csv", "csv_file", type=FILE, help="Write one row a figure.")
@click.option("--html", "html_file", type=FILE, help="Write a document with plots.")
@click.option("--markdown", "markdown_file", type=FILE, help="Write tables for a paper.")
@click.option("--quiet", is_flag=True, help="Print no tables.")
def command(  # noqa: PLR0917 - click passes names
    tables: tuple[Path, ...],
    second: Path | None,
    id_columns: tuple[str, ...],
    by_row_order: bool,
    shared_ids: bool,
    duplicates: str,
    label_codes: str,
    schema: str,
    observations: str | None,
    uncertain: str,
    zero_division: str,
    positive_only: bool,
    patient_column: str | None,
    bootstrap: int,
    level: float,
    seed: int,
    bins: int,
    weights_from: Path | None,
    probability_columns: str | None,
    readers: tuple[Path, ...],
    readers_majority: bool,
    majority_of: tuple[Path, ...],
    json_file: Path | None,
    csv_file: Path | None,
    html_file: Path | None,
    markdown_file: Path | None,
    quiet: bool,
) -> None:
    """Measure PREDICTED labels against TRUTH: how good they are, and how sure that is.

    Tables are CSV, TSV, Parquet or JSON Lines, matched by id, with any of the schema's observations
    in any order. Cells are 1, 0, -1 or empty, or words. With --majority-of, give PREDICTED alone.
    """
    from lingula.evaluation import Settings
    from lingula.evaluation.inputs import Files, Reading, read_inputs
    from lingula.metrics.uncertain import UncertainPolicy

    truth, predicted = _truth_and_predicted(tables, majority_of)
    if readers_majority and len(readers) < 2:
        raise click.UsageError("--readers-majority needs two or more --readers")
    outputs = _outputs(json_file, csv_file, html_file, markdown_file)
    files = Files(truth, predicted, second, readers, majority_of, weights_from)
    reading = Reading(
        chosen_schema(schema, observations),
        id_columns=id_columns,
        by_row_order=by_row_order,
        shared_only=shared_ids,
        duplicates=duplicates,
        patient_column=patient_column,
        probability_columns=probability_columns,
        label_codes=label_codes,
    )
    inputs = read_inputs(files, reading, UncertainPolicy(uncertain))
    settings = Settings(
        uncertain=UncertainPolicy(uncertain),
        zero_division=float(zero_division),
        positive_only=positive_only or bool(majority_of),
        bootstrap=bootstrap,
        level=level,
        seed=seed,
        bins=bins,
        readers_majority=readers_majority,
    )
    _show(inputs, settings, outputs, quiet=quiet)


def _show(
    inputs: Inputs, settings: Settings, outputs: Sequence[tuple[Path, str]], *, quiet: bool
) -> None:
    from lingula.cli.show import deliver, show
    from lingula.evaluation import evaluate
    from lingula.evaluation.document import to_document

    with counting(quiet=quiet or not settings.bootstrap, what="resampling") as progress:
        result = evaluate(
            inputs.truth,
            inputs.candidates,
            settings,
            patients=inputs.patients,
            weights_from=inputs.weights,
            readers=inputs.readers,
            voters=inputs.voters,
            progress=progress,
        )
    result = result.named(inputs.truth_name, inputs.notes)
    for path, form in outputs:
        deliver(str(path), _render(form)(result))
    if not quiet and all(str(path) != "-" for path, _ in outputs):
        show(to_document(result, drawings=False), PIPE_WIDTH)


def _truth_and_predicted(
    tables: tuple[Path, ...], majority_of: tuple[Path, ...]
) -> tuple[Path | None, Path]:
    if majority_of:
        if len(tables) != 1:
            raise click.UsageError(
                "with --majority-of the readers are the truth: give PREDICTED alone"
            )
        return None, tables[0]
    if len(tables) != 2:
        raise click.UsageError("give two tables, TRUTH and PREDICTED")
    return tables[0], tables[1]


def _outputs(*files: Path | None) -> list[tuple[Path, str]]:
    forms = ("json", "csv", "html", "markdown")
    chosen = [(path, form) for path, form in zip(files, forms, strict=True) if path is not None]
    if sum(str(path) == "-" for path, _ in chosen) > 1:
        raise click.UsageError("only one document can go to standard output")
    return chosen


def chosen_schema(name: str, observations: str | None) -> Schema:
    """The schema of a command's options, with the observations that they name only."""
    from lingula.evaluation.inputs import FIVE
    from lingula.schemas import load_schema

    schema = load_schema(name)
    if observations is None:
        return schema
    if observations.strip().casefold() == "five":
        return schema.restrict(FIVE)
    names = [part.strip() for part in observations.split(",") if part.strip()]
    if not names:
        raise click.UsageError("--observations names none")
    return schema.restrict(names)


def _render(form: str) -> Callable[[Evaluation], str]:
    from lingula.documents import to_html, to_markdown
    from lingula.evaluation.document import to_document
    from lingula.evaluation.rows import to_csv, to_json

    forms: dict[str, Callable[[Evaluation], str]] = {
        "json": to_json,
        "csv": to_csv,
        "html": lambda found: to_html(to_document(found)),
        "markdown": lambda found: to_markdown(to_document(found, drawings=False)),
    }
    return forms[form]
