"""Images from the cache against decoding them: ratio in one run, medians of alternating rounds.

    OMP_NUM_THREADS=1 python benchmarks/images_cache.py --count 200 --side 2048 --size 320

Films are drawn by code (smooth noise, JPEG of quality 90): ``--side`` pixels a side, since a
hospital's films are larger than what a network sees; ``--side 390`` is about CheXpert-small.
What is timed is what feeds a training step: rows of images, as a float tensor, normalized.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from lingula.images.cache import CacheSettings, Pictures, cached_pictures
from lingula.images.recipe import PictureSettings

BATCH = 32


def draw(folder: Path, count: int, side: int) -> list[Path]:
    """Films of smooth noise, as JPEG."""
    generator = np.random.default_rng(0)
    files = []
    for number in range(count):
        coarse = generator.integers(0, 255, (side // 8, side // 8)).astype(np.uint8)
        image = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
        files.append(folder / f"{number}.jpg")
        image.save(files[-1], quality=90)
    return files


def images_per_second(source: Pictures, count: int, most: int) -> float:
    """How fast batches of normalized tensors come, in random order."""
    order = np.random.default_rng(1).permutation(count)[:most]
    begun = time.perf_counter()
    for at in range(0, len(order), BATCH):
        pixels = torch.from_numpy(source.read(np.sort(order[at : at + BATCH])))
        ((pixels.float().unsqueeze(1) / 65535) - 0.5) / 0.25
    return len(order) / (time.perf_counter() - begun)


def main() -> None:
    """Draw, fill the cache, and time both in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--decoded", type=int, default=32, help="images decoded in a round")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = draw(folder, given.count, given.side)
        settings = PictureSettings(given.size)
        cached = cached_pictures(files, settings, CacheSettings(folder / "cache"))
        plain = Pictures(tuple(files), settings)
        slow, fast = [], []
        for _ in range(given.rounds):
            slow.append(images_per_second(plain, given.count, given.decoded))
            fast.append(images_per_second(cached, given.count, given.count))
        ratios = [one / two for one, two in zip(fast, slow, strict=True)]
        print(
            f"{given.side} -> {given.size} pixels: decoding {statistics.median(slow):,.0f} "
            f"images/s, cache {statistics.median(fast):,.0f} images/s, "
            f"{statistics.median(ratios):.0f} times (median of {given.rounds} rounds)"
        )


if __name__ == "__main__":
    main()
