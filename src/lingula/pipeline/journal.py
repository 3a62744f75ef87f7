"""Finished work, kept beside the output until it is whole, so that a run can go on.

Kept are the labels of each task, numbered, not the output: a resumed run reads the input and
writes the output anew, but takes from here what was labeled. So it does the same steps as a run
that was never interrupted, and ends in the same bytes.

Each task carries a checksum over its labels, its number, the texts they are of, and the manifest:
one that does not fit, for whatever reason, is not believed but done again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from lingula.errors import InputError
from lingula.labels import Evidence, Label
from lingula.pipeline.task import TaskResult

MANIFEST = "manifest.json"

#: Entry of the manifest for the rows of a batch, by which tasks are numbered.
BATCH_ROWS_ENTRY = "rows of a batch"

#: Bytes of the checksum, with which the file of a task begins.
CHECKSUM_BYTES = 32

#: Fields of Evidence in the order of its constructor.
_CELLS = attrgetter(*(field.name for field in fields(Evidence)))


class Journal:
    """A folder of finished tasks with a manifest of what they depend on.

    Args:
        folder: The folder; created if it is not there.
        manifest: Input, options and versions, as JSON values.
        resume: Whether to go on with the tasks that are there, rather than refuse.
        overwrite: Whether to throw away the tasks that are there, rather than refuse.

    Raises:
        InputError: If tasks are there and neither is allowed, or they were made of another input
            or with other options.
        OSError: If the folder cannot be written.

    Attributes:
        folder: The folder.
        tasks: Number of tasks in it.
        refused: Tasks that were there but did not fit.
    """

    def __init__(
        self, folder: Path, manifest: Mapping[str, Any], *, resume: bool, overwrite: bool
    ) -> None:
        self.folder = folder
        self.tasks = self.refused = 0
        self._manifest = _canonical(manifest)
        kept = folder / MANIFEST
        if kept.exists():
            if resume:
                _require_same(kept, manifest)
            elif overwrite:
                discard(folder)
            else:
                raise InputError(
                    f"{folder} holds the work of an interrupted run: go on with --resume, or "
                    "throw it away with --overwrite"
                )
        # Evidence holds words of reports: nobody else's to read.
        folder.mkdir(mode=0o700, exist_ok=True)
        self.tasks = len(list(folder.glob("task-*.npz")))
        if not kept.exists():
            _write_whole(kept, json.dumps(manifest, indent=1, ensure_ascii=False).encode())

    def read(self, number: int, texts: int, evidence: bool, key: bytes = b"") -> TaskResult | None:
        """A finished task; None if it was not finished, or is not what was kept here.

        Args:
            number: Its number.
            texts: How many texts it labels.
            evidence: Whether it has evidence.
            key: Stands for its texts.
        """
        try:
            held = self._path(number).read_bytes()
        except FileNotFoundError:
            return None
        checksum, data = held[:CHECKSUM_BYTES], held[CHECKSUM_BYTES:]
        if checksum != self._checksum(number, key, data):
            # Cut short by a power failure, of another run or place, or of other texts.
            self.refused += 1
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            result = _unpacked(dict(arrays), evidence)
        return result if len(result) == texts else None

    def write(self, number: int, result: TaskResult, key: bytes = b"") -> None:
        """Keep a finished task of the texts that the key stands for.

        Raises:
            OSError: If it cannot be written.
        """
        packed = io.BytesIO()
        np.savez(packed, **_packed(result))
        data = packed.getvalue()
        _write_whole(self._path(number), self._checksum(number, key, data) + data)
        self.tasks += 1

    def _checksum(self, number: int, key: bytes, data: bytes) -> bytes:
        digest = hashlib.blake2b(digest_size=CHECKSUM_BYTES)
        for part in (self._manifest, str(number).encode(), key, data):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        return digest.digest()

    def close(self, *, done: bool) -> None:
        """Remove the folder if the run is done or there is nothing in it worth keeping."""
        if done or not self.tasks:
            discard(self.folder)

    def _path(self, number: int) -> Path:
        return self.folder / f"task-{number:06d}.npz"


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, sort_keys=True).encode()


def kept_batch_rows(folder: Path) -> int | None:
    """Rows of a batch of the kept work in a folder; None if there is none that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    rows = manifest.get(BATCH_ROWS_ENTRY) if isinstance(manifest, dict) else None
    return rows if isinstance(rows, int) and rows > 0 else None


def discard(folder: Path) -> None:
    """Remove a folder of kept work, if it is one.

    Raises:
        InputError: If the folder holds anything but such work.
    """
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise InputError(f"{folder}: is in the way, and is not kept work; move it away")
    shutil.rmtree(folder)


def _require_same(path: Path, manifest: Mapping[str, Any]) -> None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(kept, dict):
            raise ValueError("it holds no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); throw the kept work away with --overwrite"
        ) from None
    # Compared as JSON holds it: tuples are lists there.
    wanted = json.loads(json.dumps(manifest))
    changed = [key for key in wanted if kept.get(key) != wanted[key]]
    if changed:
        raise InputError(
            f"cannot go on with {path.parent}: since the interrupted run this has changed: "
            f"{', '.join(changed)}; start anew with --overwrite"
        )


def _write_whole(path: Path, data: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    beside.touch(mode=0o600)
    beside.write_bytes(data)
    os.replace(beside, path)  # noqa: PTH105 - replaces on every system


def _packed(result: TaskResult) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "classes": result.classes,
        "truncated": np.int64(result.truncated),
        "remarks": result.remarks,
    }
    if result.probabilities is not None:
        arrays["probabilities"] = result.probabilities
    if result.evidence is not None:
        rows = [[_CELLS(item) for item in items] for items in result.evidence]
        arrays["evidence"] = np.frombuffer(json.dumps(rows).encode(), dtype=np.uint8)
    return arrays


def _unpacked(arrays: Mapping[str, Any], evidence: bool) -> TaskResult:
    found = None
    if evidence:
        found = tuple(
            tuple(Evidence(name, Label(label), *rest) for name, label, *rest in items)
            for items in json.loads(arrays["evidence"].tobytes())
        )
    return TaskResult(
        arrays["classes"],
        arrays.get("probabilities"),
        found,
        int(arrays["truncated"]),
        arrays["remarks"],
    )
