"""Mentions that a model was not trained on, and the shares of them that are told right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.builtin.joining import Floats, Joint


@dataclass(frozen=True, eq=False)
class Held:
    """Mentions that a model was not trained on: what is true, what the rules and the model say.

    Attributes:
        styles: m names.
        frames: m frames that they were drawn from.
        classes: (m,): what is true.
        rules: (m,): what the rules say.
        observations: (m,): places in the schema.
        logits: float32, (m, 2, 4): of the early and of the last head.
    """

    styles: tuple[str, ...]
    frames: tuple[str, ...]
    classes: npt.NDArray[np.intp]
    rules: npt.NDArray[np.intp]
    observations: npt.NDArray[np.intp]
    logits: npt.NDArray[np.float32]

    @classmethod
    def joined(cls, parts: Sequence[Held]) -> Held:
        """Several as one."""
        return cls(
            tuple(style for part in parts for style in part.styles),
            tuple(frame for part in parts for frame in part.frames),
            np.concatenate([part.classes for part in parts]),
            np.concatenate([part.rules for part in parts]),
            np.concatenate([part.observations for part in parts]),
            np.concatenate([part.logits for part in parts]),
        )

    def some(self, rows: npt.NDArray[np.bool_]) -> Held:
        """Those of some rows."""
        at = np.flatnonzero(rows)
        return Held(
            tuple(self.styles[row] for row in at),
            tuple(self.frames[row] for row in at),
            self.classes[at],
            self.rules[at],
            self.observations[at],
            self.logits[at],
        )

    def chances(self, joints: Sequence[Joint]) -> tuple[Floats, Floats]:
        """Chances by the early and by the last head, float64, (m, 4) each."""
        early, last = (
            joint.chances(self.logits[:, head], self.rules.tolist(), self.observations.tolist())
            for head, joint in enumerate(joints)
        )
        return early, last


def figures(held: Held, chances: tuple[Floats, Floats]) -> dict[str, Any]:
    """Shares of mentions that rules, model, and both together get right, by style and in all.

    Args:
        held: The mentions.
        chances: Of both together, by the early and by the last head.
    """
    said = {
        "rules": held.rules,
        "model": held.logits[:, 1].argmax(axis=1),
        "early": chances[0].argmax(axis=1),
        "joined": chances[1].argmax(axis=1),
    }
    names = np.array(held.styles)
    out: dict[str, Any] = {}
    for style in (*dict.fromkeys(held.styles), "all"):
        rows = np.ones(len(names), dtype=bool) if style == "all" else names == style
        out[style] = {
            "mentions": int(rows.sum()),
            **{
                who: round(float((what[rows] == held.classes[rows]).mean()), 4)
                for who, what in said.items()
            },
        }
    return out
