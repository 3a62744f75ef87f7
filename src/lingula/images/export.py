"""A model of films as one ONNX graph, compared with torch before it is kept."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lingula.errors import CheckpointError, MissingExtraError, RecipeError
from lingula.images.model import FilmModel, SelectedModel
from lingula.images.pictures import WHITE
from lingula.network import import_onnxruntime

#: As of the labelers' graphs.
OPSET = 17
#: Most that a probability of the graph may differ from torch's.
MOST_OFF = 1e-4


class _Averaged(nn.Module):
    """Gray images, float32 (n, size, size), 0 to 1 -> probabilities (n, k)."""

    def __init__(self, model: FilmModel) -> None:
        super().__init__()
        self.members = nn.ModuleList(model.networks)
        self._policy = model.policy
        inverse = [1 / value for value in model.temperature] or [1.0]
        self.register_buffer("inverse", torch.tensor(inverse))
        self.inverse: Tensor

    def forward(self, gray: Tensor) -> Tensor:
        scores = [self._policy.score(member(gray * WHITE)) for member in self.members]
        mean = torch.stack(scores).mean(0)
        return (mean.clamp(1e-7, 1 - 1e-7).logit() * self.inverse).sigmoid()


def export_model(model: FilmModel | SelectedModel, path: Path) -> float:
    """Write the graph: input ``gray``, output ``scores``; any number of films.

    Args:
        model: Of one recipe, without a hierarchy.
        path: The file.

    Returns:
        The most that a probability differs from torch's, over noise and flat images.

    Raises:
        RecipeError: If the model is a selection or has a hierarchy.
        CheckpointError: If the graph's scores are not the model's.
    """
    if not isinstance(model, FilmModel) or any(model.above):
        raise RecipeError("a selection or a hierarchy cannot be one graph; export its parts")
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise MissingExtraError("An ONNX graph", "bert") from None
    size = model.recipe.pictures.size
    graph = _Averaged(model.to(torch.device("cpu"))).eval()
    gray = torch.from_numpy(np.random.default_rng(0).random((3, size, size), dtype=np.float32))
    gray[2] = 0.5
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of the tracer; the graph is compared below
            expected = graph(gray).numpy()
            torch.onnx.export(
                graph,
                (gray[:2],),
                str(beside),
                input_names=["gray"],
                output_names=["scores"],
                dynamic_axes={"gray": {0: "n"}, "scores": {0: "n"}},
                opset_version=OPSET,
                dynamo=False,
            )
        runtime = import_onnxruntime()
        session = runtime.InferenceSession(str(beside), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"gray": gray.numpy()})
        off = float(np.abs(np.asarray(found) - expected).max())
        if not off <= MOST_OFF:
            raise CheckpointError(f"{path}: the graph's scores differ from torch's by {off:.2g}")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return off
