"""How much faster the BERT labeler is than CheXbert's own loop, on a CPU, in one run.

    python benchmarks/bert_speed.py REPORTS.csv --column text

The model has the shape of bert-base and random weights, which cost what trained ones do. The
original's loop is stated anew here: batches of 18 in input order, padded to the longest of the
batch, float32, evaluation mode without gradients, 14 heads, argmax. Its tokenizing is left out of
its time; Lingula's is in Lingula's. The ways are timed in turn, several rounds, and medians are
compared, so that whatever else the machine does falls on all of them; processor time is given too.
"""

from __future__ import annotations

import argparse
import csv
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

import lingula
from lingula.bert.checkpoint import ASSETS, checkpoint_state
from lingula.bert.export import export_onnx, quantize_onnx
from lingula.bert.folder import ONNX, ONNX_INT8, write_settings
from lingula.bert.model import LabelModel
from lingula.bert.settings import ModelSettings
from lingula.bert.text import clean_text
from lingula.bert.tokenizer import TextTokenizer
from lingula.bert.weights import save_folder
from lingula.schemas import CHEXBERT_ORDER

BATCH = 18

#: The ways that are timed beside the original's loop, with the options of ``lingula.load``.
WAYS: dict[str, dict[str, str]] = {
    "torch fp32": {"runtime": "torch"},
    "onnx fp32": {"runtime": "onnx", "precision": "fp32"},
    "onnx int8": {"runtime": "onnx", "precision": "int8"},
    "onnx exact": {"runtime": "onnx", "precision": "exact"},
}


class Original(nn.Module):
    """CheXbert's network as its code has it: an encoder and 14 separate heads."""

    def __init__(self, model: LabelModel) -> None:
        super().__init__()
        self.bert = model.encoder
        state = checkpoint_state(model)
        self.dropout = nn.Dropout(0.1)
        self.linear_heads = nn.ModuleList()
        for head in range(len(CHEXBERT_ORDER)):
            weight = state[f"linear_heads.{head}.weight"]
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.load_state_dict({"weight": weight, "bias": state[f"linear_heads.{head}.bias"]})
            self.linear_heads.append(linear)

    def forward(self, source: Tensor, mask: Tensor) -> list[Tensor]:
        states = self.bert(source, attention_mask=mask).last_hidden_state
        vector = self.dropout(states[:, 0])
        return [head(vector) for head in self.linear_heads]


def original_loop(model: Original, ids: list[list[int]], device: str = "cpu") -> list[list[int]]:
    """Class indices, a row a report, in head order."""
    model.eval()
    found: list[list[int]] = []
    with torch.no_grad():
        for start in range(0, len(ids), BATCH):
            rows = [torch.tensor(row) for row in ids[start : start + BATCH]]
            source = nn.utils.rnn.pad_sequence(rows, batch_first=True).to(device)
            mask = torch.zeros(source.shape, device=device)
            for row, length in enumerate(map(len, rows)):
                mask[row, :length] = 1
            out = [head.argmax(dim=1) for head in model(source, mask)]
            found += torch.stack(out, dim=1).tolist()
    return found


def build(folder: Path) -> None:
    """A model folder of bert-base's shape with random weights and both graphs."""
    torch.manual_seed(0)
    model = LabelModel.from_config(ASSETS / "config.json", lingula.load_schema("chexpert14"))
    with torch.no_grad():
        model.heads.weight.mul_(20)  # so that labels vary
    tokenizer = TextTokenizer.from_vocabulary(ASSETS / "vocab.txt", 512)
    settings = ModelSettings(schema=model.schema, name="random bert-base", empty_text="model")
    save_folder(folder, model, tokenizer, settings)
    export_onnx(model, folder / ONNX)
    quantize_onnx(folder / ONNX, folder / ONNX_INT8)
    write_settings(folder, settings)


