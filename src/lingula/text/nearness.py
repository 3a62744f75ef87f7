"""Which word of several an unknown one was meant to be, and when it says something else.

Distances are those of optimal string alignment (Damerau 1964).
"""

from __future__ import annotations

from rapidfuzz.distance import OSA

from lingula.text.sounds import sound
from lingula.text.vocabulary import is_listed

#: First parts that change what a word says: one is never read as another, nor added nor dropped.
_TELLING = (
    *("hyper", "hypo", "intra", "inter", "extra", "infra", "supra", "sub", "micro", "macro"),
    *("pre", "post", "ante", "anti", "endo", "epi", "peri", "para", "pro", "retro", "tachy"),
    *("brady", "hemo", "haemo", "hydro", "pneumo", "mono", "uni", "tri", "bi", "non", "un", "in"),
    *("im", "dis", "mis", "de", "re", "ab", "ad", "ex", "a"),
)
_DENYING = ("non", "un", "no")


def settled(token: str, words: list[str]) -> str | None:
    """One of the words at the same distance: forms of one word, or the one with the same start.

    Of several the ones that sound as the token does: "numothorax" is pneumothorax, not hemothorax.
    """
    if len(words) > 1:
        heard = sound(token)
        words = [word for word in words if sound(word) == heard] or words
        words = [word for word in words if word[0] == token[0]] or words
    stem = min(words, key=len)
    if all(word[: max(4, len(stem) - 2)] == stem[: max(4, len(stem) - 2)] for word in words):
        return max(words, key=lambda word: _likeness(token, word))
    return None


def _likeness(written: str, word: str) -> tuple[bool, bool, int]:
    """How like two words at the same distance are: letters that changed places, same end, longer.

    People leave letters out more often than they put others in.
    """
    return sorted(written) == sorted(word), written[-1] == word[-1], len(word)


def says_another(written: str, word: str) -> bool:
    """Whether the two differ by a first part that changes what a word says."""
    if any(
        written == part + word or word == part + written for part in (*_DENYING, "in", "im", "dis")
    ):  # fmt: skip
        return True
    one, other = _first_part(written), _first_part(word)
    if one == other or not (one and other):
        denies = one in _DENYING or other in _DENYING
        return denies and one != other and len(one) != len(other) and _rests_near(written, word)
    return written[len(one) :] == word[len(other) :]


def _rests_near(written: str, word: str) -> bool:
    one, other = written[len(_first_part(written)) :], word[len(_first_part(word)) :]
    return OSA.distance(one, other, score_cutoff=1) <= 1


def _first_part(word: str) -> str:
    fitting = [part for part in _TELLING if word.startswith(part) and len(word) > len(part) + 3]
    return max(fitting, key=len, default="")


def has_nearer(token: str) -> bool:
    """Whether a listed word is one edit away."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for at in range(len(token) + 1):
        head, tail = token[:at], token[at:]
        tries = [head + letter + tail for letter in letters]
        if tail:
            tries += [head + letter + tail[1:] for letter in letters]
            tries.append(head + tail[1:])
        if len(tail) > 1:
            tries.append(head + tail[1] + tail[0] + tail[2:])
        if any(is_listed(word) for word in tries):
            return True
    return False
