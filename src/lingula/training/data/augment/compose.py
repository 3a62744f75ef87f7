"""Sentences in another order, and new reports of sentences from several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingula.text.sentences import split_sentences

#: Sentences of a composed report: at least, at most.
FEWEST, MOST = 2, 6


def shuffle_sentences(text: str, generator: np.random.Generator) -> str | None:
    """The text with its sentences in another order, joined by spaces; None if there is none.

    Args:
        text: A report.
        generator: Source of chance.
    """
    sentences = [text[start:end] for start, end in split_sentences(text)]
    if len(set(sentences)) < 2:
        return None
    while True:
        order = generator.permutation(len(sentences))
        made = [sentences[place] for place in order]
        if made != sentences:
            return " ".join(made)


def compose_reports(
    sentences: Sequence[str], count: int, generator: np.random.Generator
) -> list[str]:
    """New reports, each of ``FEWEST`` to ``MOST`` different sentences, joined by spaces.

    Args:
        sentences: To draw from; at least two.
        count: How many reports to make.
        generator: Source of chance.
    """
    if len(sentences) < FEWEST:
        return []
    most = min(MOST, len(sentences))
    return [
        " ".join(
            sentences[place]
            for place in generator.choice(
                len(sentences), int(generator.integers(FEWEST, most + 1)), replace=False
            )
        )
        for _ in range(count)
    ]
