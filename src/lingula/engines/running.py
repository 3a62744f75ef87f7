"""The run over a folder: every partition labeled once, whatever dies or fails on the way."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing, contextmanager
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from lingula.engines.job import FolderJob
from lingula.engines.local import InProcess, LocalWorkers
from lingula.engines.manifest import (
    SUCCESS,
    Manifest,
    PartitionRecord,
    clear_work,
    read_records,
)
from lingula.engines.partition import Described, Done, PartitionError
from lingula.engines.planning import Partition, partitions_of, require_place, settled
from lingula.engines.pool import Pool, Workers
from lingula.engines.stores import OWN, LocalStore, Store, open_store
from lingula.engines.summary import FolderProgress, FolderSummary
from lingula.errors import InputError
from lingula.pipeline.locking import lock_output

#: Seconds between two writings of the manifest while a run is at work.
MANIFEST_SECONDS = 10.0


def label_folder(job: FolderJob) -> FolderSummary:
    """Label every partition of a folder; one output partition an input partition.

    A partition is written beside its place and renamed (on an object store: sent whole), then
    recorded. One that fails, or whose worker dies, is tried again, then set aside with its reason
    while the others go on. ``_SUCCESS`` marks a folder in which nothing was set aside.

    Raises:
        InputError: If the folders cannot be read or written as asked.
        LingulaError: If no partition can be opened, or the labeler cannot be loaded.
        MissingExtraError: If the engine, or a store, is not installed.
    """
    started = perf_counter()
    source, target = open_store(job.folder), open_store(job.target)
    partitions = partitions_of(source.files(), job)
    require_place(job, source, target)
    with _locked(target):
        evidence = None if job.evidence is None else open_store(job.evidence)
        job = settled(job, partitions, source)
        run = _Run(job, target, evidence, partitions)
        with closing(Pool(_workers(job, len(partitions)))) as pool:
            starting = perf_counter() - started
            run.begin(pool.described)
            try:
                run.label(pool)
            finally:
                run.keep()
        run.finish()
        return run.summary(pool.described, pool.number, started, starting)


class _Run:
    """What is known while partitions are labeled."""

    def __init__(
        self, job: FolderJob, target: Store, evidence: Store | None, partitions: Sequence[Partition]
    ) -> None:
        self._job = job
        self._target = target
        self._evidence = evidence
        self._partitions = list(partitions)
        self._manifest = Manifest()
        self._tries: Counter[str] = Counter()
        self._earlier: dict[str, PartitionRecord] = {}
        self._kept = self._removed = 0
        self._told = perf_counter()

    def begin(self, described: Described) -> None:
        """Look at what is there; remove what is replaced, or of inputs that are gone."""
        known = self._known()
        self._target.remove(SUCCESS)
        places = {partition.output for partition in self._partitions}
        for record in known.values():
            if self._overwrites or record.output.name not in places:
                self._forget(record)
                self._removed += not self._overwrites
        if self._overwrites:
            self._target.remove(OWN)
            known = {}
        names = [partition.name for partition in self._partitions]
        # What was recorded stays known, should this run be killed before it looks at it.
        self._earlier = {name: known[name] for name in names if name in known}
        self._partitions = [replace(item, known=known.get(item.name)) for item in self._partitions]
        self._manifest.job = described.job
        self.keep()
        clear_work(self._target)

    def _known(self) -> dict[str, PartitionRecord]:
        if self._overwrites:
            try:
                return read_records(self._target)
            except InputError:
                # A damaged manifest is replaced, as its message says.
                return {}
        return read_records(self._target) if self._job.how.resume else {}

    def _forget(self, record: PartitionRecord) -> None:
        for store, file in (
            (self._target, record.output),
            (self._evidence, record.evidence),
            (self._target, record.rejects),
        ):
            if store is not None and file is not None:
                store.remove(file.name)

    @property
    def _overwrites(self) -> bool:
        return self._job.output.overwrite and not self._job.how.resume

    def label(self, pool: Pool) -> None:
        """Label all partitions."""
        waiting = deque(self._partitions)
        under_way: dict[Future[Done], Partition] = {}
        while waiting or under_way:
            while waiting and len(under_way) < pool.number:
                partition = waiting.popleft()
                self._tries[partition.name] += 1
                under_way[pool.submit(partition)] = partition
            for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                partition = under_way.pop(done)
                try:
                    self._take(partition, done.result())
                except PartitionError as error:
                    if self._tries[partition.name] <= self._job.how.retries:
                        waiting.append(partition)
                        continue
                    self._set_aside(partition, str(error))
                self._tell()

    def keep(self) -> None:
        """Write the manifest with all that is known, also of what this run did not come to."""
        held = Manifest(
            self._manifest.job,
            {**self._earlier, **self._manifest.partitions},
            self._manifest.failed,
        )
        held.write(self._target)

    def finish(self) -> None:
        """Mark success, unless a partition was set aside, and remove what the run needed."""
        self._manifest.write(self._target)
        clear_work(self._target)
        if self._evidence is not None:
            clear_work(self._evidence)
        if not self._manifest.failed:
            self._target.write(SUCCESS, b"")

    def summary(
        self, described: Described, workers: int, started: float, starting: float
    ) -> FolderSummary:
        """What was done."""
        records = self._manifest.partitions.values()
        counts = np.zeros((len(described.names), 4), dtype=np.int64)
        for record in records:
            counts += np.array(record.counts, dtype=np.int64)
        return FolderSummary(
            output=self._job.target,
            partitions=len(self._partitions),
            kept=self._kept,
            failed=dict(sorted(self._manifest.failed.items())),
            removed=self._removed,
            retried=sum(self._tries.values()) - len(self._tries),
            rows=sum(record.rows for record in records),
            empty=sum(record.empty for record in records),
            rejected=sum(record.rejected for record in records),
            names=described.names,
            counts=counts,
            text_columns=self._job.source.text_columns,
            sections=_sections(self._job.source.sections),
            labeler=described.name,
            sha256=described.sha256,
            engine=self._job.how.engine,
            workers=workers,
            seconds=perf_counter() - started,
            starting=starting,
        )

    def _take(self, partition: Partition, done: Done) -> None:
        self._manifest.partitions[partition.name] = done.record
        self._earlier.pop(partition.name, None)
        self._kept += done.kept
        if perf_counter() - self._told >= MANIFEST_SECONDS:
            self._told = perf_counter()
            self.keep()

    def _set_aside(self, partition: Partition, reason: str) -> None:
        """Remember why, and remove what an earlier run made of it: it is stale."""
        self._manifest.failed[partition.name] = reason
        self._earlier.pop(partition.name, None)
        self._target.remove(partition.output)
        if self._evidence is not None and partition.evidence is not None:
            self._evidence.remove(partition.evidence)

    def _tell(self) -> None:
        if self._job.how.progress is not None:
            whole, failed = self._manifest.partitions, self._manifest.failed
            self._job.how.progress(
                FolderProgress(
                    len(whole) + len(failed),
                    len(self._partitions),
                    sum(record.rows for record in whole.values()),
                )
            )


def _sections(sections: Any) -> tuple[str, ...] | None:
    return None if sections is None else tuple(sections)


def _workers(job: FolderJob, partitions: int) -> Workers:
    # What draws a bar here goes to no other process.
    job = replace(job, how=replace(job.how, progress=None))
    if job.how.engine == "ray":
        from lingula.engines.ray_engine import RayWorkers

        return RayWorkers(job, partitions)
    return InProcess(job) if job.how.workers == 0 else LocalWorkers(job, partitions)


@contextmanager
def _locked(target: Store) -> Iterator[None]:
    """Hold the lock of a folder on a disk; of a store there is none to hold."""
    if not isinstance(target, LocalStore):
        yield
        return
    with lock_output(target.root):
        yield
