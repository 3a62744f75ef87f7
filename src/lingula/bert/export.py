"""A model as an ONNX graph, in float32 or with 8-bit weights."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lingula.bert.graph import take_first_early
from lingula.bert.model import LabelModel
from lingula.errors import MissingExtraError
from lingula.network import import_onnxruntime

#: The newest operator set that is needed (LayerNormalization); onnxruntime 1.17 knows up to 20.
OPSET = 17

#: Newest layout of ONNX files that onnxruntime 1.17 reads.
IR_VERSION = 9


class _Graph(nn.Module):
    """The forward pass with the inputs and outputs of the exported graph."""

    def __init__(self, model: LabelModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, k, 4) and the states at position 0 (n, hidden)."""
        return tuple(self.model.answer(input_ids, attention_mask))  # type: ignore[return-value]


def export_onnx(model: LabelModel, target: Path) -> None:
    """Write the float32 graph.

    Inputs: ``input_ids`` and ``attention_mask``, int64, (n, length). Outputs: ``logits``, float32,
    (n, k, 4), and ``embedding``, float32, (n, hidden).

    Raises:
        MissingExtraError: If the ``onnx`` package is not installed.
    """
    _require_onnx()
    import onnx

    plain = LabelModel.from_config(
        model.encoder.config.to_dict(), model.schema, model.heads.pooling, attention="eager"
    )
    plain.load_state_dict(model.state_dict())
    graph = _Graph(plain).eval()
    # Two rows of unlike length, so that neither number is taken for a constant.
    ids = torch.full((2, 7), 5, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    rows = {0: "n"}
    with warnings.catch_warnings(), torch.no_grad():
        # The tracer warns of Python branches in transformers; the exported graph is compared with
        # the model over many shapes in the tests.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (ids, mask),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits", "embedding"],
            dynamic_axes={
                "input_ids": {0: "n", 1: "length"},
                "attention_mask": {0: "n", 1: "length"},
                "logits": rows,
                "embedding": rows,
            },
            opset_version=OPSET,
            dynamo=False,
        )
    written = onnx.load(str(target))
    if take_first_early(written):
        onnx.save(written, str(target))


def quantize_onnx(source: Path, target: Path, *, reduce_range: bool = True) -> None:
    """Write a graph's 8-bit version: matrix products and the table of word embeddings.

    Weights have one scale a channel. Activations are scaled as they come, with one scale a batch.
    The heads stay in float32.

    Args:
        source: A graph of ``export_onnx``.
        target: File to write.
        reduce_range: Use 7 of a weight's 8 bits. With all 8, sums of products overflow on x86
            processors without VNNI instructions (ONNX Runtime's documentation of quantization),
            and labels would depend on the processor.

    Raises:
        MissingExtraError: If the ``onnx`` package is not installed.
    """
    _require_onnx()
    import onnx

    import_onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".quantize-") as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(str(prepared))
        heads = [node.name for node in graph.graph.node if "/heads/" in node.name]
        quantize_dynamic(
            graph,
            str(target),
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=heads,
            per_channel=True,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
        )
    small = onnx.load(str(target))
    _shrink_embeddings(small)
    small.ir_version = min(small.ir_version, IR_VERSION)
    _forget_unused_domains(small)
    onnx.save(small, str(target))


def export_bytes(model: LabelModel, *, int8: bool = False) -> bytes:
    """The graph as bytes, for a session without a file."""
    with tempfile.TemporaryDirectory(prefix="lingula-") as folder:
        plain = Path(folder) / "model.onnx"
        export_onnx(model, plain)
        if not int8:
            return plain.read_bytes()
        small = Path(folder) / "model.int8.onnx"
        quantize_onnx(plain, small)
        return small.read_bytes()


def _shrink_embeddings(model: Any) -> None:
    """Hold each float table that token ids look up in 8 bits, with one scale a row.

    The scale is the row's own, so that rare words with small vectors lose nothing to common ones.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    tables = {item.name: item for item in graph.initializer}
    nodes = list(graph.node)
    for position, node in reversed(list(enumerate(nodes))):
        if node.op_type != "Gather" or node.input[0] not in tables or "input_ids" not in node.input:
            continue
        table = tables[node.input[0]]
        weight = numpy_helper.to_array(table)
        if weight.dtype != np.float32 or weight.ndim != 2:
            continue
        scale = np.abs(weight).max(axis=1, keepdims=True) / np.float32(127)
        scale[scale == 0] = 1
        bits = np.rint(weight / scale).astype(np.int8)
        name, out, ids = table.name, node.output[0], node.input[1]
        graph.initializer.remove(table)
        graph.initializer.extend(
            [
                numpy_helper.from_array(bits, f"{name}_int8"),
                numpy_helper.from_array(scale.astype(np.float32), f"{name}_scale"),
            ]
        )
        graph.node.remove(node)
        made = [
            helper.make_node("Gather", [f"{name}_int8", ids], [f"{out}_int8"]),
            helper.make_node("Cast", [f"{out}_int8"], [f"{out}_float"], to=TensorProto.FLOAT),
            helper.make_node("Gather", [f"{name}_scale", ids], [f"{out}_scale"]),
            helper.make_node("Mul", [f"{out}_float", f"{out}_scale"], [out]),
        ]
        for offset, item in enumerate(made):
            graph.node.insert(position + offset, item)


def _forget_unused_domains(model: Any) -> None:
    """Drop the operator sets that onnxruntime lists and no node needs: an older one may not know
    them."""
    used = {node.domain for node in model.graph.node} | {""}
    kept = [item for item in model.opset_import if item.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise MissingExtraError("Exporting a model to ONNX", "bert") from None
