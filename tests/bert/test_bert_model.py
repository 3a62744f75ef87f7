"""The network: inputs, gradients, poolings, backbones, and its ONNX graphs."""

import numpy as np
import onnx
import pytest
import torch

import lingula
from lingula.bert.checkpoint import checkpoint_state
from lingula.bert.export import export_bytes
from lingula.bert.model import IMPOSSIBLE, LabelModel
from lingula.bert.runtimes.onnx import OnnxRuntime
from lingula.bert.settings import POOLINGS
from lingula.errors import CheckpointError
from lingula.network import import_onnxruntime
from lingula.schemas import CHEXBERT_ORDER

SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 60}
BACKBONES = {
    "bert": {**SMALL, "model_type": "bert", "intermediate_size": 24},
    "roberta": {**SMALL, "model_type": "roberta", "intermediate_size": 24},
    "electra": {**SMALL, "model_type": "electra", "intermediate_size": 24, "embedding_size": 8},
    "distilbert": {
        "model_type": "distilbert",
        "dim": 16,
        "n_layers": 1,
        "n_heads": 2,
        "hidden_dim": 24,
        "vocab_size": 60,
    },
}
SCHEMA = lingula.load_schema("chexpert14")


def small(backbone="bert", pooling="cls"):
    torch.manual_seed(0)
    model = LabelModel.from_config(BACKBONES[backbone], SCHEMA, pooling)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return model


@pytest.fixture
def batch():
    torch.manual_seed(1)
    ids = torch.randint(5, 60, (3, 9))
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    mask[2, 1:] = 0
    return ids, mask


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_logits_do_not_depend_on_padding(backbone, pooling, batch):
    model, (ids, mask) = small(backbone, pooling), batch
    with torch.no_grad():
        together = model(ids, mask)
        for row, length in enumerate(mask.sum(1).tolist()):
            alone = model(ids[row : row + 1, :length])
            torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-5)
    assert together.shape == (3, 14, 4)
    permits = torch.from_numpy(SCHEMA.permits())
    assert (together[:, ~permits] == IMPOSSIBLE).all()
    assert (together[:, permits] > IMPOSSIBLE).all()


def test_poolings_are_what_they_say(batch):
    ids, mask = batch
    models = {pooling: small("bert", pooling) for pooling in POOLINGS}
    with torch.no_grad():
        model = models["mean"]
        states = model.encoder(ids, mask).last_hidden_state
        mean = torch.stack([s[m == 1].mean(0) for s, m in zip(states, mask, strict=True)])
        torch.testing.assert_close(model.heads.pool(states, mask)[:, 0], mean)

        model = models["label-attention"]
        states = model.encoder(ids, mask).last_hidden_state
        for row in range(3):
            own = states[row][mask[row] == 1]
            for k in range(14):
                weight = (own @ model.heads.query[k] / 4).softmax(0)
                torch.testing.assert_close(
                    model.heads.pool(states, mask)[row, k], weight @ own, atol=1e-5, rtol=1e-5
                )
        # Each observation's head reads its own vector.
        logits = model.heads(states, mask)
        pooled = model.heads.pool(states, mask)
        expected = pooled[:, 3] @ model.heads.weight[3].T + model.heads.bias[3]
        torch.testing.assert_close(logits[:, 3], expected)


