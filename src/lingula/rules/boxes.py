"""The check boxes and signs of a form: "[x] fracture", "☐ edema", "(+) effusion (-) edema"."""

from __future__ import annotations

from lingula.rules.matcher import Span

_CLOSING = {"(": ")", "[": "]"}
_TICKS = frozenset({"x", "√", "✓", "✔", "✗", "✘", "☑", "☒"})
_CHECKS = frozenset({"√", "☐", "☑", "☒", "✓", "✔", "✗", "✘"})
#: What a box begins with, or is.
MARKS = _CHECKS | {"[", "("}
#: Signs in brackets, and whether they affirm.
_SIGNS = {
    "+": True,
    "+ve": True,
    "pos": True,
    "-": False,
    "–": False,
    "-ve": False,
    "neg": False,
    "y": True,
    "n": False,
}
#: Most words between such a sign and the finding after it.
_LONGEST_LEAD = 7


def leads(tokens: list[str], mention: Span) -> bool:
    """Whether a sign in brackets stands before the first mention ("(+) effusion (-) edema")."""
    before = tokens[max(mention.start - _LONGEST_LEAD, 0) : mention.start]
    return (
        (")" in before or "]" in before)
        and any(sign in before for sign in _SIGNS)
        and before[-1] not in (":", "=")
    )


def boxes(tokens: list[str], *, signs: bool) -> list[tuple[int, int, bool]]:
    """Check boxes: start, end, whether ticked. With ``signs`` those in brackets count."""
    found = []
    for at, token in enumerate(tokens):
        if token in _CLOSING:
            closing = [_CLOSING[token]]
            if tokens[at + 1 : at + 2] == closing:
                found.append((at, at + 2, False))
            elif tokens[at + 2 : at + 3] == closing and tokens[at + 1] in _TICKS:
                found.append((at, at + 3, True))
            elif signs and tokens[at + 2 : at + 3] == closing and tokens[at + 1] in _SIGNS:
                found.append((at, at + 3, _SIGNS[tokens[at + 1]]))
        elif token in _CHECKS and (at == 0 or tokens[at - 1] not in _CLOSING):
            found.append((at, at + 1, token in _TICKS))
    return found
