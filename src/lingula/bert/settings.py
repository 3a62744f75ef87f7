"""What Lingula knows of a model beside its weights: ``lingula.json`` as a frozen dataclass."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from lingula.errors import CheckpointError, SchemaError
from lingula.labels import Schema
from lingula.schemas import schema_from_dict, schema_to_dict

Pooling = Literal["cls", "mean", "label-attention"]
EmptyText = Literal["blank", "model"]

POOLINGS: tuple[str, ...] = get_args(Pooling)
EMPTY_TEXTS: tuple[str, ...] = get_args(EmptyText)

#: Version of the layout of ``lingula.json``; a reader refuses a newer one.
FORMAT = 1


@dataclass(frozen=True)
class ModelSettings:
    """Everything that a model folder says of its model, apart from the encoder's own config.

    Attributes:
        schema: The observations, in the order of the heads.
        name: What reports and scores call the model.
        pooling: "cls" (the state at position 0, as CheXbert), "mean" (over the attended
            positions) or "label-attention" (one learned query an observation).
        dropout: Probability with which the heads' input is dropped in training.
        max_length: Most token ids a window, special tokens included.
        empty_text: What a text of white space alone gets: "blank", or "model" for the model's
            answer to its special tokens, which is what CheXbert's own code writes.
        temperature: Divisor of the logits before the softmax (Guo et al., ICML 2017): one number,
            or one an observation. 1.0 leaves the probabilities as they are.
        training: Facts of the training (data, recipe, figures); plain JSON values.

    Raises:
        CheckpointError: If a value is out of range.
    """

    schema: Schema
    name: str = "bert"
    pooling: Pooling = "cls"
    dropout: float = 0.1
    max_length: int = 512
    empty_text: EmptyText = "blank"
    temperature: float | tuple[float, ...] = 1.0
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS:
            raise CheckpointError(
                f"unknown pooling {self.pooling!r}; known are {', '.join(POOLINGS)}"
            )
        if self.empty_text not in EMPTY_TEXTS:
            raise CheckpointError(
                f"unknown empty_text {self.empty_text!r}; known are {', '.join(EMPTY_TEXTS)}"
            )
        if not 0 <= self.dropout < 1:
            raise CheckpointError(f"dropout must be at least 0 and below 1, not {self.dropout}")
        if self.max_length < 8:
            raise CheckpointError(f"max_length must be at least 8, not {self.max_length}")
        temperatures = self.temperature
        if isinstance(temperatures, tuple) and len(temperatures) != len(self.schema):
            raise CheckpointError(
                f"there are {len(temperatures)} temperatures for {len(self.schema)} observations"
            )
        each = temperatures if isinstance(temperatures, tuple) else (temperatures,)
        if not all(math.isfinite(value) and value > 0 for value in each):
            raise CheckpointError("temperatures must be positive numbers")

    def temperatures(self) -> npt.NDArray[np.float32]:
        """One temperature an observation: float32, shape (k,)."""
        each = np.empty(len(self.schema), dtype=np.float32)
        each[:] = self.temperature
        return each

    def to_json(self, files: Mapping[str, str]) -> str:
        """The text of ``lingula.json``; ``files`` maps file names to SHA-256 digests."""
        temperature = self.temperature
        return (
            json.dumps(
                {
                    "format": FORMAT,
                    "name": self.name,
                    "schema": schema_to_dict(self.schema),
                    "pooling": self.pooling,
                    "dropout": self.dropout,
                    "max_length": self.max_length,
                    "empty_text": self.empty_text,
                    "temperature": list(temperature)
                    if isinstance(temperature, tuple)
                    else temperature,
                    "training": dict(self.training),
                    "sha256": dict(sorted(files.items())),
                },
                indent=2,
                ensure_ascii=False,
            )
            + "\n"
        )

    @classmethod
    def from_json(cls, text: str, where: str) -> tuple[ModelSettings, dict[str, str]]:
        """The settings and the files' digests from the text of ``lingula.json``.

        Args:
            text: The file's content.
            where: The file's name, for errors.

        Raises:
            CheckpointError: If it is no JSON, of a newer format, or a value is of the wrong kind.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise CheckpointError(f"{where}: not JSON: {error}") from None
        if not isinstance(data, dict) or not isinstance(data.get("format"), int):
            raise CheckpointError(f"{where}: not the description of a Lingula model")
        if data["format"] > FORMAT:
            raise CheckpointError(
                f"{where}: written in format {data['format']} by a newer Lingula, this one reads "
                f"format {FORMAT}: upgrade with pip install --upgrade lingula"
            )
        files = data.get("sha256")
        if not isinstance(files, dict) or not all(isinstance(x, str) for x in files.values()):
            raise CheckpointError(f'{where}: needs "sha256", a table of files and digests')
        temperature = data.get("temperature", 1.0)
        try:
            settings = cls(
                schema=schema_from_dict(data["schema"], where=where),
                name=str(data["name"]),
                pooling=cast(Pooling, data["pooling"]),
                dropout=float(data["dropout"]),
                max_length=int(data["max_length"]),
                empty_text=cast(EmptyText, data["empty_text"]),
                temperature=tuple(float(x) for x in temperature)
                if isinstance(temperature, list)
                else float(temperature),
                training=dict(data.get("training", {})),
            )
        except KeyError as error:
            raise CheckpointError(f"{where}: the entry {error.args[0]!r} is missing") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(f"{where}: a value is of the wrong kind: {error}") from None
        except (CheckpointError, SchemaError) as error:
            raise CheckpointError(f"{where}: {error}") from None
        return settings, files


def read_json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        CheckpointError: If there is no such file, or it holds no object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read as JSON: {error}") from None
    if not isinstance(data, dict):
        raise CheckpointError(f"{path}: holds no JSON object")
    return data
