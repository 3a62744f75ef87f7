"""``lingula serve``: labels over HTTP, on this machine unless told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lingula.cli.command import Command
from lingula.cli.options import with_options
from lingula.defaults import DEFAULT_LABELER
from lingula.errors import InputError

_LIMITS = (
    click.option(
        "--queue",
        "queue_texts",
        type=click.IntRange(min=1),
        default=512,
        show_default=True,
        metavar="N",
        help="Reports that wait at most; beyond, requests are told to come again (429).",
    ),
    click.option(
        "--max-reports",
        "request_reports",
        type=click.IntRange(min=1),
        default=1000,
        show_default=True,
        metavar="N",
        help="Reports of one request at most.",
    ),
    click.option(
        "--max-characters",
        "text_characters",
        type=click.IntRange(min=1),
        default=50_000,
        show_default=True,
        metavar="N",
        help="Characters of one report at most.",
    ),
    click.option(
        "--max-megabytes",
        type=click.IntRange(min=1),
        default=8,
        show_default=True,
        metavar="N",
        help="Size of one request at most.",
    ),
    click.option(
        "--deadline",
        "deadline_seconds",
        type=click.FloatRange(min=0, min_open=True),
        default=30,
        show_default=True,
        metavar="SECONDS",
        help="How long a request may wait for its labels (504).",
    ),
)


@click.command(cls=Command)
@click.option(
    "--labeler",
    "labelers",
    multiple=True,
    metavar="NAME|PATH|NAME=PATH",
    help='"rules", "builtin", a CheXbert .pth file, or a model folder; may be repeated, and '
    "requests name one; the first is the default.  [default: rules and builtin, first "
    f"{DEFAULT_LABELER}]",
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Names and digests of tokens, one of which every request must bring.",
)
@click.option(
    "--add-token",
    metavar="NAME",
    help="Make a token, add its digest to --token-file, print it once, and end.",
)
@click.option(
    "--insecure-no-token",
    is_flag=True,
    help="Listen on another address than this machine's own without asking for a token.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that label; one a core, less one, if not given.",
)
@click.option("--no-cache", is_flag=True, help="Remember no sentence in memory; slower.")
@click.option("--quiet", is_flag=True, help="Write no line a request; errors only.")
def command(
    *,
    labelers: tuple[str, ...],
    host: str,
    port: int,
    token_file: Path | None,
    add_token: str | None,
    insecure_no_token: bool,
    workers: int | None,
    no_cache: bool,
    quiet: bool,
    **limits: Any,
) -> None:
    """Answer requests for labels over HTTP.

    Listens on this machine's own address unless --host says otherwise, which needs a token. The
    interface is described under /docs and /openapi.json.
    """
    from lingula.serve.running import Place, serve
    from lingula.serve.settings import Limits, Served, Settings
    from lingula.web import Tokens
    from lingula.web import add_token as make_token
    from lingula.web.log_lines import log_to_stderr

    if add_token is not None:
        if token_file is None:
            raise InputError("--add-token needs --token-file FILE, which keeps the token's digest")
        click.echo(make_token(token_file, add_token))
        return
    names = labelers or tuple(dict.fromkeys((DEFAULT_LABELER, "builtin", "rules")))
    limits["body_bytes"] = limits.pop("max_megabytes") * 1024 * 1024
    settings = Settings(
        tuple(Served.of(name) for name in names), workers, Limits(**limits), cache=not no_cache
    )
    tokens = None if token_file is None else Tokens.read(token_file)
    log_to_stderr(requests=not quiet)
    place = Place(host, port, tokens, insecure_no_token)
    serve(settings, place, lambda url: click.echo(f"lingula: serving on {url}", err=True))


command = with_options(_LIMITS, command)
