"""``lingula review REPORTS``: makes a review, or goes on with one, and serves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.command import Command
from lingula.cli.options import labeler_options, load_labeler, with_options
from lingula.cli.progress import counting
from lingula.errors import ReviewError

if TYPE_CHECKING:
    from lingula.labels import Labeler
    from lingula.review.records import Person
    from lingula.review.store import Store
    from lingula.review.web.running import Place

FILE = click.Path(path_type=Path)
#: Where a review is served if nothing is said.
_USUAL = "http://127.0.0.1:8008"

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
    click.option("--certificate", type=FILE, help="PEM file of a certificate: serve over TLS."),
    click.option("--key", type=FILE, help="PEM file of its key, if that is not in it."),
    click.option("--public-url", metavar="URL",
                 help="https://NAME under which a proxy in front serves it over TLS."),
    click.option("--no-serve", is_flag=True, help="Make the review and end."),
)  # fmt: skip


def _names(given: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for options in (_SERVICE, _CONDUCT, _REPORTS):
        command = with_options(options, command)
    return command


@click.command("start", cls=Command)
@click.argument("reports", type=FILE, metavar="REPORTS|FOLDER")
@_options
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
    from lingula.review.web.running import Place

    named = ("host", "port", "certificate", "key", "public_url")
    place = Place(**{name: options.pop(name) for name in named})
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
        if not no_serve:
            _serve(store, folder, place, new=new, quiet=quiet)


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
    take = options.pop
    sampling = Sampling(*(take(name) for name in ("order", "take", "random_share", "seed")))
    table = Reports(
        reports,
        take("text_columns"),
        take("id_column"),
        take("patient_column"),
        section_names(take("sections")),
    )
    conduct = Conduct(
        folder.name.removesuffix(".review"),
        readers,
        _names(take("adjudicators")),
        _names(take("managers")),
        take("blind"),
        take("readers_per_report"),
        take("practice"),
        sampling,
    )
    second = second_labeler(sampling.order, take("second"))
    labeler = load_labeler(take("labeler_name"), take("schema"), **options)
    read = read_reports(table)
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


def _serve(store: Store, folder: Path, place: Place, *, new: bool, quiet: bool) -> None:
    from lingula.review.web.links import new_link
    from lingula.review.web.running import serve
    from lingula.web.log_lines import log_to_stderr

    def started(url: str) -> None:
        click.echo(f"lingula: serving on {url}", err=True)
        if not new:
            more = "" if url == _USUAL else f" --url {url}"
            click.echo(f"for a new link: lingula review links {folder} NAME{more}", err=True)
            return
        for person in store.people():
            click.echo(f"{person.name} ({person.role}): {new_link(store, url, person)}")

    log_to_stderr(requests=not quiet)
    serve(store, place, started)


@click.command("links", cls=Command)
@click.argument("folder", type=FILE)
@click.argument("names", nargs=-1)
@click.option("--database", metavar="ADDRESS", help="Of the database, if not as noted.")
@click.option("--url", default=_USUAL, show_default=True, help="Of the service.")
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    default=14,
    show_default=True,
    help="How long a link can be opened.",
)
@click.option("--revoke", is_flag=True, help="End all links and sessions of these people instead.")
@click.option(
    "--add",
    "role",
    type=click.Choice(["reader", "adjudicator", "manager"]),
    help="Add the people named first, in this role.",
)
def make_links(
    *,
    folder: Path,
    names: tuple[str, ...],
    database: str | None,
    url: str,
    days: float,
    revoke: bool,
    role: str | None,
) -> None:
    """Make a new link for the people named, or for everybody; each opens one session.

    A reader who is added has no report until the next round.
    """
    from lingula.review.folder import open_review
    from lingula.review.web.links import new_link

    with open_review(folder, database) as store:
        if role is not None:
            store.add_people([(name, role) for name in names])
        for person in _named_people(store.people(), names):
            if revoke:
                store.revoke(person.id)
                click.echo(f"{person.name}: links and sessions are ended")
            else:
                click.echo(f"{person.name} ({person.role}): {new_link(store, url, person, days)}")


def _named_people(people: Sequence[Person], names: Sequence[str]) -> list[Person]:
    """The people of those names; all of them if none is named.

    Raises:
        ReviewError: If somebody is not there.
    """
    known = {person.name: person for person in people}
    for name in names:
        if name not in known:
            raise ReviewError(f"there is no {name!r} in this review; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(people)
