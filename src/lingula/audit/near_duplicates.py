"""Near-identical texts, by MinHash and then by their exact similarity."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lingula.errors import MissingExtraError

WORD = re.compile(r"\w+")
#: Words in one piece of a text.
PIECE = 3
#: Length of a MinHash signature. Candidates are verified, so it only has to be long enough not to
#: miss pairs; the weights tell the index to rather look at a pair too many than miss one.
SIGNATURE = 64
WEIGHTS = (0.1, 0.9)
#: A pair is verified when its signatures promise at most this much less than the threshold. The
#: promise of 64 hashes has a standard deviation of 0.06 at most, so a real pair is not lost here.
MARGIN = 0.25
#: The index cannot be asked for more; what it proposes is verified against the real threshold.
HIGHEST_INDEXED = 0.95

Pieces = npt.NDArray[np.uint32]


def pieces_of(text: str) -> Pieces:
    """The set of a text's runs of three words, as sorted 32-bit hashes.

    A text of fewer words is one piece, so that it is near-identical to itself alone.
    """
    words = WORD.findall(text)
    if len(words) < PIECE:
        words += [""] * (PIECE - len(words))
    runs = zip(*(words[start:] for start in range(PIECE)), strict=False)
    return np.unique(
        np.fromiter((zlib.crc32(" ".join(run).encode()) for run in runs), dtype=np.uint32)
    )


def similarity(one: Pieces, other: Pieces) -> float:
    """Jaccard similarity of two sets of pieces."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


def near_leaders(texts: Sequence[str], threshold: float) -> npt.NDArray[np.intp]:
    """For each distinct text the first text that it nearly repeats, or itself.

    Texts are taken in order. One whose Jaccard similarity with an earlier leader reaches the
    threshold belongs to the most similar such leader; any other is a leader. So the leaders are
    what would be left if near-identical texts were removed, and templates with thousands of
    variants cost no more than any other text. MinHash (Broder, SEQUENCES 1997) with banding, by
    the library datasketch, proposes the leaders to compare with.

    Args:
        texts: Distinct texts in one case.
        threshold: Jaccard similarity in 0 to 1.

    Returns:
        intp, shape (len(texts),): positions of leaders.

    Raises:
        MissingExtraError: If datasketch is not installed.
    """
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError:
        raise MissingExtraError("Finding near-identical reports", "audit") from None
    index = MinHashLSH(
        threshold=min(threshold, HIGHEST_INDEXED), num_perm=SIGNATURE, weights=WEIGHTS
    )
    empty = MinHash(num_perm=SIGNATURE, seed=1, hashfunc=int)
    leaders: dict[int, tuple[Pieces, npt.NDArray[np.unsignedinteger]]] = {}
    enough = SIGNATURE * (threshold - MARGIN)
    found = np.arange(len(texts), dtype=np.intp)
    for position, text in enumerate(texts):
        pieces = pieces_of(text)
        signature = empty.copy()
        signature.update_batch(pieces.tolist())
        best, leader = threshold, -1
        for candidate in sorted(index.query(signature)):
            other, hashes = leaders[candidate]
            # Sets of too different sizes cannot be as similar.
            few, many = sorted((len(pieces), len(other)))
            if few < best * many or np.count_nonzero(signature.hashvalues == hashes) < enough:
                continue
            alike = similarity(pieces, other)
            if alike > best or (alike == best and leader < 0):
                best, leader = alike, candidate
        if leader < 0:
            leaders[position] = pieces, signature.hashvalues
            index.insert(position, signature)
        else:
            found[position] = leader
    return found
