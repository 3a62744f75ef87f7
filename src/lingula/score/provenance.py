"""What a score must carry to mean something: labeler, section, versions."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

#: Modules that can change a label, and their distributions; named if they are loaded.
_RELEVANT = {
    "numpy": "numpy",
    "tokenizers": "tokenizers",
    "onnxruntime": "onnxruntime",
    "torch": "torch",
    "transformers": "transformers",
}

WHOLE_TEXT = "whole text as given"


@dataclass(frozen=True)
class Provenance:
    """Where scores come from.

    Attributes:
        labeler: Name of the labeler, or what stands for one.
        labeler_sha256: Digest of its checkpoint, or of the rules; None if it tells none.
        schema: Name of its schema.
        section: Which part of each report was labeled.
        versions: Pairs of package and version: Lingula, Python, and the packages that can
            change a label.
    """

    labeler: str
    labeler_sha256: str | None
    schema: str
    section: str
    versions: tuple[tuple[str, str], ...]

    @property
    def sha256(self) -> str:
        """The digest, or "not known"."""
        return self.labeler_sha256 or "not known"

    @property
    def versions_line(self) -> str:
        """The versions as one line."""
        return ", ".join(f"{name} {version}" for name, version in self.versions)


def describe_labeler(labeler: Any) -> tuple[str, str | None]:
    """Name and digest of a labeler: its ``name`` and ``sha256`` if it has them.

    The rules' aggregation is no part of their digest, so it goes with the name.
    """
    name = str(getattr(labeler, "name", None) or type(labeler).__name__)
    aggregation = getattr(labeler, "aggregation", None)
    if aggregation is not None:
        name = f"{name} (aggregation {aggregation})"
    sha256 = getattr(labeler, "sha256", None)
    return name, None if sha256 is None else str(sha256)


def describe_sections(sections: Sequence[str] | None) -> str:
    """The sections as one phrase."""
    return ", ".join(sections) if sections else WHOLE_TEXT


def package_versions() -> tuple[tuple[str, str], ...]:
    """Versions of Lingula, Python and those loaded packages that can change a label."""
    versions = [("lingula", _version("lingula")), ("python", platform.python_version())]
    versions += [
        (distribution, _version(distribution))
        for module, distribution in _RELEVANT.items()
        if module in sys.modules
    ]
    return tuple(versions)


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal digits."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
