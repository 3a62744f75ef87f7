"""Labels a whole table: streamed, each distinct text once, on all cores, resumable.

Names are imported when they are first used: a worker process needs few of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingula.pipeline.job import How, Job, Output, Source
    from lingula.pipeline.running import run
    from lingula.pipeline.summary import Progress, StageSeconds, Summary

_HOMES = {
    **dict.fromkeys(("How", "Job", "Output", "Source"), "job"),
    **dict.fromkeys(("Progress", "StageSeconds", "Summary"), "summary"),
    "run": "running",
}

__all__ = ["How", "Job", "Output", "Progress", "Source", "StageSeconds", "Summary", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
