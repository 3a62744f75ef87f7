"""Defaults of the user's own: environment variables, and one TOML file.

What is given on the command line comes first, then an environment variable, then the file, then
what is built in. docs/settings.md has both for users.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from lingula.errors import InputError

#: Options that mean the same in every command that has them: each may stand at the head of the
#: file, and as ``LINGULA_NAME`` in the environment.
SHARED = (
    *("labeler", "schema", "spelling", "language"),
    *("workers", "batch-size", "device", "runtime", "precision", "threads"),
    *("endpoint", "quiet"),
)
#: Names another file; empty for none.
FILE_VARIABLE = "LINGULA_CONFIG"
FILE = "config.toml"


def variable(option: str) -> str:
    """The environment variable of a shared option."""
    return "LINGULA_" + option.upper().replace("-", "_")


def settings_file() -> Path | None:
    """The file of the user's settings, whether it is there or not; None if none is wanted.

    ``LINGULA_CONFIG``, or ``config.toml`` in the user's folder for programs: ``~/.config/lingula``
    (or under ``XDG_CONFIG_HOME``), ``~/Library/Application Support/lingula``, or
    ``%APPDATA%\\lingula``.
    """
    named = os.environ.get(FILE_VARIABLE)
    if named is not None:
        return Path(named).expanduser() if named else None
    return Path(click.get_app_dir("lingula")) / FILE


def read_settings() -> tuple[Path, dict[str, Any]] | None:
    """The settings and their file; None where there is no file.

    Raises:
        InputError: If the file cannot be read, is no TOML, or has a key that is no shared option
            and no table; or ``LINGULA_CONFIG`` names a file that is not there.
    """
    path = settings_file()
    if path is None:
        return None
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if FILE_VARIABLE in os.environ:
            raise InputError(f"{path}: is not there; {FILE_VARIABLE} names it") from None
        return None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    settings = _parse(path, data)
    for key, value in settings.items():
        if not isinstance(value, dict) and _plain(key) not in SHARED:
            cure = _like(_plain(key), SHARED) or f"it may be {', '.join(SHARED)}"
            raise InputError(
                f"{path}: {key!r} is no setting of all commands: {cure}; what only one command "
                "knows stands in a table of its name, such as [label]"
            )
    return path, settings


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        found: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no TOML file: {error}") from None
    return found


def with_variables(params: Iterable[click.Parameter]) -> None:
    """Let each shared option be given by its environment variable too; its help says so."""
    for option in params:
        name = _name(option)
        if name in SHARED and isinstance(option, click.Option) and option.envvar is None:
            option.envvar = variable(name)
            option.show_envvar = True


def command_defaults(
    ctx: click.Context, command: click.Command, path: Path, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What the file says for one command, by parameter.

    Args:
        ctx: The command's context: its names say which tables are meant.
        command: The command.
        path: The file, for messages.
        settings: What it holds.

    Raises:
        InputError: If a key is no option of the command, or a value does not fit; the message
            names the file and the key.
    """
    options = {_name(item): item for item in command.params if isinstance(item, click.Option)}
    found: dict[str, Any] = {}
    for key, value in settings.items():
        option = options.get(_plain(key))
        if option is not None and not isinstance(value, dict):
            found[str(option.name)] = _value(ctx, option, value, f"{path}: {key}")
    table: Any = settings
    words = _words(ctx)
    for at, word in enumerate(words, 1):
        table = table.get(word, {})
        if not isinstance(table, dict):
            raise InputError(f"{path}: {'.'.join(words[:at])} must be a table, [{word}]")
    where = f"{path}: [{'.'.join(words)}]"
    for key, value in table.items():
        option = options.get(_plain(key))
        if option is None:
            like = _like(_plain(key), options)
            told = f": {like}" if like else ""
            raise InputError(f"{where} {key!r} is no option of lingula {' '.join(words)}{told}")
        found[str(option.name)] = _value(ctx, option, value, f"{where} {key}")
    return found


def _words(ctx: click.Context) -> list[str]:
    """The command's names below ``lingula``."""
    words: list[str] = []
    at: click.Context | None = ctx
    while at is not None and at.parent is not None:
        words.insert(0, str(at.info_name))
        at = at.parent
    return words


def _name(option: click.Parameter) -> str:
    """The long name of an option, without its hyphens in front."""
    long = [name for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]
    return long[0].removeprefix("--") if long else str(option.name)


def _plain(key: str) -> str:
    return key.replace("_", "-")


def _like(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known))
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""


def _value(ctx: click.Context, option: click.Option, value: Any, where: str) -> Any:
    """A value as the option takes it.

    Raises:
        InputError: If it does not.
    """
    items = value if isinstance(value, list) else [value]
    if isinstance(value, list) and not option.multiple:
        raise InputError(f"{where}: takes one value, not a list")
    for item in items:
        wanted = _kind(option)
        if not isinstance(item, wanted) or (isinstance(item, bool) and bool not in wanted):
            names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
            raise InputError(f"{where}: must be {names[wanted[-1]]}, not {item!r}")
    try:
        return option.type_cast_value(ctx, items if option.multiple else value)
    except click.BadParameter as error:
        raise InputError(f"{where}: {error.message}") from None


def _kind(option: click.Option) -> tuple[type, ...]:
    """The kinds of TOML values that an option takes; the last names it."""
    if option.is_flag:
        return (bool,)
    if isinstance(option.type, type(click.INT)):
        return (int,)
    return (int, float) if isinstance(option.type, type(click.FLOAT)) else (str,)
