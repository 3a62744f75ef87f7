"""The training loop of the mention model: new sentences each epoch, one pass over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lingula.builtin.reading import MarkReader, Window
from lingula.errors import RecipeError
from lingula.training.mentions.examples import UNKNOWN, Example
from lingula.training.mentions.network import MentionNetwork

#: Weight of the early head's loss.
EARLY_SHARE = 0.3


@dataclass(frozen=True)
class FitOptions:
    """Choices of the loop.

    Attributes:
        epochs: Passes; each has its own sentences.
        batch_size: Windows a step.
        learning_rate: Highest of the encoder; it rises over the first tenth and falls to 0.
        head_learning_rate: Highest of the head.
        weight_decay: Of matrices.
        smoothing: Share of the truth that is spread over all classes.
        seed: Of batches and dropout.
        bf16: Multiply in bfloat16: faster on processors with instructions for it (AVX512-BF16,
            AMX), more than ten times slower on others.
        frozen_words: Leave the vectors of words as they are, so that words that were not seen stay
            near those that mean the same; marks are learned all the same.
    """

    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 4e-4
    head_learning_rate: float = 2e-3
    weight_decay: float = 0.01
    smoothing: float = 0.05
    seed: int = 1
    bf16: bool = False
    frozen_words: bool = True


@dataclass(frozen=True, eq=False)
class _Item:
    window: Window
    classes: tuple[int, ...]


def fit(
    network: MentionNetwork,
    reader: MarkReader,
    draw: Callable[[int], Sequence[Example]],
    options: FitOptions,
    progress: Callable[[int, int, float], None] | None = None,
) -> None:
    """Train a network in place.

    Args:
        network: On the CPU.
        reader: Cuts marked sentences into windows.
        draw: The examples of an epoch, by its number from 0.
        options: The choices.
        progress: Called after each epoch with its number from 1, their count and the mean loss.

    Raises:
        RecipeError: If the loss is no finite number.
    """
    torch.manual_seed(options.seed)
    heads = [*network.head.parameters(), *network.early_head.parameters()]
    rest = list(network.encoder.named_parameters())
    words = network.encoder.embeddings.word_embeddings.weight
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for _, p in rest if p.ndim > 1 and p is not words],
             "lr": options.learning_rate},
            {"params": [p for _, p in rest if p.ndim < 2 or p is words],
             "lr": options.learning_rate, "weight_decay": 0.0},
            {"params": heads, "lr": options.head_learning_rate},
        ],
        weight_decay=options.weight_decay,
    )  # fmt: skip
    loss_of = nn.CrossEntropyLoss(ignore_index=UNKNOWN, label_smoothing=options.smoothing)
    first = _items(reader, draw(0))
    total = options.epochs * -(-len(first) // options.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, total))
    for epoch in range(options.epochs):
        items = first if epoch == 0 else _items(reader, draw(epoch))
        generator = np.random.default_rng([options.seed, epoch])
        network.train()
        losses = []
        for batch in _batches(items, options.batch_size, generator):
            ids, mask, marks, classes = _tensors([items[at] for at in batch])
            with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
                early, last = network(ids, mask)
            at = (marks[:, 0], marks[:, 1])
            loss = loss_of(last[at].float(), classes)
            loss = loss + EARLY_SHARE * loss_of(early[at].float(), classes)
            if not torch.isfinite(loss):
                raise RecipeError(f"epoch {epoch + 1}: the loss is no finite number")
            optimizer.zero_grad()
            loss.backward()
            if options.frozen_words and words.grad is not None:
                words.grad[: reader.first_mark] = 0
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        if progress is not None:
            progress(epoch + 1, options.epochs, float(np.mean(losses)))
    network.eval()


def predict(
    network: MentionNetwork, reader: MarkReader, texts: Sequence[str]
) -> list[npt.NDArray[np.float32]]:
    """Logits of both heads at every mark of marked sentences: float32, (marks, 2, 4) each."""
    cut = reader.windows(texts)
    out = [
        np.zeros((sum(len(window.marks) for window in windows), 2, 4), dtype=np.float32)
        for windows in cut
    ]
    flat = [(row, window) for row, windows in enumerate(cut) for window in windows]
    flat.sort(key=lambda entry: entry[1].used)
    network.eval()
    with torch.no_grad():
        for at in range(0, len(flat), 128):
            part = flat[at : at + 128]
            ids, mask = _padded([window for _, window in part])
            logits = torch.stack(network(ids, mask), dim=2).numpy()
            for place, (row, window) in enumerate(part):
                for number, position in window.marks:
                    out[row][number] = logits[place, position]
    return out


def _rate(step: int, total: int) -> float:
    warm = max(1, total // 10)
    return min((step + 1) / warm, max(0.0, (total - step) / max(1, total - warm)))


def _items(reader: MarkReader, examples: Sequence[Example]) -> list[_Item]:
    return [
        _Item(window, tuple(example.classes[number] for number, _ in window.marks))
        for example, windows in zip(
            examples, reader.windows([example.text for example in examples]), strict=True
        )
        for window in windows
        if any(example.classes[number] != UNKNOWN for number, _ in window.marks)
    ]


def _batches(
    items: Sequence[_Item], size: int, generator: np.random.Generator
) -> list[npt.NDArray[np.intp]]:
    """Batches of similar lengths, in random order."""
    noise = generator.random(len(items)) * 6
    order = np.argsort(np.array([item.window.used for item in items]) + noise, kind="stable")
    batches = [order[at : at + size] for at in range(0, len(order), size)]
    return [batches[at] for at in generator.permutation(len(batches))]


def _padded(windows: Sequence[Window]) -> tuple[Tensor, Tensor]:
    length = max(window.used for window in windows)
    ids = torch.zeros((len(windows), length), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : window.used] = torch.from_numpy(window.ids[: window.used])
        mask[row, : window.used] = 1
    return ids, mask


def _tensors(items: Sequence[_Item]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Ids, mask, (row, position) of each mark, and its class."""
    ids, mask = _padded([item.window for item in items])
    marks = [(row, place) for row, item in enumerate(items) for _, place in item.window.marks]
    classes = [label for item in items for label in item.classes]
    return ids, mask, torch.tensor(marks), torch.tensor(classes)
