"""What the metadata of a built package says of places on the web: only what is configured.

``LINGULA_PROJECT_URL``, such as https://HOST/OWNER/lingula, is where a release is published. With
it, links of the README lead to that place's files at the release's tag, and the project's addresses
are stated. Without it none is invented: a link into the repository becomes its words with the name
of the file behind them, so that a package index shows no link that leads nowhere.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "LINGULA_PROJECT_URL"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)")


class ProjectPlaces(MetadataHookInterface):
    """Sets ``readme`` and ``urls``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling for every build."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        url = project_url(os.environ.get(VARIABLE, ""))
        version = str(metadata["version"])
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": linked(text, url, version),
        }
        if url:
            metadata["urls"] = {
                "Homepage": url,
                "Documentation": f"{url}/blob/v{version}/README.md#documentation",
                "Changelog": f"{url}/blob/v{version}/CHANGELOG.md",
                "Issues": f"{url}/issues",
            }


def project_url(text: str) -> str:
    """The address, without a slash at its end.

    Raises:
        ValueError: If it is no https address.
    """
    url = text.strip().rstrip("/")
    if url and (urlsplit(url).scheme != "https" or not urlsplit(url).netloc):
        raise ValueError(f"{VARIABLE} must be an https address, not {text!r}")
    return url


def linked(text: str, url: str, version: str) -> str:
    """The README with links that lead somewhere, or with none into the repository."""

    def place(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if url:
            kind = "raw" if picture else "blob"
            return f"{picture}[{words}]({url}/{kind}/v{version}/{target})"
        return words if words == target else f"{words} ({target})"

    return _LINK.sub(place, text)