def read(path: Path, column: str) -> list[str]:
    with path.open(newline="", encoding="utf-8") as stream:
        return [row[column] for row in csv.DictReader(stream) if row[column].strip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("csv", type=Path, help="table of reports or impressions")
    parser.add_argument("--column", default="text")
    parser.add_argument("--reports", type=int, default=1000, help="distinct reports a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", action="store_true", help="label the whole table too")
    parser.add_argument("--folder", type=Path, help="keep the built model here, or use it again")
    parser.add_argument("--threads", type=int, help="of every way; one a core if not given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()

    table = read(options.csv, options.column)
    distinct = list(dict.fromkeys(clean_text(text) for text in table))
    draw = random.Random(options.seed)
    sample = draw.sample(distinct, min(options.reports, len(distinct)))
    rows = draw.sample(table, min(options.reports, len(table)))

    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch) / "model"
        if not folder.exists():
            build(folder)
        if options.threads is not None:
            torch.set_num_threads(options.threads)
        labelers = {
            name: lingula.load(folder, threads=options.threads, **WAYS[name])
            for name in options.ways
        }
        plain = lingula.load(folder, runtime="torch")
        original = Original(plain.model)

        def ids_of(texts: list[str]) -> list[list[int]]:
            tokens = plain.tokenizer.encode([clean_text(text) for text in texts])
            return [item.windows[0].tolist() for item in tokens]

        ids = ids_of(sample)
        share = _padding(ids)
        print(
            f"{len(table)} reports, {len(distinct)} distinct; {len(sample)} of these a round, "
            f"{sum(map(len, ids)) / len(ids):.1f} tokens each; torch threads "
            f"{torch.get_num_threads()}; original's padding {share:.0%}"
        )
        expected = original_loop(original, ids[:54])
        columns = [plain.schema.index(name) for name in CHEXBERT_ORDER]
        for name, labeler in labelers.items():
            found = labeler.label(sample[:54]).classes[:, columns]
            same = (found == expected).mean()
            print(f"  {name:12s} labels equal to the original's loop: {same:.2%}")

        print("distinct reports")
        runs: dict[str, Callable[[], object]] = {
            "original": lambda: original_loop(original, ids),
            **{n: (lambda x=x: x.label(sample)) for n, x in labelers.items()},
        }
        compare(runs, {name: len(sample) for name in runs}, options.rounds)
        if options.repeats:
            print("all reports of the table, with the repeats that occur in it")
            row_ids = ids_of(rows)
            runs = {
                "original": lambda: original_loop(original, row_ids),
                **{
                    n: (lambda x=x: x.label(table))
                    for n, x in labelers.items()
                    if n in ("onnx fp32", "onnx int8")
                },
            }
            counts = {name: len(table) for name in runs} | {"original": len(rows)}
            compare(runs, counts, options.rounds)


def compare(runs: dict[str, Callable[[], object]], counts: dict[str, int], rounds: int) -> None:
    """Time the ways in turn; print reports a second, by the clock and by the processor's time."""
    clock: dict[str, list[float]] = {name: [] for name in runs}
    processor: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            run()
            clock[name].append(counts[name] / (time.perf_counter() - start))
            processor[name].append(counts[name] / (time.process_time() - start_cpu))
    first = next(iter(runs))
    for name in runs:
        wall, cpu = statistics.median(clock[name]), statistics.median(processor[name])
        ratios = [a / b for a, b in zip(clock[name], clock[first], strict=True)]
        print(
            f"  {name:12s} {wall:7.1f} reports/s {wall / statistics.median(clock[first]):6.2f} x   "
            f"{cpu:7.1f} reports/CPU-s {cpu / statistics.median(processor[first]):6.2f} x   "
            f"(rounds: {', '.join(f'{ratio:.2f}' for ratio in ratios)})"
        )


def _padding(ids: list[list[int]]) -> float:
    total = sum(
        len(part) * max(map(len, part))
        for start in range(0, len(ids), BATCH)
        if (part := ids[start : start + BATCH])
    )
    return 1 - sum(map(len, ids)) / total


if __name__ == "__main__":
    main()
