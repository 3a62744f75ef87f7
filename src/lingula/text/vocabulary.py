"""Which words are correct English: a list of 160,000, words of radiology, and how both compound.

The list is made of SCOWL and WordNet (``scripts/build_words.py``; NOTICE names the licences). It
is kept as one block of bytes and searched with an index: a set of it would take 15 MB and 0.1 s.
"""

from __future__ import annotations

import gzip
import hashlib
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "words"
#: Bytes of the list between two words of its index.
_STRIDE = 1024

#: First parts of which medicine makes words ("perihilar", "hemidiaphragm", "noncalcified").
PREFIXES = tuple(
    sorted(
        (
            *("acromio", "angio", "antero", "anti", "aorto", "arterio", "atrio", "bi", "broncho"),
            *("cardio", "cavo", "cervico", "chondro", "contra", "coraco", "costo", "cranio"),
            *("dextro", "endo", "epi", "extra", "femoro", "fibro", "gastro", "hemi", "hemo"),
            *("hepato", "hydro", "hyper", "hypo", "infero", "infra", "inter", "intra", "ipsi"),
            *("juxta", "kypho", "latero", "levo", "lumbo", "macro", "medio", "meta", "micro"),
            *("mid", "mini", "mono", "multi", "myo", "naso", "neo", "non", "oro", "ortho"),
            *("osteo", "over", "pan", "para", "patello", "peri", "pleuro", "pneumo", "poly"),
            *("post", "postero", "pre", "pseudo", "quasi", "radio", "retro", "semi", "sterno"),
            *("sub", "super", "supero", "supra", "tele", "thoraco", "tracheo", "trans", "tri"),
            *("un", "under", "uni", "vaso", "ventriculo", "vertebro"),
        ),
        key=len,
        reverse=True,
    )
)
_ENDINGS = ("like", "wise", "based", "sided", "less", "ly")


@lru_cache(maxsize=1)
def _block() -> bytes:
    """All words of the list, one a line, in order, with a line end before and after."""
    return b"\n" + gzip.decompress((_FOLDER / "english.txt.gz").read_bytes()) + b"\n"


@lru_cache(maxsize=1)
def _index() -> tuple[list[bytes], list[int]]:
    """Words a few kilobytes apart, "" first, and the line ends before them; the last place of all.

    A word lies between the last of these words that is not after it, and the next.
    """
    block = _block()
    places = [0]
    while (place := block.find(b"\n", places[-1] + _STRIDE)) >= 0 and place < len(block) - 1:
        places.append(place)
    starts = [block[place + 1 : block.find(b"\n", place + 1)] for place in places]
    return [b"", *starts[1:]], [*places, len(block) - 1]


@lru_cache
def word_list(name: str) -> frozenset[str]:
    """The words of a list of ours: "radiology", "chest" or "foreign"."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=1)
def spelling_digest() -> str:
    """sha256 of the word lists, as hexadecimal text."""
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_listed(word: str) -> bool:
    """Whether a word in lower case stands in one of the two lists."""
    if word in word_list("radiology"):
        return True
    try:
        wanted = word.encode("ascii")
    except UnicodeEncodeError:
        return False
    starts, places = _index()
    at = bisect_right(starts, wanted) - 1
    return _block().find(b"\n" + wanted + b"\n", places[at], places[at + 1] + 1) >= 0


def is_english(word: str) -> bool:
    """Whether a word in lower case is listed, or made of a listed word in a way that is usual.

    That is: with a first part of ``PREFIXES``, an ending such as "-like", a plural's "s" or an
    apostrophe's ("patient's").
    """
    word = word.partition("'")[0]
    if is_listed(word):
        return True
    if word[-1:] == "s" and word[:-1] in word_list("radiology"):
        return True
    if word.endswith(_ENDINGS):
        for ending in _ENDINGS:
            rest = word.removesuffix(ending)
            if rest != word and len(rest) > 3 and is_listed(rest):
                return True
    if not word.startswith(PREFIXES):
        return False
    for prefix in PREFIXES:
        rest = word.removeprefix(prefix)
        if (
            rest != word
            and len(rest) > 3
            and (is_listed(rest) or is_listed(rest.removesuffix("s")))
        ):
            return True
    return False
