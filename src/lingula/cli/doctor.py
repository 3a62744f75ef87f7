"""``lingula doctor``: what is installed, what is missing for what, and which models there are.

What people paste into a report of a bug: it opens no report, and names no folder of the user's.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import click

import lingula
from lingula.cli.command import Command
from lingula.errors import LingulaError


@dataclass(frozen=True)
class LabelerState:
    """A labeler that is at hand.

    Attributes:
        name: As ``--labeler`` takes it.
        source: "Lingula", or the package whose entry point it is.
        sha256: Digest of what its labels depend on, or None where it has none.
        problem: Why it cannot be used; empty if it can.
    """

    name: str
    source: str
    sha256: str | None
    problem: str = ""


class _Doctor(Command):
    """Looks at the settings itself, to say what is wrong with them."""

    reads_settings = False


@click.command(cls=_Doctor)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(*, as_json: bool) -> None:
    """Say what is installed, what is missing for what, and which models there are.

    No report is opened and no folder named: the answer can be pasted into a report of a bug. The
    exit status is 1 where something that is needed does not work.
    """
    found = examine()
    if as_json:
        import json

        click.echo(json.dumps(found, indent=1))
    else:
        for line in _lines(found):
            click.echo(line)
    if found["problems"]:
        sys.exit(1)


def examine() -> dict[str, Any]:
    """All that the command says, as plain values; ``problems`` is empty where all is well."""
    from lingula.cli.installation import parts

    known = parts()
    labelers = list(_labelers())
    settings, settings_problem = _settings()
    problems = [
        f"{item.name} {item.found or ''} is {item.state}: {part.command}".replace("  ", " ")
        for part in known
        if not part.name
        for item in part.lacking
    ]
    problems += [f"labeler {item.name}: {item.problem}" for item in labelers if item.problem]
    problems += [settings_problem] if settings_problem else []
    return {
        "lingula": lingula.__version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": [
            {
                "extra": part.name or None,
                "complete": not part.lacking,
                "command": part.command if part.lacking else None,
                "packages": [{**asdict(item), "state": item.state} for item in part.packages],
            }
            for part in known
        ],
        "labelers": [asdict(item) for item in labelers],
        "devices": _devices(),
        "settings": settings,
        "environment": sorted(name for name in os.environ if name.startswith("LINGULA_")),
        "problems": problems,
    }


def _labelers() -> Iterator[LabelerState]:
    """Those that ship, whose files are checked, and those of installed packages."""
    from lingula.loading import installed_labelers

    for name in ("rules", "builtin"):
        yield _state(name, "Lingula", partial(lingula.load, name))
    for item in installed_labelers():
        package = f"{item.dist.name} {item.dist.version}" if item.dist else item.value
        yield _state(item.name, package, item.load)


def _state(name: str, source: str, make: Callable[[], Any]) -> LabelerState:
    try:
        made = make()
    except LingulaError as error:
        return LabelerState(name, source, None, str(error))
    except Exception as error:  # noqa: BLE001 - another package's code may fail in any way
        return LabelerState(name, source, None, f"{type(error).__name__}: {error}")
    digest = getattr(made, "sha256", None)
    return LabelerState(name, source, digest if isinstance(digest, str) else None)


def _settings() -> tuple[dict[str, Any], str]:
    """The user's settings, by key without values, and what is wrong with them."""
    from lingula.cli.settings import read_settings

    try:
        found = read_settings()
    except LingulaError as error:
        return {"file": True, "keys": []}, str(error)
    return {"file": found is not None, "keys": sorted(found[1]) if found else []}, ""


def _devices() -> dict[str, Any]:
    """What BERT labelers and training could run on."""
    from lingula.network import import_onnxruntime

    found: dict[str, Any] = {
        "onnxruntime": list(import_onnxruntime().get_available_providers()),
        "torch": None,
    }
    try:
        import torch
    except ImportError:
        return found
    gpus = [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    found["torch"] = ["cpu", *(f"cuda:{at} ({name})" for at, name in enumerate(gpus)), *mps]
    return found


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"lingula {found['lingula']}, {found['python']}, {found['cores']} cores"
    yield f"{found['platform']} ({found['machine']})"
    yield ""
    if not found["packages"]:
        yield "lingula is not installed as a package: what it needs is not known"
    for part in found["packages"]:
        name = part["extra"] or "base install"
        lacking = [item for item in part["packages"] if item["state"] != "ok"]
        if not lacking:
            shown = ", ".join(f"{item['name']} {item['found']}" for item in part["packages"])
            yield f"  {name:14} complete: {shown}"
        else:
            told = ", ".join(f"{item['name']} {item['state']}" for item in lacking)
            yield f"  {name:14} {told}: {part['command']}"
    yield ""
    for item in found["labelers"]:
        digest = f"sha256 {item['sha256']}" if item["sha256"] else "loads"
        yield f"  {item['name']:14} {item['source']}: {item['problem'] or digest}"
    yield ""
    for name, devices in found["devices"].items():
        yield f"  {name:14} {', '.join(devices) if devices else 'not installed'}"
    settings, environment = found["settings"], found["environment"]
    told = ", ".join(settings["keys"]) or ("empty" if settings["file"] else "none")
    yield f"  {'settings':14} {told}"
    yield f"  {'environment':14} {', '.join(environment) or 'nothing of LINGULA_'}"
    yield ""
    yield from found["problems"] or ("No problems.",)
