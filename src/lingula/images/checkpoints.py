"""The best checkpoints of a seed, of which more than one may be kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from lingula.images.networks import FilmNetwork


class BestCheckpoints:
    """The weights of the N best validations, as files named by figure and content.

    A resumed run that repeats a validation gives the same file, so nothing is kept twice.

    Args:
        folder: Of the files; made if it is not there.
        keep: N.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self._keep = keep

    def clear(self) -> None:
        """Remove what an earlier run left."""
        for path in self.paths():
            path.unlink()

    def paths(self) -> list[Path]:
        """The files, the best first."""
        return sorted(self.folder.glob("auroc-*.pt"), key=lambda path: path.name, reverse=True)

    def offer(self, network: FilmNetwork, value: float) -> None:
        """Keep these weights if they are among the best."""
        state = network.state_dict()
        digest = hashlib.sha256()
        for tensor in state.values():
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        path = self.folder / f"auroc-{value:.9f}-{digest.hexdigest()[:12]}.pt"
        held = self.paths()
        if path in held or (len(held) >= self._keep and path.name < held[-1].name):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        torch.save(state, beside)
        beside.replace(path)
        for worse in self.paths()[self._keep :]:
            worse.unlink()
