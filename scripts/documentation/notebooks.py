"""Runs the tutorials and keeps what they put out: ``python scripts/documentation/notebooks.py``.

Each runs in a folder of its own that holds the repository's ``examples``.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
#: Seconds a cell may take.
LONGEST = 600
#: What a progress bar draws, from hiding the cursor to clearing its line, and other control codes:
#: a terminal obeys them, a page would show them.
PROGRESS = re.compile(
    r"\x1b\[\?25l.*?\x1b\[\?25h(\r?\x1b\[1A)?(\x1b\[2K)?|^[^\n]*━{10}[^\n]*\n?",
    re.DOTALL | re.MULTILINE,
)
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells put out.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    # The program that belongs to this Python is the one the cells call.
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": programs, "NO_COLOR": "1", "COLUMNS": "88"}
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "examples", Path(place) / "examples")
        client = NotebookClient(
            notebook,
            timeout=LONGEST,
            kernel_name="python3",
            coalesce_streams=True,
            resources={"metadata": {"path": place}},
        )
        client.execute(env=environment)
    for cell in notebook.cells:
        # When a cell ran says nothing to a reader, and would change with every run.
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            if "text" in output:
                output["text"] = CONTROL.sub("", PROGRESS.sub("", output["text"])).replace("\r", "")
    return notebook


def main() -> None:
    """Run those named, or all."""
    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(TUTORIALS.glob("*.ipynb")):
        nbformat.write(run(path), path)
        print(path.name)


if __name__ == "__main__":
    main()
