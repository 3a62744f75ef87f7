"""What ``test_killed`` kills: ``python -m tests.images.killed FOLDER RUN``."""

from __future__ import annotations

import sys
from pathlib import Path

from lingula.images.cache import CacheSettings
from lingula.images.films import FilmTable
from lingula.images.prepare import Tables
from lingula.images.recipe import load_recipe
from lingula.images.seed_run import RunSettings
from lingula.images.train import train_images
from lingula.training.fit.progress import Progress


def tell(at: Progress) -> None:
    """The step, to who waits for it."""
    sys.stdout.write(f"{at.step}\n")
    sys.stdout.flush()


def main(folder: Path, run: Path) -> None:
    """Train, from where it was killed."""
    tables = Tables(
        FilmTable(folder / "train.csv"),
        FilmTable(folder / "valid.csv"),
        CacheSettings(folder / "cache"),
    )
    settings = RunSettings(run, resume=run.is_dir(), progress=tell)
    train_images(load_recipe(folder / "long.toml"), tables, settings)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
