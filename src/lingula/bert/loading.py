"""``load_bert``: a checkpoint or a model folder, and the runtime that fits what is there."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from lingula.bert.folder import ONNX, ONNX_INT8, WEIGHTS, ModelFolder, sha256_of
from lingula.bert.labeler import BertLabeler, Long
from lingula.bert.runtimes import Runtime
from lingula.errors import CheckpointError, MissingExtraError, RecipeError
from lingula.labels import Schema
from lingula.network import silence

if TYPE_CHECKING:
    from lingula.bert.model import LabelModel

RuntimeName = Literal["onnx", "torch"]
Precision = Literal["exact", "fp32", "bf16", "fp16", "int8"]

RUNTIMES: tuple[str, ...] = get_args(RuntimeName)
PRECISIONS: tuple[str, ...] = get_args(Precision)
LONGS: tuple[str, ...] = get_args(Long)

#: What each runtime can compute in.
ABLE: dict[str, tuple[str, ...]] = {
    "onnx": ("exact", "fp32", "int8"),
    "torch": ("exact", "fp32", "bf16", "fp16"),
}


@dataclass(frozen=True)
class _Wanted:
    device: str | None
    runtime: str | None
    precision: str | None
    threads: int | None


def load_bert(
    path: str | Path,
    *,
    schema: Schema | None = None,
    device: str | None = None,
    runtime: str | None = None,
    precision: str | None = None,
    batch_size: int | None = None,
    long: str | None = None,
    threads: int | None = None,
) -> BertLabeler:
    """A labeler from a CheXbert checkpoint or a model folder.

    Args:
        path: A CheXbert checkpoint (``.pth``) or a folder that ``lingula convert`` or
            ``lingula train`` wrote.
        schema: Observations of the model to label, in this order; all of them if not given.
        device: "cpu", "cuda" (every GPU), "cuda:N" or "mps"; a GPU if there is one.
        runtime: "onnx" or "torch"; torch on a GPU, ONNX where the folder has it.
        precision: "fp32" (the default), "exact" (float32, one report at a time: the same bytes
            whatever is labeled beside it), "bf16" or "fp16" (torch), "int8" (ONNX).
        batch_size: Most reports a batch; batches are limited by their tokens in any case.
        long: "cut" (the default: the beginning of a long report is read, as CheXbert does) or
            "windows" (all of it, in overlapping windows).
        threads: Threads on a CPU; one a core if not given.

    Raises:
        CheckpointError: If the file or folder is damaged, changed, or of another model.
        RecipeError: If an option is unknown, or asks for what is not there.
        SchemaError: If the model lacks an observation of the schema.
        MissingExtraError: If the runtime needs packages that are not installed.
    """
    path = Path(path)
    if not path.exists():
        raise CheckpointError(
            f"{path}: there is no such file or folder; name a model folder or a CheXbert .pth file"
        )
    _check("runtime", runtime, RUNTIMES)
    _check("precision", precision, PRECISIONS)
    _check("long", long, LONGS)
    if batch_size is not None and batch_size < 1:
        raise RecipeError(f"batch_size must be at least 1, not {batch_size}")
    wanted = _Wanted(device, runtime, precision, threads)
    options: dict[str, Any] = {
        "schema": schema,
        "exact": precision == "exact",
        "batch_size": batch_size,
        "long": cast(Long, long or "cut"),
    }
    labeler = (
        _from_folder(path, wanted, options) if path.is_dir() else _from_file(path, wanted, options)
    )
    labeler.made_by(
        load_bert,
        {
            "path": str(path.resolve()),
            "schema": schema,
            "device": device,
            "runtime": runtime,
            "precision": precision,
            "batch_size": batch_size,
            "long": long,
            "threads": threads,
        },
    )
    return labeler


def _from_file(path: Path, wanted: _Wanted, options: dict[str, Any]) -> BertLabeler:
    if path.suffix in (".onnx", ".safetensors"):
        raise CheckpointError(f"{path}: name its folder, which holds tokenizer and schema")
    require_torch("A .pth checkpoint")
    from lingula.bert.checkpoint import load_checkpoint

    digest = sha256_of(path)
    model, tokenizer, settings = load_checkpoint(path)
    chosen = wanted.runtime or ("onnx" if wanted.precision == "int8" else "torch")
    _check_able(chosen, wanted)
    if chosen == "onnx":
        from lingula.bert.export import export_bytes

        made = _onnx_runtime(export_bytes(model, int8=wanted.precision == "int8"), wanted)
    else:
        made = _torch_runtime(model, wanted)
    return BertLabeler(tokenizer, settings, made, lambda: model, sha256=digest, **options)


def _from_folder(path: Path, wanted: _Wanted, options: dict[str, Any]) -> BertLabeler:
    folder = ModelFolder.open(path)
    chosen = wanted.runtime or _choose(folder, wanted)
    _check_able(chosen, wanted)
    load: Callable[[], LabelModel] = lambda: _load_model(folder)  # noqa: E731
    made: Runtime
    if chosen == "onnx":
        name = ONNX_INT8 if wanted.precision == "int8" else ONNX
        if not folder.has(name) and wanted.precision is None and folder.has(ONNX_INT8):
            name = ONNX_INT8
        if not folder.has(name):
            raise CheckpointError(
                f"{path}: has no {name}; make one with lingula convert {path} FOLDER "
                f"--{'int8' if name == ONNX_INT8 else 'onnx'}"
            )
        file = folder.file(name)
        made = _onnx_runtime(file, wanted)
        digest = folder.digests[name]
    else:
        require_torch(f"{path} has no ONNX model for this; torch")
        model = load()
        made = _torch_runtime(model, wanted)
        load = lambda: model  # noqa: E731
        digest = folder.digests[WEIGHTS]
    return BertLabeler(folder.tokenizer(), folder.settings, made, load, sha256=digest, **options)


def _choose(folder: ModelFolder, wanted: _Wanted) -> str:
    if wanted.precision == "int8":
        return "onnx"
    if wanted.precision in ("bf16", "fp16") or wanted.device not in (None, "cpu"):
        return "torch"
    has_onnx = folder.has(ONNX) or (folder.has(ONNX_INT8) and wanted.precision is None)
    if not has_onnx:
        return "torch" if folder.has(WEIGHTS) else "onnx"
    if wanted.device is None and folder.has(WEIGHTS) and _gpu_is_usable():
        return "torch"
    return "onnx"


def _gpu_is_usable() -> bool:
    # Importing torch takes seconds; it is asked only where the machine seems to have a GPU.
    driver = Path("/dev/nvidiactl").exists() or Path("/dev/kfd").exists()
    if not driver and shutil.which("nvidia-smi") is None:
        return False
    if not _installed():
        return False
    import torch

    return torch.cuda.is_available()


def _installed() -> bool:
    return all(
        importlib.util.find_spec(name) is not None
        for name in ("torch", "transformers", "safetensors")
    )


def require_torch(feature: str) -> None:
    """Raise MissingExtraError where torch, transformers or safetensors is not installed."""
    silence()
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError:
        raise MissingExtraError(feature, "bert") from None


def _load_model(folder: ModelFolder) -> LabelModel:
    require_torch("The torch model of a folder")
    from lingula.bert.weights import load_model

    return load_model(folder)


def _torch_runtime(model: LabelModel, wanted: _Wanted) -> Runtime:
    from lingula.bert.runtimes.torch import TorchRuntime, devices_of

    return TorchRuntime(
        model, devices_of(wanted.device), wanted.precision or "fp32", wanted.threads
    )


def _onnx_runtime(model: Path | bytes, wanted: _Wanted) -> Runtime:
    if wanted.device not in (None, "cpu"):
        raise RecipeError(
            f"the ONNX runtime works on CPUs, not on {wanted.device!r}: use runtime torch"
        )
    from lingula.bert.runtimes.onnx import OnnxRuntime

    return OnnxRuntime(model, wanted.threads)


def _check(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise RecipeError(f"unknown {option} {value!r}; known are {', '.join(known)}")


def _check_able(runtime: str, wanted: _Wanted) -> None:
    if wanted.precision is not None and wanted.precision not in ABLE[runtime]:
        raise RecipeError(
            f"the {runtime} runtime has no precision {wanted.precision!r}; "
            f"it has {', '.join(ABLE[runtime])}"
        )
