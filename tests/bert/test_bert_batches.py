"""Batches by length, de-duplication, order, and that neither changes an answer."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lingula
from lingula.bert import labeler as labeler_module
from lingula.bert.batching import plan_batches
from lingula.bert.runtimes import Answer
from lingula.bert.runtimes.torch import TorchRuntime
from lingula.errors import InputError

# A busy machine is no failure.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

CPU = torch.device("cpu")


@CALM
@given(
    st.lists(st.integers(1, 60), max_size=50),
    st.integers(1, 200),
    st.none() | st.integers(1, 9),
)
def test_every_row_is_in_one_batch_within_the_limits(lengths, tokens, rows):
    sequences = [np.full(length, row + 1) for row, length in enumerate(lengths)]
    batches = plan_batches(sequences, tokens=tokens, rows=rows)
    found = [row for batch in batches for row in batch.rows.tolist()]
    assert sorted(found) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch.rows) == 1 or batch.ids.size <= tokens
        assert rows is None or len(batch.rows) <= rows
        for row, ids, mask in zip(batch.rows, batch.ids, batch.mask, strict=True):
            assert ids[mask == 1].tolist() == sequences[row].tolist()
            assert (mask == 1).argmin() in (0, lengths[row])
            assert not ids[mask == 0].any()


def test_a_half_full_batch_ends_before_a_notably_shorter_text():
    lengths = [20, 20, 20, 19, 12, 12, 12, 12, 4]
    batches = plan_batches([np.full(length, 1) for length in lengths], tokens=160, even=True)
    assert [batch.ids.shape for batch in batches] == [(4, 20), (5, 12)]


class Counting:
    """A runtime that notes what it is given and answers with the number of ids."""

    tokens = 64
    even = False

    def __init__(self):
        self.rows = 0

    def run(self, batches, *, embedding):
        for batch in reversed(batches):
            self.rows += len(batch.rows)
            lengths = batch.mask.sum(axis=1).astype(np.float32)
            logits = np.zeros((len(batch.rows), 14, 4), np.float32) + lengths[:, None, None]
            yield Answer(batch.rows, logits, lengths[:, None] if embedding else None)


def test_repeats_go_through_once_and_answers_come_in_input_order(chexbert_pth, monkeypatch):
    monkeypatch.setattr(labeler_module, "CHUNK", 3)
    labeler = lingula.load(chexbert_pth)
    labeler._runtime = Counting()
    texts = ["No heart.", " no  HEART. ", None, "Heart", "Heart", *["x " * n for n in range(1, 9)]]
    lengths = labeler.logits(texts)[:, 0, 0]
    expected = [5, 5, np.nan, 3, 3, *range(3, 11)]
    np.testing.assert_array_equal(lengths, expected)
    # "No heart." and " no  HEART. " are the same ids.
    assert labeler._runtime.rows == 10


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_answers_differ_little_between_batch_sizes(tiny_folder, reference, runtime):
    whole = lingula.load(tiny_folder, runtime=runtime)
    expected = whole.logits(reference.texts)
    finite = np.isfinite(expected)
    for batch_size in (1, 2, 7):
        found = lingula.load(tiny_folder, runtime=runtime, batch_size=batch_size)
        logits = found.logits(reference.texts)
        assert np.abs(logits[finite] - expected[finite]).max() < 1e-4
        assert (logits.argmax(-1) == expected.argmax(-1)).all()


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_exact_gives_the_same_bytes_whatever_is_beside(tiny_folder, reference, runtime):
    texts = reference.texts[::2]
    labeler = lingula.load(tiny_folder, runtime=runtime, precision="exact")
    expected, vectors = labeler.logits(texts), labeler.embed(texts)
    order = np.random.default_rng(1).permutation(len(texts))
    shuffled = [texts[i] for i in order]
    assert labeler.logits(shuffled).tobytes() == expected[order].tobytes()
    assert labeler.embed(shuffled).tobytes() == vectors[order].tobytes()
    other = lingula.load(tiny_folder, runtime=runtime, precision="exact", batch_size=5)
    assert other.logits(texts[10:20]).tobytes() == expected[10:20].tobytes()
    alone = np.concatenate([labeler.logits([text]) for text in texts[:20]])
    assert alone.tobytes() == expected[:20].tobytes()


def test_int8_one_at_a_time_gives_the_same_bytes_too(tiny_folder, reference):
    labeler = lingula.load(tiny_folder, precision="int8", batch_size=1)
    expected = labeler.logits(reference.texts)
    assert labeler.logits(reference.texts[::-1]).tobytes() == expected[::-1].tobytes()


class Small(torch.nn.Module):
    """Raises as torch does when a batch has more than so many positions; counts its passes."""

    def __init__(self, model, most):
        super().__init__()
        self.inner, self.most, self.refused = model, most, 0
        self.heads, self.encoder = model.heads, model.encoder

    def answer(self, ids, mask):
        if ids.numel() > self.most:
            self.refused += 1
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return self.inner.answer(ids, mask)


def test_out_of_memory_halves_the_batch_and_goes_on(chexbert_pth, reference):
    labeler = lingula.load(chexbert_pth)
    texts = [text for text in reference.texts if len(text) < 500]
    expected = labeler.logits(texts)
    small = Small(labeler.model, most=150)
    labeler._runtime = TorchRuntime(small, [CPU])
    found = labeler.logits(texts)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    # After the first refusals the limit is known, and larger batches are not tried again.
    assert 1 <= small.refused <= 3


def test_out_of_memory_with_a_single_report(chexbert_pth):
    labeler = lingula.load(chexbert_pth)
    labeler._runtime = TorchRuntime(Small(labeler.model, most=4), [CPU])
    with pytest.raises(InputError, match="single report of 5 tokens"):
        labeler.label(["No heart."])


def test_several_devices_share_one_job(chexbert_pth, reference):
    labeler = lingula.load(chexbert_pth, batch_size=4)
    expected = labeler.logits(reference.texts)
    labeler._runtime = TorchRuntime(labeler.model, [CPU, CPU, CPU])
    np.testing.assert_allclose(labeler.logits(reference.texts), expected, atol=1e-4)
    labeler._runtime = TorchRuntime(Small(labeler.model, most=4), [CPU, CPU])
    with pytest.raises(InputError, match="out of memory"):
        labeler.label(reference.texts)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_autocast(chexbert_pth, reference, precision):
    full = lingula.load(chexbert_pth)
    half = lingula.load(chexbert_pth, precision=precision)
    expected, found = full.logits(reference.texts), half.logits(reference.texts)
    assert found.dtype == np.float32
    finite = np.isfinite(expected)
    difference = np.abs(found[finite] - expected[finite])
    assert 0 < difference.max() < 1
    assert half.embed(["No edema."]).dtype == np.float32


def test_the_owner_may_train_through_the_model(chexbert_pth, reference):
    labeler = lingula.load(chexbert_pth)
    expected = labeler.logits(reference.texts[:20])
    labeler.model.train()
    np.testing.assert_array_equal(labeler.logits(reference.texts[:20]), expected)
    assert labeler.model.training