def test_embeddings_and_soft_tokens_give_what_ids_give(chexbert_pth):
    model = lingula.load(chexbert_pth).model
    ids = torch.tensor([[101, 2053, 2540, 4963, 102], [101, 2540, 102, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    with torch.no_grad():
        expected = model(ids, mask)
        embeds = model.word_embeddings[ids]
        one_hot = torch.nn.functional.one_hot(ids, 30522).float()
        torch.testing.assert_close(model(inputs_embeds=embeds, attention_mask=mask), expected)
        torch.testing.assert_close(model(soft_tokens=one_hot, attention_mask=mask), expected)
    for given in ({}, {"input_ids": ids, "soft_tokens": one_hot}):
        with pytest.raises(ValueError, match="exactly one"):
            model(**given)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_gradients_are_those_of_finite_differences(pooling, batch):
    model, (ids, mask) = small("bert", pooling).double(), batch
    embeds = model.word_embeddings[ids].detach().requires_grad_()

    def loss(x):
        return model(inputs_embeds=x, attention_mask=mask).clamp(min=-50).square().sum()

    (gradient,) = torch.autograd.grad(loss(embeds), embeds)
    assert (gradient[mask == 0] == 0).all()
    direction = torch.randn_like(embeds)
    with torch.no_grad():
        step = 1e-6
        difference = (loss(embeds + step * direction) - loss(embeds - step * direction)) / 2 / step
    torch.testing.assert_close((gradient * direction).sum(), difference, rtol=1e-5, atol=1e-6)


def test_a_soft_target_without_weight_on_an_impossible_class_gives_no_nan(batch):
    model, (ids, mask) = small(), batch
    target = torch.zeros(3, 14, 4)
    target[..., 0] = 1
    loss = torch.nn.functional.cross_entropy(model(ids, mask).flatten(0, 1), target.flatten(0, 1))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize(
    ("backbone", "pooling"),
    [(name, "cls") for name in BACKBONES] + [("bert", "mean"), ("bert", "label-attention")],
)
def test_the_graph_answers_as_the_model_over_many_shapes(backbone, pooling):
    model = small(backbone, pooling)
    session = OnnxRuntime(export_bytes(model), threads=1)._session
    random = np.random.default_rng(2)
    for rows, length in ((1, 1), (1, 7), (3, 2), (5, 33), (2, 400)):
        ids = random.integers(5, 60, (rows, length))
        mask = (np.arange(length) < random.integers(1, length + 1, (rows, 1))).astype(np.int64)
        found = session.run(None, {"input_ids": ids, "attention_mask": mask})
        with torch.no_grad():
            expected = model.answer(torch.from_numpy(ids), torch.from_numpy(mask))
        np.testing.assert_allclose(found[0], expected.logits, atol=1e-4)
        np.testing.assert_allclose(found[1], expected.embedding, atol=1e-4)


def test_the_8_bit_graph_is_near(chexbert_pth, reference):
    full = lingula.load(chexbert_pth)
    small = lingula.load(chexbert_pth, precision="int8")
    expected, found = full.logits(reference.texts), small.logits(reference.texts)
    finite = np.isfinite(expected)
    error = np.sqrt(np.mean((found[finite] - expected[finite]) ** 2))
    # Of the spread of the logits; a random model this narrow is the worst case.
    assert error < 0.15 * expected[finite].std()
    assert (np.isfinite(found) == finite).all()


def test_graphs_suit_onnxruntime_1_17(tiny_folder):

    for name in ("model.onnx", "model.int8.onnx"):
        graph = onnx.load(str(tiny_folder / name))
        assert graph.ir_version <= 9
        assert {item.domain: item.version for item in graph.opset_import} == {"": 17}
        onnx.checker.check_model(graph)
    assert (tiny_folder / "model.int8.onnx").stat().st_size < 1.5e6


def test_a_state_goes_through_the_key_table_and_back(chexbert_pth, tiny_state):
    found = checkpoint_state(lingula.load(chexbert_pth).model)
    pooler = {key for key in tiny_state if ".pooler." in key}
    assert set(found) == set(tiny_state) - pooler
    assert all(torch.equal(found[key], tiny_state[key]) for key in found)
    assert found["linear_heads.13.weight"].shape == (2, 32)
    assert CHEXBERT_ORDER[13] == "No Finding"
    with pytest.raises(CheckpointError, match="pooling"):
        checkpoint_state(small(pooling="mean"))


def test_flash_attention_is_asked_for_by_name():
    config = BACKBONES["bert"]
    assert LabelModel.from_config(config, SCHEMA, attention="eager").heads.pooling == "cls"
    with pytest.raises((ImportError, ValueError)):
        LabelModel.from_config(config, SCHEMA, attention="no such attention")


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_last_layer_is_computed_at_position_0_where_that_is_all_that_counts(pooling):
    graph = onnx.load_model_from_string(export_bytes(small("bert", pooling)))
    onnx.checker.check_model(graph)
    cuts = [node for node in graph.graph.node if node.name.endswith("_first")]
    # One after attention, one on the way around it.
    assert len(cuts) == (2 if pooling == "cls" else 0)
    dense = next(n for n in graph.graph.node if "layer.0/output/dense/MatMul" in n.name)
    shown = onnx.helper.make_tensor_value_info(dense.output[0], onnx.TensorProto.FLOAT, None)
    graph.graph.output.append(shown)
    session = import_onnxruntime().InferenceSession(graph.SerializeToString())
    ids = np.full((2, 9), 7)
    (states,) = session.run(dense.output, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    assert states.shape == (2, 1 if pooling == "cls" else 9, 16)


def test_heads_stay_in_float32(tiny_folder):
    graph = onnx.load(str(tiny_folder / "model.int8.onnx")).graph
    heads = [node for node in graph.node if "/heads/" in node.name]
    assert {"MatMul"} <= {node.op_type for node in heads}
    assert not any("Integer" in node.op_type for node in heads)
    assert sum(node.op_type == "MatMulInteger" for node in graph.node) == 12
