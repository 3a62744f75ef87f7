"""Token weights for a terminal, in plain lines, and as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lingula.explain.attribution import Attribution
from lingula.explain.deletion import word_weights
from lingula.explain.lines import label_word
from lingula.explain.terminal import printable
from lingula.labels import Label

if TYPE_CHECKING:
    from rich.text import Text

#: Words that are listed with their weights.
MOST_WORDS = 8
#: From these shares of the largest weight on a word is coloured, faintly and strongly.
FAINT, STRONG = 0.15, 0.5


def weight_text(item: Attribution) -> Text:
    """The report in colours: red speaks for the label, blue against it."""
    from rich.text import Text

    words = word_weights(item)
    largest = max((abs(weight) for _, _, weight in words), default=0.0) or 1.0
    shown, at = Text(), 0
    for start, end, weight in words:
        shown.append(printable(item.text[at:start]))
        share = abs(weight) / largest
        colour = "red" if weight > 0 else "blue"
        style = f"bold {colour}" if share >= STRONG else colour if share >= FAINT else ""
        shown.append(printable(item.text[start:end]), style=style)
        at = end
    shown.append(printable(item.text[at:]))
    return shown


def weight_lines(item: Attribution) -> list[str]:
    """What is explained, what the weights are, and the words with the largest."""
    name = f"{item.name}: " if item.name else ""
    ranked = sorted(word_weights(item), key=lambda word: -abs(word[2]))[:MOST_WORDS]
    words = ", ".join(
        f"{printable(item.text[start:end])} {weight:+.3f}" for start, end, weight in ranked
    )
    return [
        f"{name}{item.observation}: {label_word(item.label)}",
        f"  {item.describe()}",
        f"  {words or 'no words'}",
    ]


def weight_values(item: Attribution) -> dict[str, Any]:
    """The attribution as plain values for JSON."""
    return {
        "name": item.name,
        "text": item.text,
        "observation": item.observation,
        "label": None if item.label is Label.BLANK else int(item.label.number),
        "method": item.method,
        "change": item.change,
        "gap": item.gap,
        "cut": item.cut,
        "tokens": [
            {
                "start": token.start,
                "end": token.end,
                "token": item.text[token.start : token.end],
                "weight": token.weight,
            }
            for token in item.tokens
        ],
    }
