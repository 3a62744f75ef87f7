"""Scores of films from networks, and their AUROC against labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from lingula.errors import RecipeError
from lingula.images.networks import FilmNetwork
from lingula.images.policies import UncertainLabels
from lingula.images.source import PixelSource
from lingula.labels import Label
from lingula.metrics.curves import area_under_roc, threshold_counts
from lingula.training.fit.progress import Validation
from lingula.training.fit.worker import Worker

Floats = npt.NDArray[np.float32]

#: Films of a batch that is only scored.
BATCH = 64


def score_films(
    network: FilmNetwork,
    policy: UncertainLabels,
    pixels: PixelSource,
    rows: npt.NDArray[np.intp],
    *,
    batch: int = BATCH,
    told: Callable[[int], None] | None = None,
) -> Floats:
    """Probabilities of positive, float32, shape (rows, k), in fp32.

    Args:
        network: Left in evaluation mode.
        policy: Says what outputs stand for.
        pixels: The images.
        rows: Which of them.
        batch: Films at a time.
        told: Called with the number of films done.
    """
    network.eval()
    device = network.mean.device
    out = []
    with torch.inference_mode():
        for part in _parts(rows, batch):
            images = torch.from_numpy(pixels.read(part)).to(device)
            out.append(policy.score(network(images)).cpu().numpy())
            if told is not None:
                told(len(part))
    found: Floats = np.concatenate(out).astype(np.float32) if out else np.zeros((0, 0), np.float32)
    return found


def _parts(rows: npt.NDArray[np.intp], size: int) -> Iterator[npt.NDArray[np.intp]]:
    for at in range(0, len(rows), size):
        yield rows[at : at + size]


def judged_cells(classes: npt.NDArray[np.int8], blank: str) -> npt.NDArray[np.bool_]:
    """Cells that figures are counted on: not the uncertain ones, and not masked blanks."""
    known = classes != int(Label.UNCERTAIN)
    if blank == "masked":
        known &= classes != int(Label.BLANK)
    found: npt.NDArray[np.bool_] = known
    return found


def aurocs(
    classes: npt.NDArray[np.int8], scores: npt.NDArray[np.floating], blank: str
) -> npt.NDArray[np.float64]:
    """AUROC of each observation; NaN where one class only occurs.

    Args:
        classes: True labels, shape (n, k).
        scores: Shape (n, k).
        blank: "negative" or "masked".
    """
    judged = judged_cells(classes, blank)
    out = np.empty(classes.shape[1])
    for column in range(classes.shape[1]):
        rows = judged[:, column]
        truth = classes[rows, column] == int(Label.POSITIVE)
        out[column] = area_under_roc(threshold_counts(truth, scores[rows, column]))
    return out


@dataclass(frozen=True, eq=False)
class ValidationFilms:
    """What checkpoints are chosen on.

    Attributes:
        pixels: The images.
        classes: int8, shape (n, k).
        blank: What blank counts as.
        names: Of the k observations.
        chosen: Positions of those whose mean AUROC chooses.
    """

    pixels: PixelSource
    classes: npt.NDArray[np.int8]
    blank: str
    names: tuple[str, ...]
    chosen: tuple[int, ...]

    @property
    def undefined(self) -> tuple[str, ...]:
        """Chosen observations of which one class only occurs: they have no AUROC here."""
        known = aurocs(self.classes, np.zeros(self.classes.shape, np.float32), self.blank)
        return tuple(self.names[at] for at in self.chosen if np.isnan(known[at]))

    def require_figure(self) -> None:
        """Refuse films on which no chosen observation has an AUROC.

        Raises:
            RecipeError: If there is none.
        """
        if len(self.undefined) == len(self.chosen):
            raise RecipeError(
                "the validation films have one class only (all positive, or none) for every "
                f"observation that checkpoints are chosen by ({', '.join(self.undefined)}); "
                "take other films, more of them, or other observations (chosen_by)"
            )

    def judge(
        self, network: FilmNetwork, policy: UncertainLabels, worker: Worker
    ) -> tuple[Validation, Floats]:
        """Mean AUROC of the chosen observations that have one; and the scores."""
        own = np.arange(len(self.classes))[worker.rank :: worker.size]
        scores = score_films(network, policy, self.pixels, own)
        whole = worker.gather(own, scores.reshape(len(own), len(self.names)), len(self.classes))
        if not np.isfinite(whole).all():
            return Validation(float("nan"), {}), whole
        found = aurocs(self.classes, whole, self.blank)
        mean = float(np.nanmean(found[list(self.chosen)]))
        each = {
            name: None if np.isnan(value) else round(float(value), 6)
            for name, value in zip(self.names, found, strict=True)
        }
        figures = {"mean auroc": mean, "auroc": each, "films": len(self.classes)}
        return Validation(mean, figures, f"mean AUROC {mean:.3f}"), whole
