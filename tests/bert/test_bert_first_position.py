"""A torch encoder's last layer may answer for position 0 alone, where nothing else is read."""

import numpy as np
import pytest
import torch

import lingula
from lingula.bert.model import LabelModel
from lingula.bert.runtimes.first_position import first_position_only

SCHEMA = lingula.load_schema("chexpert14")
SIZES = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
DISTIL = {"model_type": "distilbert", "vocab_size": 50, "dim": 16, "n_layers": 2, "n_heads": 2}


def build(pooling="cls", **config):
    torch.manual_seed(0)
    config = config or {"model_type": "bert", **SIZES}
    return LabelModel.from_config({**config, "hidden_dim": 32}, SCHEMA, pooling).eval()


def batch():
    ids = torch.randint(1, 50, (3, 9), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    return ids, mask


@pytest.mark.parametrize("masked", [True, False])
def test_answers_stay_the_same_and_the_last_layer_sees_one_position(masked):
    model = build()
    ids, mask = batch()
    given = mask if masked else None
    widths = []
    layers = model.encoder.encoder.layer
    for layer in layers:
        layer.intermediate.register_forward_hook(lambda _, taken, __: widths.append(taken[0].shape))
    with torch.inference_mode():
        whole = model.answer(ids, given)
        with first_position_only(model) as allowed:
            spared = model.answer(ids, given)
        again = model.answer(ids, given)
    assert allowed
    assert [shape[1] for shape in widths] == [9, 9, 9, 1, 9, 9]
    for one, other in zip(whole, spared, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert torch.equal(again.logits, whole.logits)


@pytest.mark.parametrize(
    ("pooling", "config"), [("mean", {}), ("label-attention", {}), ("cls", DISTIL)]
)
def test_what_reads_every_position_or_is_built_in_another_way_is_left_alone(pooling, config):
    model = build(pooling, **config)
    ids, mask = batch()
    with torch.inference_mode():
        whole = model.answer(ids, mask)
        with first_position_only(model) as allowed:
            spared = model.answer(ids, mask)
    assert not allowed
    assert torch.equal(whole.logits, spared.logits)


def test_it_ends_with_an_error():
    model = build()
    with pytest.raises(ZeroDivisionError), first_position_only(model):
        raise ZeroDivisionError
    ids, mask = batch()
    assert model.encoder(ids, attention_mask=mask).last_hidden_state.shape[1] == 9
