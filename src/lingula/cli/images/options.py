"""Options that the commands on tables of films share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.options import with_options

if TYPE_CHECKING:
    import torch

    from lingula.images.films import FilmTable

_FILM_OPTIONS = (
    click.option(
        "--images",
        "root",
        metavar="FOLDER",
        help="Folder of the images; the table's own if not given.",
    ),
    click.option("--path-column", metavar="NAME", help="Column of the paths."),
    click.option("--skip-missing", is_flag=True, help="Leave out films whose file is missing."),
    click.option(
        "--skip-broken",
        is_flag=True,
        help="Leave out pictures that cannot be read, and count them.",
    ),
)


def film_options(command: Any) -> Any:
    """Add --images, --path-column, --skip-missing and --skip-broken to a command."""
    return with_options(_FILM_OPTIONS, command)


def film_table(
    table: str,
    root: str | None,
    path_column: str | None,
    *,
    skip_missing: bool,
    labels: str | None = None,
    missing_list: Path | None = None,
    splits: str | None = None,
) -> FilmTable:
    """Which table is read, and how."""
    from lingula.images.films import FilmTable

    return FilmTable(
        Path(table),
        None if root is None else Path(root),
        path_column,
        None if labels is None else Path(labels),
        skip_missing,
        missing_list,
        None if splits is None else Path(splits),
    )


def one_device(name: str | None) -> torch.device:
    """The device that a name stands for; of several GPUs the first."""
    from lingula.bert.runtimes.torch import devices_of

    return devices_of(name)[0]


class Bar:
    """A progress bar on a terminal; silent in a pipe."""

    def __init__(self, quiet: bool, title: str) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._title = title
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Bar:
        if self._shown:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True))
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int) -> None:
        """Show how many of how many are done."""
        if self._bar is None:
            return
        if self._task is None:
            self._task = self._bar.add_task(self._title, total=total)
        self._bar.update(self._task, completed=done, total=total)
