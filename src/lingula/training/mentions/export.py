"""The mention model as an ONNX graph in 8 bits whose answers do not depend on the batch."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lingula.bert.export import IR_VERSION, OPSET
from lingula.builtin.mention_model import FIRST, REST
from lingula.training.mentions.network import MentionNetwork

#: Weights use 7 of 8 bits: with all 8, sums of products overflow on x86 processors without VNNI
#: instructions (ONNX Runtime's documentation of quantization).
_WEIGHT_STEPS = 63
_ACTIVATION_STEPS = 127
RUNTIME_DOMAIN = "com.microsoft"


def export_mentions(network: MentionNetwork, folder: Path) -> None:
    """Write the graphs of the first layers and of the rest.

    The first takes ``input_ids`` and ``attention_mask``, int64, (n, length), and gives ``logits``,
    float32, (n, length, 4), and ``states``, float32, (n, length, hidden); the rest takes ``states``
    and ``attention_mask`` and gives ``logits``. Weights have one scale a column; activations are
    scaled as they come, with one scale a token, so that no answer depends on what else is in the
    batch.
    """
    ids = torch.full((2, 16), 5, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    first, rest = _First(network).eval(), _Rest(network).eval()
    with torch.no_grad():
        states = first(ids, mask)[1]
    names = ["input_ids", "attention_mask"]
    _export(first, (ids, mask), names, ["logits", "states"], folder / FIRST)
    names = ["states", "attention_mask"]
    _export(rest, (states, mask), names, ["logits"], folder / REST)


class _First(nn.Module):
    def __init__(self, network: MentionNetwork) -> None:
        super().__init__()
        self.embeddings = network.encoder.embeddings
        self.layers = network.encoder.encoder.layer[: network.early]
        self.head = network.early_head

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        states = self.embeddings(input_ids=input_ids)
        states = _through(self.layers, states, attention_mask)
        return self.head(states), states


class _Rest(nn.Module):
    def __init__(self, network: MentionNetwork) -> None:
        super().__init__()
        self.layers = network.encoder.encoder.layer[network.early :]
        self.head = network.head

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        logits: Tensor = self.head(_through(self.layers, states, attention_mask))
        return logits


def _through(layers: Any, states: Tensor, mask: Tensor) -> Tensor:
    """States after some layers; padding is masked by a number that no softmax survives."""
    hidden = (1.0 - mask[:, None, None, :].to(states.dtype)) * -1e4
    for layer in layers:
        found = layer(states, hidden)
        states = found[0] if isinstance(found, tuple) else found
    return states


def _export(
    module: nn.Module,
    arguments: tuple[Tensor, ...],
    inputs: list[str],
    outputs: list[str],
    target: Path,
) -> None:
    import onnx

    with tempfile.TemporaryDirectory(prefix="lingula-") as folder:
        plain = Path(folder) / "model.onnx"
        _export_float(module, arguments, inputs, outputs, plain)
        graph = onnx.load(str(plain))
    _quantize_products(graph.graph)
    _shrink_table(graph.graph)
    graph.opset_import.append(onnx.helper.make_opsetid(RUNTIME_DOMAIN, 1))
    graph.ir_version = min(graph.ir_version, IR_VERSION)
    onnx.checker.check_model(graph)
    onnx.save(graph, str(target))


def _export_float(
    module: nn.Module,
    arguments: tuple[Tensor, ...],
    inputs: list[str],
    outputs: list[str],
    target: Path,
) -> None:
    shape = {0: "n", 1: "length"}
    with warnings.catch_warnings(), torch.no_grad():
        # The tracer warns of Python branches in transformers; tests compare graph and network.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            arguments,
            str(target),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=dict.fromkeys((*inputs, *outputs), shape),
            opset_version=OPSET,
            dynamo=False,
        )


def _quantize_products(graph: Any) -> None:
    """Each product with a matrix of weights in 8 bits; the head (4 columns) stays as it is."""
    from onnx import numpy_helper

    weights = {item.name: item for item in graph.initializer}
    scaled: dict[str, tuple[str, str]] = {}
    made: list[Any] = []
    added: list[Any] = []
    for node in graph.node:
        weight = weights.get(node.input[1]) if node.op_type == "MatMul" else None
        if weight is None or len(weight.dims) != 2 or weight.dims[1] < 8:
            made.append(node)
            continue
        table = numpy_helper.to_array(weight)
        scale = np.abs(table).max(axis=0) / np.float32(_WEIGHT_STEPS)
        scale[scale == 0] = 1
        bits = np.rint(table / scale).astype(np.int8)
        name = node.output[0]
        added += [
            numpy_helper.from_array(bits, f"{name}_bits"),
            numpy_helper.from_array(scale.astype(np.float32), f"{name}_scale"),
        ]
        graph.initializer.remove(weight)
        if node.input[0] not in scaled:
            scaled[node.input[0]] = (f"{node.input[0]}_u8", f"{node.input[0]}_size")
            made += _row_scaled(node.input[0], *scaled[node.input[0]])
        made += _product(name, *scaled[node.input[0]])
    added += [
        numpy_helper.from_array(np.array(1 / _ACTIVATION_STEPS, dtype=np.float32), "step"),
        numpy_helper.from_array(np.array(128, dtype=np.uint8), "zero"),
        numpy_helper.from_array(np.array(1e-9, dtype=np.float32), "least"),
    ]
    del graph.node[:]
    graph.node.extend(made)
    graph.initializer.extend(added)


def _row_scaled(source: str, bits: str, size: str) -> list[Any]:
    """A tensor in 8 bits around 128, each row divided by its largest size first."""
    from onnx import helper

    node = helper.make_node
    return [
        node("Abs", [source], [f"{source}_abs"]),
        node("ReduceMax", [f"{source}_abs"], [f"{source}_max"], axes=[-1], keepdims=1),
        node("Max", [f"{source}_max", "least"], [size]),
        node("Reciprocal", [size], [f"{source}_part"]),
        node("Mul", [source, f"{source}_part"], [f"{source}_unit"]),
        node("QuantizeLinear", [f"{source}_unit", "step", "zero"], [bits]),
    ]


def _product(name: str, bits: str, size: str) -> list[Any]:
    from onnx import helper

    inputs = [bits, f"{name}_bits", "step", f"{name}_scale", "zero"]
    return [
        # ONNX Runtime's own, since 1.5: an 8-bit product and its scales in one step.
        helper.make_node("MatMulIntegerToFloat", inputs, [f"{name}_unit"], domain=RUNTIME_DOMAIN),
        helper.make_node("Mul", [f"{name}_unit", size], [name]),
    ]


def _shrink_table(graph: Any) -> None:
    """The table of word vectors in 8 bits, with one scale a row."""
    from onnx import TensorProto, helper, numpy_helper

    tables = {item.name: item for item in graph.initializer}
    for at, node in enumerate(list(graph.node)):
        if node.op_type != "Gather" or node.input[1] != "input_ids" or node.input[0] not in tables:
            continue
        table = tables[node.input[0]]
        vectors = numpy_helper.to_array(table)
        scale = np.abs(vectors).max(axis=1, keepdims=True) / np.float32(127)
        scale[scale == 0] = 1
        out = node.output[0]
        graph.initializer.remove(table)
        graph.initializer.extend(
            [
                numpy_helper.from_array(np.rint(vectors / scale).astype(np.int8), "words_bits"),
                numpy_helper.from_array(scale.astype(np.float32), "words_scale"),
            ]
        )
        graph.node.remove(node)
        new = [
            helper.make_node("Gather", ["words_bits", "input_ids"], [f"{out}_bits"]),
            helper.make_node("Cast", [f"{out}_bits"], [f"{out}_float"], to=TensorProto.FLOAT),
            helper.make_node("Gather", ["words_scale", "input_ids"], [f"{out}_scale"]),
            helper.make_node("Mul", [f"{out}_float", f"{out}_scale"], [out]),
        ]
        for offset, item in enumerate(new):
            graph.node.insert(at + offset, item)
        return
