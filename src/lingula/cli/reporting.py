"""What a run says on standard error: lines for people, or JSON lines for what watches over cron."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from time import monotonic
from typing import Any

import click

from lingula.cli.options import with_options
from lingula.errors import LingulaError

#: Exit status of a run that did its work, but not on all of the input; with --strict.
INCOMPLETE = 3

#: Seconds between two JSON lines of progress.
PROGRESS_SECONDS = 10.0

_OPTIONS = (
    click.option(
        "--strict",
        is_flag=True,
        help=f"End with status {INCOMPLETE} if the input is empty or rows were left out.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Lines for people, or JSON lines with time stamps.",
    ),
    click.option("--quiet", is_flag=True, help="Print nothing but errors."),
)


class ToldAbort(click.exceptions.Abort):
    """An interruption that was told already."""


@dataclass
class Reporting:
    """Says what a run does.

    Attributes:
        quiet: Whether to say nothing but errors.
        strict: Whether an incomplete run ends with a status of its own.
        as_json: Whether to say it in JSON lines: ``time`` (ISO 8601, UTC), ``level``, ``message``
            and what else there is.
    """

    quiet: bool = False
    strict: bool = False
    as_json: bool = False
    _told: float = field(default_factory=monotonic, repr=False)

    def say(self, message: str, *, level: str = "info", **more: Any) -> None:
        """One line; ``more`` is for JSON alone."""
        if self.quiet and level != "error":
            return
        if not self.as_json:
            click.echo(message, err=True)
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        record = {"time": now, "level": level, "message": message, **more}
        click.echo(json.dumps(record, ensure_ascii=False), err=True)

    def summary(self, lines: Iterator[str], **more: Any) -> None:
        """The lines of a summary; in JSON its warnings, and one record with all of it."""
        if not self.as_json:
            for line in lines:
                self.say(line)
            return
        for line in lines:
            if line.startswith("lingula: warning: "):
                self.say(line.removeprefix("lingula: warning: "), level="warning")
        self.say("done", **more)

    def progress(self, rows: int, total: int) -> None:
        """A JSON line of how far it is, now and then."""
        if self.as_json and monotonic() - self._told >= PROGRESS_SECONDS:
            self._told = monotonic()
            self.say("progress", rows=rows, total=total)

    def end(self, *, rows: int, rejected: int) -> None:
        """End the command with its status if the run is incomplete and that matters."""
        if self.strict and (rejected or not rows):
            raise click.exceptions.Exit(INCOMPLETE)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Says errors of the block in JSON, if that is asked for; the status stays the same."""
        try:
            yield
        except LingulaError as error:
            if not self.as_json:
                raise
            self.say(str(error), level="error")
            raise click.exceptions.Exit(2) from None
        except KeyboardInterrupt:
            if not self.as_json:
                raise
            self.say("interrupted", level="error")
            raise ToldAbort from None


def reporting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --strict, --log-format and --quiet; the command gets one ``reporting``."""

    @functools.wraps(command)
    def built(*, quiet: bool, strict: bool, log_format: str, **given: Any) -> Any:
        reporting = Reporting(quiet, strict, log_format == "json")
        with reporting.errors():
            return command(reporting=reporting, **given)

    return with_options(_OPTIONS, built)
