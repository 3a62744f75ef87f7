"""The BERT labeler on GPUs: against CheXbert's own loop and against the card's matrix rate.

    python benchmarks/bert_gpu.py --lengths-from REPORTS.csv --column text

The model has the shape of bert-base and random weights. Reports are invented: words drawn from the
vocabulary, all distinct, as many tokens each as a report drawn from the table has. Printed are

- reports a second of the original's loop (batches of 18 in input order, float32), on a part;
- reports a second of ``BertLabeler.label`` over all of them, tokenizing included, and its memory;
- the card's matrix rate (one large product in the same precision), and the share of it that the
  forward pass reaches on texts of exactly 128 tokens.

Operations are counted as 2 a weight of the encoder's layers and token, and 4 x length x hidden a
layer and token for attention; embeddings, heads and softmax are not counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bert_speed import Original, build, original_loop, read

import lingula
from lingula.bert.runtimes.torch import AUTOCAST
from lingula.bert.text import clean_text
from lingula.bert.tokenizer import TextTokenizer


def invented(lengths: np.ndarray, tokenizer: TextTokenizer, seed: int = 0) -> list[str]:
    """Distinct texts of so many tokens each, special tokens included."""
    words = [word for word in tokenizer.backend.get_vocab() if word.isascii() and word.isalpha()]
    draw = np.random.default_rng(seed)
    return [
        " ".join(words[i] for i in draw.integers(0, len(words), max(3, int(length)) - 2))
        for length in lengths
    ]


def matrix_rate(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Operations a second of a square matrix product, the best of ten."""
    a = torch.randn(size, size, device=device, dtype=dtype)
    b = torch.randn(size, size, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(10):
        _wait(device)
        start = time.perf_counter()
        a @ b
        _wait(device)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def operations(model: torch.nn.Module, tokens: int, length: int) -> float:
    """Operations of the encoder's layers for so many tokens in texts of one length."""
    config = model.encoder.config
    layers = sum(p.numel() for n, p in model.encoder.named_parameters() if ".layer." in n)
    attention = 4 * length * config.hidden_size * config.num_hidden_layers
    return tokens * (2.0 * layers + attention)


def timed(device: torch.device, run: Callable[[], object], rounds: int) -> float:
    """Seconds of the median round."""
    seconds = []
    for _ in range(rounds):
        _wait(device)
        start = time.perf_counter()
        run()
        _wait(device)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lengths-from", type=Path, required=True, help="table of impressions")
    parser.add_argument("--column", default="text")
    parser.add_argument("--reports", type=int, default=227_827, help="MIMIC-CXR's number")
    parser.add_argument("--original-reports", type=int, default=4_500)
    parser.add_argument("--device", default="cuda", help="cuda is every GPU; cpu tries the script")
    parser.add_argument("--precision", default="bf16", choices=["bf16", "fp16", "fp32"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--matrix", type=int, default=8192, help="size of the matrix product")
    parser.add_argument("--folder", type=Path, default=Path("runs/bert_gpu"), help="built once")
    options = parser.parse_args()

    if not options.folder.exists():
        build(options.folder)
    labeler = lingula.load(
        options.folder, runtime="torch", device=options.device, precision=options.precision
    )
    one = torch.device("cuda:0" if options.device == "cuda" else options.device)
    name = torch.cuda.get_device_name(one) if one.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}, {options.precision}, GPUs {options.device}")

    table = [clean_text(text) for text in read(options.lengths_from, options.column)]
    known = np.array([len(item.windows[0]) for item in labeler.tokenizer.encode(table)])
    lengths = np.random.default_rng(0).choice(known, options.reports)
    texts = invented(lengths, labeler.tokenizer)
    print(f"{len(texts)} invented reports, {lengths.mean():.1f} tokens each")

    few = labeler.tokenizer.encode(texts[: options.original_reports])
    ids = [item.windows[0].tolist() for item in few]
    original = Original(labeler.model).to(one)
    original_loop(original, ids[:180], str(one))
    seconds = timed(one, lambda: original_loop(original, ids, str(one)), options.rounds)
    slow = len(ids) / seconds
    print(f"original's loop, float32: {slow:.0f} reports/s ({len(ids)} of them)")

    labeler.label(texts[:2000])
    if one.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds = timed(one, lambda: labeler.label(texts), options.rounds)
    fast = len(texts) / seconds
    print(f"Lingula: {fast:.0f} reports/s, {fast / slow:.1f} times the original's loop")
    if one.type == "cuda":
        print(f"peak memory of {one}: {torch.cuda.max_memory_allocated(one) / 2**30:.1f} GiB")

    dtype = AUTOCAST.get(options.precision, torch.float32)
    rate = matrix_rate(one, dtype, options.matrix)
    rows = 512 if one.type == "cuda" else 4
    batch = torch.randint(1000, 30000, (rows, 128), device=one)

    @torch.inference_mode()
    def forward() -> None:
        with torch.autocast(one.type, dtype=dtype, enabled=dtype != torch.float32):
            for _ in range(10 if one.type == "cuda" else 1):
                labeler.model(batch)

    forward()
    passes = 10 if one.type == "cuda" else 1
    done = passes * operations(labeler.model, batch.numel(), 128)
    reached = done / timed(one, forward, options.rounds)
    print(
        f"matrix product {rate / 1e12:.1f} TFLOP/s; forward pass at 128 tokens "
        f"{reached / 1e12:.1f} TFLOP/s, {reached / rate:.0%} of it"
    )


if __name__ == "__main__":
    main()
