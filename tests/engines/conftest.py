import csv
import sys
from pathlib import Path

import pytest

# The labelers of these tests must be found by name, in worker processes too.
sys.path.insert(0, str(Path(__file__).parent))

SENTENCES = (
    "No pneumothorax.",
    "Small left pleural effusion.",
    "Possible right basilar pneumonia.",
    "Stable cardiomegaly.",
    "No acute cardiopulmonary abnormality.",
    "Mild edema is improved.",
)


def rows(first: int, count: int) -> list[tuple[str, str]]:
    """Ids and reports, each another."""
    return [
        (f"s{n}", f"{SENTENCES[n % 6]} {SENTENCES[n * 7 % 5]} Image {n}.")
        for n in range(first, first + count)
    ]


def write_csv(path: Path, first: int, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("study_id", "report"), *rows(first, count)])


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Five CSV partitions, one of them in a sub-folder, beside what is no data."""
    folder = tmp_path / "in"
    for number, name in enumerate(("a.csv", "b.csv", "year=2020/c.csv", "d.csv", "e.csv")):
        write_csv(folder / name, 100 * number, 20 + number)
    (folder / "_SUCCESS").touch()
    (folder / ".a.csv.crc").write_bytes(b"x")
    return folder
