"""The folder of a run: what stands where, and whether a run has begun in it.

RUN/recipe.json          every choice, with paths; ``lingula train`` reads it again
RUN/run.json             versions, seed, digests of the data, figures of each stage
RUN/silver-labels/       the silver labels, made once
RUN/STAGE/log.jsonl      loss and figures of each validation
RUN/STAGE/last.pt        for --resume; once the stage is done, only the fact that it is
RUN/STAGE/best.pt        the weights that were kept
RUN/STAGE/model/         those as a model folder
RUN/STAGE/fold-N/        the same files of a stage with folds, and
RUN/STAGE/out_of_fold.npz  what its models said of the reports that each did not see
RUN/model/               the model folder of the last stage, calibrated
RUN/model_card.md
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lingula.errors import InputError

#: Files that a run leaves that failed before its first checkpoint; a new one writes them anew.
_BEFORE_A_CHECKPOINT = {"recipe.json", "run.json", "log.jsonl", "bad_batch.pt"}


@dataclass(frozen=True)
class RunFolder:
    """Where a run's files are.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def recipe(self) -> Path:
        """Every choice."""
        return self.path / "recipe.json"

    @property
    def record(self) -> Path:
        """What was used and what came of it."""
        return self.path / "run.json"

    @property
    def silver(self) -> Path:
        """The silver labels."""
        return self.path / "silver-labels"

    @property
    def model(self) -> Path:
        """The model folder that a run is for."""
        return self.path / "model"

    def stage(self, name: str) -> Path:
        """Folder of a stage."""
        return self.path / name

    def stage_model(self, name: str) -> Path:
        """Model folder of a stage; there once the stage is done."""
        return self.path / name / "model"

    def refuse_used(self) -> None:
        """Refuse a folder that holds anything but what a run leaves that failed at its start.

        Raises:
            InputError: If a run has begun in it, or it is no run's.
        """
        if not self.path.exists() or not any(self.path.iterdir()):
            return
        if not (self.recipe.is_file() and all(map(self._replaceable, self.path.rglob("*")))):
            raise InputError(
                f"{self.path}: is there already; name another folder, or go on with --resume"
            )

    def _replaceable(self, path: Path) -> bool:
        kept = path.is_dir() or path.name in _BEFORE_A_CHECKPOINT or path.name.startswith(".")
        return kept or self.silver in path.parents
