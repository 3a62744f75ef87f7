"""The mention model on ONNX Runtime: what a marked sentence says of each of its mentions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from lingula.builtin.joining import Floats, Joint, tempered
from lingula.builtin.marking import mark_names, marked_observations
from lingula.builtin.reading import MarkReader, Window
from lingula.errors import CheckpointError
from lingula.labels import Label
from lingula.network import import_onnxruntime
from lingula.schemas import load_schema

FIRST, REST = "first.int8.onnx", "rest.int8.onnx"
TOKENIZER, SETTINGS = "tokenizer.json", "mentions.json"

#: Distinct marked sentences that are remembered; a few hundred bytes each.
CACHE_SENTENCES = 100_000
#: Sentences that are judged at once, and token ids a batch: more gain nothing on a CPU.
CHUNK, BATCH_TOKENS = 1024, 512
#: Logits are rounded to so many decimals, far below what any label hangs on.
DECIMALS = 3

#: A marked sentence, and what the rules say at each of its marks.
Item = tuple[str, tuple[int, ...]]
Array = npt.NDArray[np.float32]


class MentionModel:
    """A folder of ``lingula train builtin``, opened.

    Every sentence goes through the first layers. Where these and the rules together are sure of
    each mention, that is the answer; the other sentences go through the rest of the layers.

    Args:
        folder: With the graphs, the tokenizer and ``mentions.json``.
        threads: Threads of one forward pass; one a core if not given.
        cache: Whether to remember judged sentences.

    Raises:
        CheckpointError: If a file is missing, damaged, or not the one that was trained.
    """

    def __init__(self, folder: Path, threads: int | None = None, *, cache: bool = True) -> None:
        self.settings = _settings(folder)
        self.sha256 = _checked(folder, self.settings)
        schema = load_schema(str(self.settings["schema"]))
        self._reader = MarkReader(
            Tokenizer.from_str((folder / TOKENIZER).read_text(encoding="utf-8")),
            mark_names(schema),
        )
        self._early = Joint.from_settings(self.settings.get("early"), len(schema))
        #: How the last head and the rules are weighed.
        self.joint = Joint.from_settings(self.settings.get("joint"), len(schema))
        self._sure = float(self.settings.get("sure", 1.0))
        #: What stands for 0 and for 1 in No Finding's chance.
        self.no_finding = _between(self.settings.get("no_finding", (0.0, 1.0)))
        self._heat = _heat(self.settings.get("heat", 1.0), len(schema))
        self._first = _session(folder / FIRST, threads)
        self._rest = _session(folder / REST, threads)
        self._cache = cache
        self._known: dict[Item, Floats] = {}

    def chances(self, items: Sequence[Item]) -> list[Floats]:
        """Chances of each class at every mark: float64, (marks, 4), one array a sentence.

        A sentence's answer is the same alone and in any company: windows have lengths of their
        own, no scale is shared between rows, and logits are rounded.

        Args:
            items: Marked sentences, and what the rules say at each of their marks.
        """
        known = self._known if self._cache else {}
        new = [item for item in dict.fromkeys(items) if item not in known]
        if len(known) + len(new) > CACHE_SENTENCES:
            known = {item: known[item] for item in items if item in known}
        for at in range(0, len(new), CHUNK):
            part = new[at : at + CHUNK]
            known.update(zip(part, self._judge(part), strict=True))
        if self._cache:
            self._known = known
        return [known[item] for item in items]

    def raw(self, items: Sequence[Item]) -> list[Array]:
        """Logits of both heads at every mark, float32, (marks, 2, 4), whatever is sure."""
        cut = self._reader.windows([text for text, _ in items])
        flat = [(row, window) for row, windows in enumerate(cut) for window in windows]
        windows = [window for _, window in flat]
        found = self._run_first(windows)
        early = _by_mark(items, flat, [item[0] for item in found])
        last = _by_mark(items, flat, self._run_rest(windows, [item[1] for item in found]))
        return [np.stack(pair, axis=1) for pair in zip(early, last, strict=True)]

    def _judge(self, items: Sequence[Item]) -> list[Floats]:
        cut = self._reader.windows([text for text, _ in items])
        flat = [(row, window) for row, windows in enumerate(cut) for window in windows]
        found = self._run_first([window for _, window in flat])
        out = _chances(self._early, items, _by_mark(items, flat, [item[0] for item in found]))
        going = [row for row, part in enumerate(out) if part.max(axis=1).min() < self._sure]
        place = {row: at for at, row in enumerate(going)}
        kept = [at for at, (row, _) in enumerate(flat) if row in place]
        last = self._run_rest([flat[at][1] for at in kept], [found[at][1] for at in kept])
        some = [items[row] for row in going]
        logits = _by_mark(some, [(place[flat[at][0]], flat[at][1]) for at in kept], last)
        for row, part in zip(going, _chances(self.joint, some, logits), strict=True):
            out[row] = part
        about = [number for text, _ in items for number in marked_observations(text)]
        every = tempered(np.concatenate(out), self._heat[about])
        return np.split(every, np.cumsum([len(part) for part in out])[:-1])

    def _run_first(self, windows: Sequence[Window]) -> list[tuple[Array, Array]]:
        """Early logits, (length, 4), and states, (length, hidden), of each window."""
        out: list[tuple[Array, Array] | None] = [None] * len(windows)
        for part in _batches(windows):
            ids, mask = _stacked([windows[at] for at in part])
            logits, states = self._first.run(
                ["logits", "states"], {"input_ids": ids, "attention_mask": mask}
            )
            for place, at in enumerate(part):
                out[at] = (logits[place], states[place])
        return [item for item in out if item is not None]

    def _run_rest(self, windows: Sequence[Window], states: Sequence[Array]) -> list[Array]:
        out: list[Array | None] = [None] * len(windows)
        for part in _batches(windows):
            _, mask = _stacked([windows[at] for at in part])
            stacked = np.stack([states[at] for at in part])
            (logits,) = self._rest.run(["logits"], {"states": stacked, "attention_mask": mask})
            for place, at in enumerate(part):
                out[at] = logits[place]
        return [item for item in out if item is not None]


def _batches(windows: Sequence[Window]) -> Iterator[list[int]]:
    """Numbers of windows of one length, so many that a batch holds ``BATCH_TOKENS``."""
    by_length: dict[int, list[int]] = {}
    for at, item in enumerate(windows):
        by_length.setdefault(len(item.ids), []).append(at)
    for length, same in by_length.items():
        size = max(1, BATCH_TOKENS // length)
        for at in range(0, len(same), size):
            yield same[at : at + size]


def _stacked(
    windows: Sequence[Window],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    ids = np.stack([item.ids for item in windows])
    used = np.array([item.used for item in windows])
    return ids, (np.arange(ids.shape[1]) < used[:, None]).astype(np.int64)


def _by_mark(
    items: Sequence[Item], flat: Sequence[tuple[int, Window]], logits: Sequence[Array]
) -> list[Array]:
    """Rounded logits of every mark, (marks, 4), from those of each token of each window."""
    out = [np.zeros((len(said), len(Label)), dtype=np.float32) for _, said in items]
    for (row, window), found in zip(flat, logits, strict=True):
        for number, position in window.marks:
            out[row][number] = np.round(found[position], DECIMALS)
    return out


def _chances(joint: Joint, items: Sequence[Item], logits: Sequence[Array]) -> list[Floats]:
    """Chances at the marks of each item, from their logits: all at once, then by item."""
    if not items:
        return []
    said = [label for _, labels in items for label in labels]
    about = [number for text, _ in items for number in marked_observations(text)]
    every = joint.chances(np.concatenate(logits), said, about)
    return np.split(every, np.cumsum([len(labels) for _, labels in items])[:-1])


def _settings(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        if found["format"] != 1:
            raise ValueError(f"format {found['format']} is not known to this version of Lingula")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder}: no folder of a mention model: {error}") from None
    return dict(found)


def _heat(entry: object, observations: int) -> Floats:
    try:
        found = np.broadcast_to(np.asarray(entry, dtype=np.float64), (observations,))
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the mention model's heat is none: {error}") from None
    if not (found > 0).all():
        raise CheckpointError("the mention model's heat must be above 0")
    return found


def _between(entry: object) -> tuple[float, float]:
    try:
        low, high = (float(item) for item in entry)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the mention model's no_finding is none: {error}") from None
    if not 0 <= low < 0.5 < high <= 1:
        raise CheckpointError("the mention model's no_finding must enclose one half")
    return low, high


def _checked(folder: Path, settings: dict[str, Any]) -> str:
    """Digest of all files."""
    every = hashlib.sha256((folder / SETTINGS).read_bytes())
    for name, expected in dict(settings["sha256"]).items():
        try:
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise CheckpointError(f"{folder / name}: cannot be read: {error}") from None
        if digest != expected:
            raise CheckpointError(f"{folder / name}: was changed or damaged; install it again")
        every.update(digest.encode())
    return every.hexdigest()


def _session(path: Path, threads: int | None) -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  (its own exceptions have no public base class)
        raise CheckpointError(f"{path}: ONNX Runtime cannot load it: {error}") from None
