"""``lingula serve``: labels with their reasons over HTTP.

One process answers requests (``app``); worker processes label (``pool`` on this side, ``worker`` on
theirs), and take whatever is queued, without waiting for more. fastapi and uvicorn are imported
only by ``app`` and ``running``: a worker process needs neither.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingula.serve.app import create_app
    from lingula.serve.pool import Pool
    from lingula.serve.running import serve
    from lingula.serve.settings import Limits, Served, Settings

_HOMES = {
    "Limits": "settings",
    "Pool": "pool",
    "Served": "settings",
    "Settings": "settings",
    "create_app": "app",
    "serve": "running",
}

__all__ = ["Limits", "Pool", "Served", "Settings", "create_app", "serve"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
