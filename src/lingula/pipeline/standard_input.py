"""Standard input as a file, which can be read more than once."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lingula.pipeline.job import Source
from lingula.pipeline.places import writing


@contextmanager
def as_file(source: Source, output: Path) -> Iterator[Path]:
    """The input as a file; standard input is stored beside the output for as long.

    Raises:
        InputError: If it cannot be stored.
    """
    if not source.is_standard_input:
        yield Path(source.path)
        return
    with ExitStack() as stack:
        with writing(output):
            stored = stack.enter_context(
                tempfile.NamedTemporaryFile(dir=output.parent, prefix=".lingula-stdin-")
            )
            shutil.copyfileobj(sys.stdin.buffer, stored)
            stored.flush()
        yield Path(stored.name)
