"""Labelers and records as JSON values, for manifests and logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from lingula.labels import Labeler
from lingula.schemas import schema_to_dict


def describe(labeler: Labeler) -> dict[str, Any]:
    """Which labeler it is, as JSON values: class, observations, and digest if it has one."""
    kind = type(labeler)
    return {
        "class": f"{kind.__module__}.{kind.__qualname__}",
        "schema": schema_to_dict(labeler.schema),
        "sha256": getattr(labeler, "sha256", None),
        "aggregation": getattr(labeler, "aggregation", None),
        "provenance": getattr(labeler, "provenance", None),
    }


def is_text(value: str) -> bool:
    """Whether it can be written: the shell may hand over bytes that are no text."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def record_values(record: Any) -> dict[str, Any]:
    """The fields of a dataclass by name: paths as text, tuples as lists, mappings as they are."""
    return {item.name: _plain(getattr(record, item.name)) for item in fields(record)}


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return value
