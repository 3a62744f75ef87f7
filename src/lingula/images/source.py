"""Films as the training loop reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from lingula.images.pictures import Pixels
from lingula.images.policies import Targets
from lingula.training.fit.batches import Batch, Rows


class PixelSource(Protocol):
    """Images of n films, whether from a cache or decoded when asked for."""

    def read(self, rows: npt.NDArray[np.intp]) -> Pixels:
        """Some images, by position; uint16, shape (rows, size, size)."""
        ...


@dataclass(frozen=True, eq=False)
class FilmSource:
    """Training films, drawn in another order in each epoch.

    Attributes:
        pixels: The images.
        classes: int8, shape (n, k).
        counted: Bool, shape (n, k): cells that take part in the loss.
        relabeled: float32, shape (n, k): probabilities for uncertain cells, or None.
        size: Films of a batch.
        seed: Of the order.
        key: Identifies the images.
    """

    pixels: PixelSource
    classes: npt.NDArray[np.int8]
    counted: npt.NDArray[np.bool_]
    size: int
    seed: int
    key: str
    relabeled: npt.NDArray[np.float32] | None = None

    def epoch(self, number: int) -> Sequence[Rows]:
        """The rows of each batch; a last batch of one film, which batch norms cannot take, joins
        the one before it."""
        order = np.random.default_rng((self.seed, number)).permutation(len(self.classes))
        batches = [order[at : at + self.size] for at in range(0, len(order), self.size)]
        if len(batches) > 1 and len(batches[-1]) == 1:
            batches[-2:] = [np.concatenate(batches[-2:])]
        return batches

    def batch(self, rows: Rows, epoch: int) -> Batch:
        """Some films. What is drawn for each is drawn by the network, on its device."""
        targets = {
            "classes": torch.from_numpy(self.classes[rows]),
            "counted": torch.from_numpy(self.counted[rows]),
        }
        if self.relabeled is not None:
            targets["relabeled"] = torch.from_numpy(self.relabeled[rows])
        return Batch({"pixels": torch.from_numpy(self.pixels.read(rows))}, targets)

    def digest(self) -> str:
        """Of images, labels, batches and seed."""
        digest = hashlib.sha256(f"{self.key} {self.size} {self.seed}".encode())
        digest.update(self.classes.tobytes())
        digest.update(self.counted.tobytes())
        if self.relabeled is not None:
            digest.update(self.relabeled.tobytes())
        return digest.hexdigest()


def targets_of(batch: Batch) -> Targets:
    """The labels of a batch."""
    held = batch.targets
    return Targets(held["classes"], held["counted"], held.get("relabeled"))


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of images."""

    whole: PixelSource
    rows: npt.NDArray[np.intp]

    def read(self, rows: npt.NDArray[np.intp]) -> Pixels:
        """Some images, by position among these rows."""
        return self.whole.read(self.rows[rows])


def gray_moments(pixels: PixelSource, count: int, most: int = 2000) -> tuple[float, float]:
    """Mean and standard deviation of gray values (0 to 1) of some images, evenly chosen.

    Args:
        pixels: The images.
        count: How many there are.
        most: Images that are looked at.
    """
    rows = np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))
    total = squares = 0.0
    number = 0
    for at in range(0, len(rows), 64):
        gray = pixels.read(rows[at : at + 64]).astype(np.float64) / 65535
        total, squares, number = total + gray.sum(), squares + (gray**2).sum(), number + gray.size
    mean = total / number
    return float(mean), float(max(squares / number - mean**2, 1e-8) ** 0.5)
