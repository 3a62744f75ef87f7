"""ONNX Runtime on CPUs: needs the base install alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lingula.bert.batching import Batch
from lingula.bert.runtimes import Answer
from lingula.errors import CheckpointError
from lingula.network import import_onnxruntime


class OnnxRuntime:
    """A session over an exported model.

    Args:
        model: An ONNX file, or its bytes.
        threads: Threads of one forward pass; one a core if not given.

    Raises:
        CheckpointError: If the file is damaged or is not a model that Lingula exported.
    """

    #: Above this, a batch of short reports gains nothing more on a CPU (benchmarks/bert_speed.py).
    tokens = 512

    #: In 8 bits an answer depends a little on its batch, and published figures hold for these.
    even = False

    def __init__(self, model: Path | bytes, threads: int | None = None) -> None:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        source = model if isinstance(model, bytes) else str(model)
        try:
            self._session = onnxruntime.InferenceSession(
                source, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # noqa: BLE001  (its own exceptions have no public base class)
            where = "the exported model" if isinstance(model, bytes) else str(model)
            raise CheckpointError(f"{where}: ONNX Runtime cannot load it: {error}") from None
        inputs = {item.name for item in self._session.get_inputs()}
        outputs = {item.name for item in self._session.get_outputs()}
        if inputs != {"input_ids", "attention_mask"} or outputs != {"logits", "embedding"}:
            raise CheckpointError(
                "the ONNX model has other inputs or outputs than Lingula's: export it with "
                "lingula convert CHECKPOINT FOLDER --onnx"
            )

    def run(self, batches: Sequence[Batch], *, embedding: bool) -> Iterator[Answer]:
        """Answers to batches, in order."""
        names = ["logits", "embedding"] if embedding else ["logits"]
        for batch in batches:
            found = self._session.run(names, {"input_ids": batch.ids, "attention_mask": batch.mask})
            yield Answer(batch.rows, found[0], found[1] if embedding else None)
