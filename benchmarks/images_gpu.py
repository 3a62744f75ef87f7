"""Training on a GPU against a plain loop (decode, resize and train in order), in one run.

    python benchmarks/images_gpu.py --device cuda   # DenseNet-121, 320 pixels, bf16
    python benchmarks/images_gpu.py --device cpu --size 64 --batch 8 --steps 4 --count 64 --small

Films are drawn by code. Told are images a second, and the share of time in which no batch was
ready. The plain loop decodes a batch on all cores when it needs it, then trains on it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from images_cache import draw

from lingula.images.cache import CacheSettings, Pictures, cached_pictures
from lingula.images.networks import FilmNetwork, Normalization
from lingula.images.policies import POLICIES
from lingula.images.recipe import NetworkSettings, PictureSettings
from lingula.images.source import FilmSource, targets_of
from lingula.training.fit.loop import Where, fit
from lingula.training.fit.progress import Progress
from lingula.training.fit.settings import FitSettings, Optimization
from lingula.training.fit.steps import Task


def network(given: argparse.Namespace) -> FilmNetwork:
    """A DenseNet of 14 observations."""
    torch.manual_seed(1)
    small = {"init_features": 8, "growth_rate": 4, "blocks": (2, 2)} if given.small else {}
    settings = NetworkSettings(**small)
    return FilmNetwork(settings, 14, 1, Normalization(0.5, 0.25), channels_last=True)


def main() -> None:
    """Time both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--side", type=int, default=390)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--count", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    device, loss = torch.device(given.device), POLICIES["ones"]
    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder, settings = Path(name), PictureSettings(given.size)
        files = draw(folder, given.count, given.side)
        classes = generator.integers(0, 4, (given.count, 14)).astype(np.int8)
        counted = np.ones(classes.shape, dtype=np.bool_)
        rates = {}
        for what in ("plain loop", "lingula"):
            plain = what == "plain loop"
            pixels = Pictures(tuple(files), settings)
            if not plain:
                pixels = cached_pictures(files, settings, CacheSettings(folder / "cache"))
            source = FilmSource(pixels, classes, counted, given.batch, 1, what)
            told: list[tuple[float, Progress]] = []
            task = Task(what, network(given), source, lambda x, b: loss.loss(x, targets_of(b)))
            fit(
                task,
                FitSettings(
                    epochs=1000,
                    precision="bf16",
                    optimization=Optimization(learning_rate=1e-4),
                    workers=0 if plain or device.type == "cpu" else given.workers,
                ),
                Where(
                    folder / what,
                    device,
                    progress=lambda at, told=told: told.append((time.perf_counter(), at)),
                    stop_after=given.steps,
                ),
            )
            first = told[len(told) // 4]  # what comes before it warms up
            steps = told[-1][1].step - first[1].step
            rates[what] = steps * given.batch / (told[-1][0] - first[0])
            print(f"{what}: {rates[what]:,.0f} images/s, {told[-1][1].waiting:.1%} without data")
        print(f"{rates['lingula'] / rates['plain loop']:.1f} times")


if __name__ == "__main__":
    main()
