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


def images_per_second(source: Pictures, count: int, most: int) -> tuple[float, float]:
    """Images a second and a processor-second, as normalized tensors in random order."""
    order = np.random.default_rng(1).permutation(count)[:most]
    begun, busy = time.perf_counter(), time.process_time()
    for at in range(0, len(order), BATCH):
        pixels = torch.from_numpy(source.read(np.sort(order[at : at + BATCH])))
        ((pixels.float().unsqueeze(1) / 65535) - 0.5) / 0.25
    return len(order) / (time.perf_counter() - begun), len(order) / (time.process_time() - busy)


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
        print(f"{given.side} -> {given.size} pixels, medians of {given.rounds} rounds")
        for place, unit in enumerate(("second", "processor-second")):
            one, two = ([pair[place] for pair in each] for each in (fast, slow))
            ratio = statistics.median(a / b for a, b in zip(one, two, strict=True))
            print(
                f"images a {unit}: decoding {statistics.median(two):,.0f}, "
                f"cache {statistics.median(one):,.0f}, {ratio:.0f} times"
            )


if __name__ == "__main__":
    main()
