"""What is known of the partitions that are whole: a record each, and a manifest of them all.

A worker writes the record of a partition once the partition is in its place, so that nothing is
lost if the run is killed. The run itself gathers them in ``_lingula/manifest.json``, which holds
nothing that depends on the engine, on the number of workers, or on time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lingula.engines.stores import OWN, STAGING, Store
from lingula.errors import InputError

MANIFEST = f"{OWN}/manifest.json"
#: Records of partitions that the manifest may lack.
DONE = f"{OWN}/done"
#: Rows that could not be read, by partition.
REJECTS = f"{OWN}/rejects"
#: As Hadoop and Spark mark a folder that is complete.
SUCCESS = "_SUCCESS"


@dataclass(frozen=True)
class WrittenFile:
    """A file that was written: its name in its folder, and its fingerprint there."""

    name: str
    fingerprint: Mapping[str, Any]


@dataclass(frozen=True)
class PartitionRecord:
    """A partition that is whole.

    Attributes:
        input: Fingerprint of the input partition.
        choices: Digest of all else that its bytes depend on.
        labeler: The labeler's sha256, or None.
        rows: Rows of the output.
        empty: Those of them without a text.
        rejected: Rows that were left out because they could not be read.
        counts: Rows by observation (k) and class (4).
        output: The output partition.
        evidence: Its evidence, or None.
        rejects: The file of the rows that were left out, or None.
    """

    input: Mapping[str, Any]
    choices: str
    labeler: str | None
    rows: int
    empty: int
    rejected: int
    counts: tuple[tuple[int, ...], ...]
    output: WrittenFile
    evidence: WrittenFile | None = None
    rejects: WrittenFile | None = None

    def to_json(self) -> bytes:
        """The record as a JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> PartitionRecord:
        """A record of its JSON values.

        Raises:
            KeyError, TypeError: If they are those of no record.
        """
        files = {
            name: None if values[name] is None else WrittenFile(**values[name])
            for name in ("output", "evidence", "rejects")
        }
        counts = tuple(tuple(map(int, row)) for row in values["counts"])
        return cls(**{**values, **files, "counts": counts})


@dataclass
class Manifest:
    """The manifest of a folder.

    Attributes:
        job: What the labels depend on besides the input, as JSON values.
        partitions: Records of whole partitions, by the input's name.
        failed: Why partitions were set aside, by the input's name.
    """

    job: Mapping[str, Any] = field(default_factory=dict)
    partitions: dict[str, PartitionRecord] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def write(self, store: Store) -> None:
        """Write it to a folder.

        Raises:
            InputError: If it cannot be written.
        """
        values = {
            **self.job,
            "partitions": {name: asdict(self.partitions[name]) for name in sorted(self.partitions)},
            "failed": dict(sorted(self.failed.items())),
        }
        store.write(MANIFEST, json.dumps(values, indent=1, ensure_ascii=False).encode() + b"\n")


def write_record(store: Store, name: str, record: PartitionRecord) -> None:
    """Write the record of a partition that is in its place.

    Raises:
        InputError: If it cannot be written.
    """
    store.write(f"{DONE}/{name}.json", record.to_json())


def read_records(store: Store) -> dict[str, PartitionRecord]:
    """All records of a folder: those of its manifest, and newer ones beside it.

    Raises:
        InputError: If the manifest cannot be read. A record that cannot is passed over: its
            partition is labeled again.
    """
    records: dict[str, PartitionRecord] = {}
    held = store.read(MANIFEST)
    if held is not None:
        try:
            values = json.loads(held)["partitions"]
            records = {name: PartitionRecord.from_values(item) for name, item in values.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise InputError(
                f"{store.address}: {MANIFEST} is damaged; start anew with --overwrite"
            ) from None
    prefix, suffix = f"{DONE}/", ".json"
    for name in store.files():
        if name.startswith(prefix) and name.endswith(suffix):
            record = _record(store.read(name))
            if record is not None:
                records[name[len(prefix) : -len(suffix)]] = record
    return records


def clear_work(store: Store) -> None:
    """Remove what a run leaves that was killed, once its records are read."""
    store.remove(DONE)
    store.remove(STAGING)


def _record(data: bytes | None) -> PartitionRecord | None:
    try:
        return None if data is None else PartitionRecord.from_values(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
