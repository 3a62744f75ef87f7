"""Every labeler that ships can be pickled, copied, and used in pools of every kind."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import lingula
from lingula.errors import InputError

TEXTS = ["No edema.", "Small left pleural effusion.", None]


@pytest.mark.parametrize("name", ["rules", "builtin"])
def test_pickled_and_copied(name: str) -> None:
    labeler: Any = lingula.load(name)
    labels = labeler.label(TEXTS)
    for again in (pickle.loads(pickle.dumps(labeler)), copy.deepcopy(labeler)):
        assert again.sha256 == labeler.sha256
        assert again.label(TEXTS) == labels


@pytest.mark.parametrize("name", ["rules", "builtin"])
def test_the_pickle_is_the_same_every_time(name: str) -> None:
    """So that caches keyed by it (``datasets.map``) hold, and no report is in it."""
    labeler = lingula.load(name)
    before = pickle.dumps(labeler)
    labeler.label(["A very special sentence on edema."])
    assert pickle.dumps(labeler) == before
    assert b"special" not in before
    assert pickle.dumps(lingula.load(name)) == before
    other = "import lingula, pickle, sys; sys.stdout.buffer.write(pickle.dumps(lingula.load"
    done = subprocess.run(
        [sys.executable, "-c", f"{other}({name!r})))"], capture_output=True, check=True
    )
    assert done.stdout == before


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_pools(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    labeler: Any = lingula.load("builtin")
    labels = labeler.label(TEXTS)
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for found in pool.map(labeler.label, [TEXTS, TEXTS[:2]], timeout=300):
            assert found == labels[: len(found)]


def test_changed_files_are_refused(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("")
    held = pickle.dumps(lingula.load("rules", lexicon=own))
    pickle.loads(held)
    own.write_text('[[cue]]\nname = "x"\n')
    with pytest.raises((InputError, lingula.LingulaError)):
        pickle.loads(held)
