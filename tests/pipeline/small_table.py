"""A small table of reports, and a table as it was written."""

from __future__ import annotations

import csv
from pathlib import Path

TEXTS = ["No edema. Pneumonia.", "", "Fracture of a rib.", "   ", "No edema. Pneumonia."]


def make(path: Path, texts: list[str], column: str = "impression") -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", column, "age"])
        writer.writerows([f"{n:03d}", text, "NA"] for n, text in enumerate(texts))
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
