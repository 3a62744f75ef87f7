"""Labels a folder of partitions, on this machine or on an engine.

One output partition an input partition, each written whole; a manifest says what was labeled, of
which input and by whom, and a run that is resumed does only what is missing or stale. An engine
says where partitions are labeled, never how they are read or written: the output is the same byte
for byte whichever it is, and however many workers it has.

Names are imported when they are first used: a worker needs few of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingula.engines.job import FolderHow, FolderJob, LabelerChoice
    from lingula.engines.running import label_folder
    from lingula.engines.summary import FolderProgress, FolderSummary

_HOMES = {
    **dict.fromkeys(("FolderHow", "FolderJob", "LabelerChoice"), "job"),
    **dict.fromkeys(("FolderProgress", "FolderSummary"), "summary"),
    "label_folder": "running",
}

__all__ = [
    "FolderHow",
    "FolderJob",
    "FolderProgress",
    "FolderSummary",
    "LabelerChoice",
    "label_folder",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
