"""What keeps the packages that Lingula stands on from opening connections.

Reports are patient data, so nothing may leave the machine. Lingula itself opens no connection, but
packages below it can: ONNX Runtime carries a telemetry client, and the Hugging Face libraries ask
their hub for files. Each is told not to, by environment variables that child processes inherit, and
before it is imported, since most read them once. docs/patients.md has the table of who would call
whom; tests/network traces every command.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import warnings
from types import ModuleType

from lingula.errors import NetworkError

#: Set whatever the user has set: no wish of a user is served by telemetry on patients' texts.
SILENCED = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime
    "HF_HUB_DISABLE_TELEMETRY": "1",  # huggingface_hub, and so tokenizers, transformers, accelerate
    "DISABLE_TELEMETRY": "1",  # the older name of the same
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray
    "DO_NOT_TRACK": "1",  # the common wish (consoledonottrack.com), which some packages honour
}

#: Set unless the user has set it: a model on a hub is a place that somebody may name on purpose.
HUB = "HF_HUB_OFFLINE"

#: The first version of ONNX Runtime whose Linux wheel opens internet sockets, found by running each
#: from 1.17 to 1.32 for 45 s under strace (benchmarks/onnxruntime_telemetry.py).
FIRST_ONNXRUNTIME_WITH_TELEMETRY = (1, 29)

_OFF = frozenset({"", "0", "false", "no", "off"})


def silence(*, hub: bool = False) -> None:
    """Set the variables, for this process and its children; cheap, and may be called often.

    Args:
        hub: Whether a model on the Hugging Face hub was asked for by name, which may be fetched.
    """
    os.environ.update(SILENCED)
    os.environ.setdefault(HUB, "0" if hub else "1")


def import_onnxruntime() -> ModuleType:
    """The module ``onnxruntime``, silenced before it is imported: every import goes through here.

    Raises:
        NetworkError: If Lingula's own command finds it imported without ``ORT_DISABLE_TELEMETRY``,
            in a version that calls home. In a program of the user's this is a warning that says
            what to set, since it is the program that opened the way.
    """
    if "onnxruntime" not in sys.modules:
        silence()
    elif os.environ.get("ORT_DISABLE_TELEMETRY", "").lower() in _OFF:
        _complain(sys.modules["onnxruntime"])
    module = importlib.import_module("onnxruntime")
    # Does not stop what is under way (measured with 1.32), but costs nothing.
    module.disable_telemetry_events()
    return module


def _complain(module: ModuleType) -> None:
    found = re.match(r"(\d+)\.(\d+)", getattr(module, "__version__", ""))
    if found and (int(found[1]), int(found[2])) < FIRST_ONNXRUNTIME_WITH_TELEMETRY:
        return
    said = (
        f"onnxruntime {getattr(module, '__version__', 'of unknown version')} was imported before "
        "Lingula could turn its telemetry off, so it may look up and call its maker's servers: set "
        "ORT_DISABLE_TELEMETRY=1 before the program starts, or import it after Lingula's labeler"
    )
    if "lingula.cli" in sys.modules:
        raise NetworkError(said)
    warnings.warn(said, RuntimeWarning, stacklevel=3)
