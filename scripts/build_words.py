"""Builds src/lingula/text/words/english.txt.gz, the vocabulary of correct English words.

    python scripts/build_words.py FOLDER

FOLDER holds the unpacked Debian packages wamerican, wamerican-large, wbritish, wbritish-large
(SCOWL 2020.12.07) and wordnet-base (WordNet 3.0): ``dpkg-deb -x PACKAGE.deb FOLDER``. The list
holds every word of 2 to 24 plain letters, in lower case and in order; NOTICE names the licences.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/lingula/text/words/english.txt.gz"
_WORD = re.compile(r"[a-z]{2,24}")


def words_of(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in (folder / "usr/share/dict").iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            found.add(line.strip().lower().removesuffix("'s"))
    wordnet = folder / "usr/share/wordnet"
    for part in ("noun", "verb", "adj", "adv"):
        for line in (wordnet / f"index.{part}").read_text(encoding="utf-8").splitlines():
            if not line.startswith(" "):  # the licence is indented
                found.update(re.split(r"[_\-/.]", line.split(" ", 1)[0]))
        for line in (wordnet / f"{part}.exc").read_text(encoding="utf-8").splitlines():
            found.update(re.split(r"[_\-/. ]", line.strip()))
    return {word for word in found if _WORD.fullmatch(word)}


def main() -> None:
    words = sorted(words_of(Path(sys.argv[1])))
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(gzip.compress("\n".join(words).encode("ascii"), 9, mtime=0))
    print(f"{TARGET}: {len(words):,} words, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
