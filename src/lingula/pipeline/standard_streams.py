"""Standard input and output as files: the one can be read twice, the other is whole or nothing."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from lingula.errors import InputError
from lingula.pipeline.inputs import input_files
from lingula.pipeline.job import Output, Source
from lingula.pipeline.places import writing


@contextmanager
def as_files(source: Source, output: Path) -> Iterator[tuple[Path, ...]]:
    """The input as files; standard input is stored beside the output for as long.

    Raises:
        InputError: If it cannot be stored.
    """
    if not source.is_standard_input:
        yield input_files(source)
        return
    with ExitStack() as stack:
        with writing(output):
            stored = stack.enter_context(
                tempfile.NamedTemporaryFile(dir=output.parent, prefix=".lingula-stdin-")
            )
            shutil.copyfileobj(sys.stdin.buffer, stored)
            stored.flush()
        yield (Path(stored.name),)


@contextmanager
def as_output(source: Source, output: Output) -> Iterator[Output]:
    """The output as a file; standard output is given it when it is whole.

    Raises:
        InputError: If rows may be left out, which have no place beside standard output.
    """
    if not output.is_standard_output:
        yield output
        return
    if source.skips_bad_rows:
        raise InputError(
            "rows that cannot be read are written beside the output; name a file with -o"
        )
    # Its owner's alone, as mkdtemp makes it: it may hold reports.
    with tempfile.TemporaryDirectory(prefix="lingula-") as folder:
        path = Path(folder, f"output.{output.form or 'csv'}")
        yield replace(output, path=path, form=None)
        sys.stdout.flush()
        with path.open("rb") as whole:
            shutil.copyfileobj(whole, sys.stdout.buffer)
        sys.stdout.buffer.flush()
