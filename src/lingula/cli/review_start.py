"""``lingula review REPORTS``: makes a review, or goes on with one, and serves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.command import Command
from lingula.cli.options import labeler_options, load_labeler, with_options
from lingula.cli.progress import counting
from lingula.errors import ReviewError

if TYPE_CHECKING:
    from lingula.labels import Labeler
    from lingula.review.store import Store

FILE = click.Path(path_type=Path)

_REPORTS = (
    click.option("-o", "--output", type=FILE, metavar="FOLDER",
                 help="Folder of the review.  [default: the table's name with .review]"),
    click.option("--database", metavar="ADDRESS",
                 help="Keep it in PostgreSQL: postgresql+psycopg://USER@HOST/DATABASE."),
    click.option("--text-column", "text_columns", multiple=True, help="May be repeated."),
    click.option("--id-column", help="Column of the ids. If not given, a usual name."),
    click.option("--patient-column", help="Column of patients. If not given, a usual name."),
    click.option("--sections", default="auto", show_default=True,
                 help='Sections that proposals are made from, such as "findings,impression", or '
                 '"none" for whole texts; readers see the whole text.'),
)  # fmt: skip
_CONDUCT = (
    click.option("--readers", metavar="NAME,NAME", help="Those who label."),
    click.option("--adjudicators", metavar="NAME,NAME", help="Those who decide."),
    click.option("--managers", metavar="NAME,NAME", default="manager", show_default=True,
                 help="Those who see how it goes."),
    click.option("--blind", is_flag=True,
                 help="Show no proposals and no highlights: for gold standards."),
    click.option("--readers-per-report", type=click.IntRange(min=1), metavar="N",
                 help="How many readers label each report.  [default: all]"),
    click.option("--practice", type=click.IntRange(min=0), default=0, show_default=True,
                 metavar="N", help="Reports that every reader labels first."),
    click.option("--order", type=click.Choice(["uncertain", "disagreement", "rare", "random"]),
                 default="random", show_default=True, help="Which reports come first."),
    click.option("--take", type=click.IntRange(min=1), metavar="N",
                 help="How many reports of the table are read.  [default: all]"),
    click.option("--random-share", type=click.FloatRange(0, 1, min_open=True), default=0.2,
                 show_default=True, help="Part of them that is drawn at random all the same."),
    click.option("--second", metavar="NAME|PATH",
                 help="Labeler to compare with, for --order disagreement.  [default: builtin]"),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
                 help="Of all that is drawn."),
)  # fmt: skip
_SERVICE = (
    click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS"),
    click.option("--port", type=click.IntRange(0, 65535), default=8008, show_default=True),
    click.option("--no-serve", is_flag=True, help="Make the review and end."),
)


def _names(given: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())


@click.command("start", cls=Command, hidden=True)
@click.argument("reports", type=FILE, metavar="REPORTS|FOLDER")
@labeler_options
@click.option("--quiet", is_flag=True, help="No progress bar, and no line a request.")
def start(
    *,
    reports: Path,
    output: Path | None,
    database: str | None,
    readers: str | None,
    no_serve: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Make a review of a table or folder of REPORTS and serve it; or serve the one in FOLDER."""
    from lingula.review.folder import is_review, open_review

    if is_review(reports):
        if readers:
            raise ReviewError(f"{reports}: is a review already; it has its readers")
        store, new = open_review(reports, database), False
        folder = reports
    else:
        folder = output or Path(f"{reports.name.split('.')[0]}.review")
        store, new = _make(reports, folder, database, _names(readers), options, quiet=quiet), True
    with store:
        if new:
            click.echo(f"{folder}: {_described(store)}")


for _options in (_SERVICE, _CONDUCT, _REPORTS):
    start = with_options(_options, start)


def _make(
    reports: Path,
    folder: Path,
    database: str | None,
    readers: tuple[str, ...],
    options: dict[str, Any],
    *,
    quiet: bool,
) -> Store:
    from lingula.review.creation import Conduct, Reports, create, read_reports
    from lingula.review.folder import new_database
    from lingula.review.selection import Sampling
    from lingula.text.sections import section_names

    if not readers:
        raise ReviewError("a review needs readers: name them with --readers NAME,NAME")
    sampling = Sampling(options["order"], options["take"], options["random_share"], options["seed"])
    labeler = load_labeler(
        options["labeler_name"], options["schema"],
        **{key: options[key] for key in ("lexicon", "aggregation", "spelling")},
    )  # fmt: skip
    second = second_labeler(options["order"], options["second"])
    read = read_reports(
        Reports(
            reports,
            options["text_columns"],
            options["id_column"],
            options["patient_column"],
            section_names(options["sections"]),
        )
    )
    conduct = Conduct(
        folder.name.removesuffix(".review"),
        readers,
        _names(options["adjudicators"]),
        _names(options["managers"]),
        options["blind"],
        options["readers_per_report"],
        options["practice"],
        sampling,
    )
    place = new_database(folder, database)
    try:
        with counting(quiet=quiet, what="labeling") as bar:
            tell: Callable[[int, int], None] | None = bar
            return create(place, read, conduct, labeler, second, tell)
    except BaseException:
        _unmake(folder)
        raise


def second_labeler(order: str, named: str | None) -> Labeler | None:
    """What the proposals are compared with, where the order asks for it.

    Raises:
        LingulaError: If there is no such labeler.
    """
    if order != "disagreement":
        return None
    return load_labeler(named or "builtin")


def _unmake(folder: Path) -> None:
    """Take away what a review that could not be made left in its new folder."""
    for path in folder.glob("review.*"):
        path.unlink()
    folder.rmdir()


def _described(store: Store) -> str:
    review, data = store.settings(), store.collected()
    readers = [person.name for person in store.people() if person.role == "reader"]
    shown = "blind" if review.blind else f"with proposals of {review.labeler}"
    return (
        f"{len(data):,} reports, {review.readers_per_report} of {len(readers)} readers each, "
        f"{shown}, order {review.order}"
    )
