"""One stage: resume, accumulation, a loss that is no number, early stop, checkpoints."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lingula.bert.model import LabelModel
from lingula.bert.tokenizer import TextTokenizer
from lingula.errors import CheckpointError, RecipeError
from lingula.labels import Label
from lingula.schemas import load_schema
from lingula.training.data.batches import encode, epoch_batches, padded
from lingula.training.data.examples import Examples
from lingula.training.fit.loop import Where
from lingula.training.model.backbones import load_backbone
from lingula.training.model.prediction import predict
from lingula.training.model.pruning import prune_vocabulary
from lingula.training.recipe import Backbone, Stage
from lingula.training.stage import SoftLoss, StageResult, StageTexts, train_stage
from tests.training.conftest import make_reports

SCHEMA = load_schema("chexpert14")


def examples(count: int, seed: int) -> Examples:
    rows = make_reports(count, seed)
    classes = np.zeros((count, len(SCHEMA)), dtype=np.int8)
    for row, (_, said) in enumerate(rows):
        for name in said:
            classes[row, SCHEMA.index(name)] = Label.POSITIVE
    return Examples.full([text for text, _ in rows], classes)


def fresh(encoder: Path) -> tuple[LabelModel, TextTokenizer]:
    torch.manual_seed(3)
    model, tokenizer = load_backbone(
        Backbone(str(encoder), max_length=64, pooling="mean"), SCHEMA, Path()
    )
    return model, prune_vocabulary(model, tokenizer, examples(40, 1).texts)


STAGE = Stage("one", epochs=2, batch_tokens=256, learning_rate=1e-3)


def train(
    model: LabelModel,
    tokenizer: TextTokenizer,
    texts: Examples,
    held_out: Examples | None,
    folder: Path,
    stage: Stage = STAGE,
    **where: Any,
) -> StageResult:
    return train_stage(
        model, tokenizer, StageTexts(texts, held_out), stage=stage, where=Where(folder, **where)
    )


def weights(model: LabelModel) -> torch.Tensor:
    return torch.cat([item.detach().flatten() for item in model.parameters()])


def test_a_resumed_run_gives_the_same_weights(encoder: Path, tmp_path: Path) -> None:
    texts, held_out = examples(40, 1), examples(10, 2)
    whole, tokenizer = fresh(encoder)
    result = train(whole, tokenizer, texts, held_out, tmp_path / "a")
    steps = []
    for step in range(20):
        model, tokenizer = fresh(encoder)
        part = train(
            model, tokenizer, texts, held_out, tmp_path / "b", resume=step > 0, stop_after=5
        )
        steps.append(part.steps)
        if part.steps == result.steps:
            break
    assert len(steps) > 1
    again = train(model, tokenizer, texts, held_out, tmp_path / "b", resume=True)
    assert torch.equal(weights(whole), weights(model))
    assert again.best == result.best
    assert again.best_step == result.best_step
    logs = [
        [{**json.loads(line), "seconds": 0} for line in path.read_text().splitlines()]
        for path in (tmp_path / "a" / "log.jsonl", tmp_path / "b" / "log.jsonl")
    ]
    # The loss of the log is a mean over the steps since the run went on.
    assert [event["step"] for event in logs[0]] == [event["step"] for event in logs[1]]
    with pytest.raises(CheckpointError, match="another recipe"):
        train(
            model, tokenizer, texts, held_out, tmp_path / "b",
            replace(STAGE, epochs=3), resume=True,
        )  # fmt: skip
    (tmp_path / "b" / "last.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match="damaged"):
        train(model, tokenizer, texts, held_out, tmp_path / "b", resume=True)


def test_accumulated_batches_are_one_larger_batch(encoder: Path, tmp_path: Path) -> None:
    texts = examples(6, 1)
    lengths = []
    final = []
    for tokens, accumulate in ((100_000, 1), (1, 6)):
        model, tokenizer = fresh(encoder)
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        model.encoder.config._attn_implementation = "eager"
        for layer in model.encoder.encoder.layer:
            layer.attention.self.dropout = torch.nn.Dropout(0.0)
        stage = replace(STAGE, epochs=1, batch_tokens=tokens, accumulate=accumulate, warmup=0)
        done = train(model, tokenizer, texts, None, tmp_path / str(accumulate), stage)
        lengths.append(done.steps)
        final.append(weights(model))
    assert lengths == [1, 1]
    torch.testing.assert_close(final[0], final[1], rtol=1e-3, atol=2e-4)


def test_a_loss_that_is_no_number_stops_with_its_batch(encoder: Path, tmp_path: Path) -> None:
    model, tokenizer = fresh(encoder)
    with torch.no_grad():
        model.heads.bias[3, 1] = math.nan
    with pytest.raises(RecipeError, match="the loss is nan at step 1"):
        train(model, tokenizer, examples(20, 1), None, tmp_path)
    saved = torch.load(tmp_path / "bad_batch.pt", weights_only=True)
    assert {"input_ids", "attention_mask", "rows", "classes"} <= set(saved)
    assert len(saved["rows"]) == len(saved["input_ids"])


def test_the_best_checkpoint_is_kept_and_patience_stops(encoder: Path, tmp_path: Path) -> None:
    model, tokenizer = fresh(encoder)
    # A learning rate of 0 never betters the first validation.
    stage = replace(
        STAGE, epochs=6, learning_rate=0.0, head_learning_rate=0.0, patience=2, metric="macro-f1"
    )
    before = weights(model).clone()
    result = train(model, tokenizer, examples(20, 1), examples(1, 2), tmp_path, stage)
    assert result.stopped_early
    assert torch.equal(weights(model), before)
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert sum("figures" in event for event in events) == 3


def test_the_optimizers_state_is_kept_no_longer_than_it_is_needed(
    encoder: Path, tmp_path: Path
) -> None:
    model, tokenizer = fresh(encoder)
    texts, held_out = examples(20, 1), examples(5, 2)
    train(model, tokenizer, texts, held_out, tmp_path, stop_after=1)
    own = sum(item.numel() * 4 for item in model.parameters())
    assert (tmp_path / "last.pt").stat().st_size > 2 * own
    train(model, tokenizer, texts, held_out, tmp_path, resume=True)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"last.pt", "best.pt", "log.jsonl"}
    assert sum(sizes.values()) < 1.1 * own
    # What is left says that the stage is done, and with which weights.
    best = weights(model)
    again, tokenizer = fresh(encoder)
    result = train(again, tokenizer, texts, held_out, tmp_path, resume=True)
    assert result.best is not None
    assert torch.equal(weights(again), best)


@pytest.mark.parametrize("wanted", [True, False])
def test_the_encoders_dropout_can_be_turned_off(
    encoder: Path, tmp_path: Path, wanted: bool
) -> None:
    model, tokenizer = fresh(encoder)
    seen = []

    class Twice(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            seen.append((model.heads.training, model.encoder.training))
            first, second = model(ids, mask), model(ids, mask)
            seen.append(bool((first != second).any()))
            return first

    model.heads.dropout.p = 0.0
    train_stage(
        model, tokenizer, StageTexts(examples(9, 1)),
        loss=SoftLoss(Twice(), lambda logits, _: logits.square().mean()),
        stage=replace(STAGE, encoder_dropout=wanted), where=Where(tmp_path, stop_after=1),
    )  # fmt: skip
    assert seen == [(True, wanted), wanted]


def test_training_needs_something_to_train_on(encoder: Path, tmp_path: Path) -> None:
    model, tokenizer = fresh(encoder)
    with pytest.raises(RecipeError, match="nothing to train on"):
        train(model, tokenizer, examples(3, 1).take([]), None, tmp_path)
    with pytest.raises(RecipeError, match=r"stage 'one'.*needs a GPU"):
        train(model, tokenizer, examples(3, 1), None, tmp_path, replace(STAGE, precision="fp16"))


def test_pruning_changes_no_output_on_the_corpus(encoder: Path) -> None:
    texts = [*examples(30, 1).texts, "Cardiomégalie (XXXX), 3.5 cm!"]
    model, tokenizer = load_backbone(Backbone(str(encoder), max_length=64), SCHEMA, Path())
    device = torch.device("cpu")
    before = predict(model, encode(texts, tokenizer), device)
    rows = model.word_embeddings.shape[0]
    pruned = prune_vocabulary(model, tokenizer, texts, keep_tokens=10)
    assert pruned.vocabulary_size == model.word_embeddings.shape[0] < rows / 10
    after = predict(model, encode(texts, pruned), device, pruned.pad_id)
    np.testing.assert_array_equal(before, after)
    # A word that the corpus lacks is spelled, not lost.
    unknown = pruned.backend.token_to_id("[UNK]")
    assert unknown not in pruned.encode(["hydrothorax"])[0].windows[0]


def test_an_epoch_holds_every_example_once_in_batches_that_fit() -> None:
    lengths = np.random.default_rng(0).integers(3, 90, 500)
    batches = epoch_batches(lengths, 256, (1, 0))
    assert sorted(int(row) for batch in batches for row in batch) == list(range(500))
    for batch in batches:
        assert len(batch) == 1 or padded(int(lengths[batch].max())) * len(batch) <= 256
    assert all(
        np.array_equal(a, b)
        for a, b in zip(batches, epoch_batches(lengths, 256, (1, 0)), strict=True)
    )
    assert [len(b) for b in batches] != [len(b) for b in epoch_batches(lengths, 256, (1, 1))]
