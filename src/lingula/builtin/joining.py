"""How rules and model are joined at a mention, and mentions to a report.

At a mention of observation o: the chance of class c, where the rules say r and the model's logits
are z, is softmax(z / T[o] + trust[o][r])_c. That is Bayes' rule with the rules as a second witness:
trust[o][r][c] is the logarithm of how often the rules say r where c is true, up to a constant. So a
model that is unsure leaves the rules' label, and one that is sure can overrule it. In the end an
observation's scores may be divided by one number, its heat, which makes chances more or less sure
and changes no label of a mention.

In a report: a positive mention makes an observation positive, else an uncertain one uncertain, else
a negative one negative (Irvin et al., AAAI 2019). With chances, for levels positive, then positive
or uncertain, then any of the three, the report's chance of a level is the largest of its mentions';
the chance of a label is the difference of two levels. (Mentions of one finding in one report stand
and fall together, so the largest, not one minus the product of the rest.) The report's label is the
likeliest one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import CheckpointError
from lingula.labels import Label

Floats = npt.NDArray[np.float64]

#: Chances are rounded to so many decimals before labels are read from them.
DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Joint:
    """Temperature and trust, fitted on sentences that the model was not trained on.

    Attributes:
        temperature: float64, (k,): divides the model's logits, by observation.
        trust: float64, (k, 4, 4): added to the logits of each class, by observation and by what
            the rules say.
    """

    temperature: Floats
    trust: Floats

    @classmethod
    def from_settings(cls, entry: object, observations: int) -> Joint:
        """From the table ``joint`` of a model's settings.

        One temperature, or one trust, stands for all observations.

        Args:
            entry: The table.
            observations: k.

        Raises:
            CheckpointError: If it is none.
        """
        try:
            temperature = np.asarray(entry["temperature"], dtype=np.float64)  # type: ignore[index]
            trust = np.asarray(entry["trust"], dtype=np.float64)  # type: ignore[index]
            classes = len(Label)
            made = cls(
                np.broadcast_to(temperature, (observations,)),
                np.broadcast_to(trust, (observations, classes, classes)),
            )
        except (TypeError, KeyError, ValueError) as error:
            raise CheckpointError(f"the mention model's settings have no joint: {error}") from None
        if not (made.temperature > 0).all() or not np.isfinite(made.trust).all():
            raise CheckpointError("the mention model's joint has a number that is none")
        return made

    def chances(
        self, logits: npt.NDArray[np.float32], rules: Sequence[int], observations: Sequence[int]
    ) -> Floats:
        """Chances of each class at m mentions: float64, (m, 4).

        Args:
            logits: The model's, (m, 4).
            rules: What the rules say of each mention's words.
            observations: Place of each mention's observation in the schema.
        """
        about = np.asarray(observations, dtype=np.intp)
        said = np.asarray(rules, dtype=np.intp)
        scores = logits.astype(np.float64) / self.temperature[about, None] + self.trust[about, said]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: Floats = powers / powers.sum(axis=1, keepdims=True)
        return found


def tempered(chances: Floats, heat: Floats) -> Floats:
    """Chances as they are when their scores are divided by ``heat``.

    Args:
        chances: (m, 4).
        heat: (m,): above 1 for chances that are too sure.
    """
    powers = chances ** (1 / heat[:, None])
    found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


@dataclass(frozen=True, eq=False)
class Cells:
    """Mentions of n reports gathered by observation.

    Attributes:
        positive: float64, (n, k): the largest chance of positive.
        present: The same of positive or uncertain.
        named: The same of positive, uncertain or negative.
    """

    positive: Floats
    present: Floats
    named: Floats

    @classmethod
    def gather(
        cls,
        shape: tuple[int, int],
        rows: npt.NDArray[np.intp],
        columns: npt.NDArray[np.intp],
        chances: Floats,
    ) -> Cells:
        """From m mentions: their reports, observations, and chances (m, 4)."""
        made = cls(np.zeros(shape), np.zeros(shape), np.zeros(shape))
        positive = chances[:, Label.POSITIVE]
        present = positive + chances[:, Label.UNCERTAIN]
        at = (rows, columns)
        np.maximum.at(made.positive, at, positive)
        np.maximum.at(made.present, at, present)
        np.maximum.at(made.named, at, present + chances[:, Label.NEGATIVE])
        return made

    def probabilities(self) -> Floats:
        """Chances of each label of the reports: float64, (n, k, 4); each sums to 1."""
        out = np.empty((*self.positive.shape, len(Label)))
        named = np.maximum(self.named, self.present)
        out[..., Label.BLANK] = 1 - named
        out[..., Label.POSITIVE] = self.positive
        out[..., Label.UNCERTAIN] = self.present - self.positive
        out[..., Label.NEGATIVE] = named - self.present
        rounded: Floats = np.round(out.clip(0, 1), DECIMALS)
        return rounded
