"""What is installed, and what is missing for what: read from the packages' own metadata."""

from __future__ import annotations

import operator
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

NAME = "lingula"
#: ``torch>=2.4; extra == "bert"``: name, extras of its own, least version, the condition.
_REQUIREMENT = re.compile(
    r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?\s*(?:\(?>=\s*([^,;)\s]+))?[^;]*;?(.*)"
)
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_CONDITION = re.compile(r"""(python_version|sys_platform)\s*(<|>=|==|!=)\s*["']([^"']+)["']""")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
#: Extras for those who work on Lingula itself; nobody misses them.
_OURS = frozenset({"dev", "docs", "all"})


@dataclass(frozen=True)
class Package:
    """A package that a part of Lingula stands on.

    Attributes:
        name: As its author writes it.
        least: The least version that will do, or an empty string.
        found: The version that is installed, or None.
    """

    name: str
    least: str
    found: str | None

    @property
    def state(self) -> str:
        """ "ok", "missing" or "too old"."""
        if self.found is None:
            return "missing"
        return "too old" if _numbers(self.found) < _numbers(self.least) else "ok"


@dataclass(frozen=True)
class Part:
    """The base install, or an extra, with the packages that it needs.

    Attributes:
        name: Of the extra; empty for the base install.
        packages: What it needs on this system.
    """

    name: str
    packages: tuple[Package, ...]

    @property
    def lacking(self) -> tuple[Package, ...]:
        """Packages that are missing or too old."""
        return tuple(item for item in self.packages if item.state != "ok")

    @property
    def command(self) -> str:
        """What installs all of it."""
        return f"pip install '{NAME}[{self.name}]'" if self.name else f"pip install {NAME}"


def parts() -> tuple[Part, ...]:
    """The base install and every extra, in the order of the metadata; empty where Lingula itself
    is not installed as a package.
    """
    try:
        extras = metadata.metadata(NAME).get_all("Provides-Extra") or []
        metadata.requires(NAME)
    except metadata.PackageNotFoundError:
        return ()
    wanted = ["", *(extra for extra in extras if extra not in _OURS)]
    return tuple(Part(name, tuple(_packages(name))) for name in wanted)


def _packages(extra: str) -> Iterator[Package]:
    """What an extra needs, with what the extras that it contains need."""
    for line in metadata.requires(NAME) or ():
        found = _REQUIREMENT.match(line)
        if found is None:
            continue
        name, own_extras, least, condition = found.groups()
        named = _EXTRA.search(condition or "")
        if (named[1] if named else "") != extra or not _applies(condition or ""):
            continue
        if _same(name, NAME):
            for inner in (own_extras or "").split(","):
                yield from _packages(inner.strip())
        else:
            yield Package(name, least or "", _version(name))


@cache
def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _applies(condition: str) -> bool:
    """Whether the conditions on Python and system, joined by "and", hold here."""
    for what, sign, value in _CONDITION.findall(condition):
        here: tuple[object, ...]
        there: tuple[object, ...]
        if what == "sys_platform":
            here, there = (sys.platform,), (value,)
        else:
            here, there = sys.version_info[:2], _numbers(value)
        if not _SIGNS[sign](here, there):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers before the first letter: 2.13.0+cpu is (2, 13, 0)."""
    plain = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, plain[0].split("."))) if plain else ()


def _same(first: str, second: str) -> bool:
    return re.sub(r"[-_.]+", "-", first).casefold() == second.casefold()
