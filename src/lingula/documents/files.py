"""Write a document so that nothing good is ever replaced by half of another."""

from __future__ import annotations

import os
from pathlib import Path

from lingula.errors import InputError


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text beside the target and rename it when it is whole.

    Raises:
        InputError: If it cannot be written.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        beside.unlink(missing_ok=True)
