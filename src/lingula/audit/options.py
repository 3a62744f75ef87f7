"""What can be chosen about an audit."""

from __future__ import annotations

from dataclasses import dataclass

from lingula.errors import InputError


@dataclass(frozen=True)
class AuditOptions:
    """Choices; the defaults are what the documentation describes.

    Attributes:
        examples: Rows named for each issue.
        show_text: Whether examples carry the report's text.
        widest_interval: A label is too rare to measure when the 95% interval of a sensitivity on
            its positives can be wider than this.
        groups: Metadata columns to break the labels down by; None takes those whose name says
            view, sex, age, site or the like.
        most_levels: Groups shown of one metadata column; the rest is pooled as "other".
        near_duplicate: Reports whose sets of three-word pieces have at least this Jaccard
            similarity are near-identical.
        resamples: Bootstrap resamples of the intervals that have no formula.
        review: Disagreements listed for review.
        seed: Seed of the bootstrap.

    Raises:
        InputError: If a number is out of its range.
    """

    examples: int = 8
    show_text: bool = False
    widest_interval: float = 0.2
    groups: tuple[str, ...] | None = None
    most_levels: int = 8
    near_duplicate: float = 0.8
    resamples: int = 1000
    review: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("examples", 0, 1000),
            ("widest_interval", 0.01, 1.0),
            ("most_levels", 2, 100),
            ("near_duplicate", 0.5, 1.0),
            ("resamples", 100, 100_000),
            ("review", 0, 100_000),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise InputError(f"{name} is {value}; it must lie between {least} and {most}")
