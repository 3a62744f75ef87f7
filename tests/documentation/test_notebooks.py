"""Every tutorial runs from its first cell to its last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("nbclient", reason="needs pip install 'lingula[docs]'")

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")
def test_it_runs(path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts" / "documentation"))
    import nbformat
    import notebooks

    made = notebooks.run(path)
    kept = nbformat.read(path, as_version=4)
    for cell, before in zip(made.cells, kept.cells, strict=True):
        if cell.cell_type == "code":
            # A command that failed says so in its output: the cell itself does not fail.
            told = "".join(output.get("text", "") for output in cell.outputs)
            assert not re.search(r"^(lingula: error|Traceback|Usage:)", told, re.MULTILINE), told
            assert bool(cell.outputs) == bool(before.outputs), cell.source
