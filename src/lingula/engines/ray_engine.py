"""The engine "ray": a Ray cluster as a scheduler, and as nothing else.

A partition is one call of an actor that holds its labeler; only names and records travel. Ray's own
readers and writers are not used, so there is nothing that could be written twice or by half, and
no task beside the actors that could wait for a core which they hold.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, cast

from lingula.engines.job import FolderJob, LabelerChoice
from lingula.engines.partition import Described, Done, PartitionError, PartitionLabeler
from lingula.engines.planning import Partition
from lingula.engines.pool import WorkerDied
from lingula.errors import LingulaError, MissingExtraError
from lingula.network import silence
from lingula.pipeline.executors import cores
from lingula.pipeline.worker import WorkerFailure

#: Where a cluster is, as Ray's own programs take it.
ADDRESS = "RAY_ADDRESS"
#: How often a cluster of our own is started: on a busy machine Ray's processes may be too slow for
#: a limit of 15 s that it does not let be set (ray-project/ray issue 65983).
STARTS = 3
#: Bytes of Ray's object store, through which only names and records pass; its smallest is 75 MiB.
STORE_BYTES = 100 << 20

#: A closed port of this machine: a request to anywhere ends there.
_NOWHERE = "http://127.0.0.1:9"
_CLOSED = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _NOWHERE),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
}
#: Names under which the workers find what these were before; alone, that they were changed.
_BEFORE = "LINGULA_BEFORE_RAY"


class RayWorkers:
    """Actors of a cluster: the one that ``RAY_ADDRESS`` names, or one of this machine alone.

    Args:
        job: The job, its columns and sections named.
        partitions: How many there are.

    Raises:
        MissingExtraError: If Ray is not installed.
        LingulaError: If there is no cluster, and none can be started.
    """

    name = "ray"

    def __init__(self, job: FolderJob, partitions: int) -> None:
        self._ray = _imported()
        self._job = job
        self._own = not self._ray.is_initialized()
        if self._own:
            _connect(self._ray, job.how.workers or cores())
        resources = self._ray.cluster_resources()
        gpus = int(resources.get("GPU", 0))
        choice = job.labeler if isinstance(job.labeler, LabelerChoice) else LabelerChoice()
        if choice.wants_gpu and not gpus:
            self.close()
            raise LingulaError("a GPU is asked for, and the cluster has none; leave --device out")
        self._gpus = int(gpus > 0 and (choice.wants_gpu or choice.may_use_gpu))
        # One a core or a GPU at most: more would wait for ever.
        room = gpus if self._gpus else int(resources.get("CPU", 1))
        self.number = max(1, min(job.how.workers or room, room, partitions))

    def start(self) -> Any:
        """A new actor."""
        options = self._ray.remote(_Actor).options(
            num_cpus=1,
            num_gpus=self._gpus,
            max_restarts=0,
            scheduling_strategy="SPREAD",
        )
        return options.remote(self._job)

    def describe(self, worker: Any) -> Described:
        """What its labeler is."""
        answer = self._ask(worker.describe.remote())
        if isinstance(answer, WorkerFailure):
            raise LingulaError(answer.message)
        return cast("Described", answer)

    def label(self, worker: Any, partition: Partition) -> Done:
        """Label one partition."""
        answer = self._ask(worker.label.remote(partition))
        if isinstance(answer, WorkerFailure):
            raise PartitionError(answer.message)
        return cast("Done", answer)

    def stop(self, worker: Any) -> None:
        """Kill an actor."""
        with suppress(Exception):
            # Whatever is wrong with it: it is dead, or ends with the cluster.
            self._ray.kill(worker)

    def close(self) -> None:
        """Leave the cluster; end it if it was started here."""
        if self._own:
            self._ray.shutdown()

    def _ask(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError:
            raise
        except self._ray.exceptions.RayError as error:
            raise WorkerDied(
                f"ended unexpectedly ({type(error).__name__}; Ray's logs say why)"
            ) from None


class _Actor:
    """Labels partitions, one at a time, in a process of Ray's."""

    def __init__(self, job: FolderJob) -> None:
        _restore_proxies()
        silence()
        self._made: PartitionLabeler | WorkerFailure
        try:
            self._made = PartitionLabeler(job, threads=1)
        except LingulaError as error:
            self._made = WorkerFailure(True, str(error))

    def describe(self) -> Described | WorkerFailure:
        """What the labeler is, or why there is none."""
        if isinstance(self._made, WorkerFailure):
            return self._made
        return self._made.describe()

    def label(self, partition: Partition) -> Done | WorkerFailure:
        """The record of a partition, or why it could not be labeled."""
        if isinstance(self._made, WorkerFailure):
            return self._made
        try:
            return self._made.label(partition)
        except PartitionError as error:
            return WorkerFailure(True, str(error))


def _imported() -> ModuleType:
    silence()
    if not os.environ.get(ADDRESS) and "ray" not in sys.modules:
        # Read when Ray is imported: a cluster of our own lives on the loopback address alone, and
        # has a token of its own, which is written nowhere.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        if "RAY_AUTH_MODE" not in os.environ:
            os.environ["RAY_AUTH_MODE"] = "token"
            os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    try:
        import ray
    except ImportError:
        raise MissingExtraError("The engine ray", "ray") from None
    return ray


def _connect(ray: ModuleType, processors: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    address = os.environ.get(ADDRESS)
    if address:
        try:
            ray.init(address=address, **quiet)
        except Exception as error:
            raise LingulaError(
                f"the Ray cluster at {address} ({ADDRESS}) cannot be joined: "
                f"{type(error).__name__}; is it up, of the same versions, and is its token here?"
            ) from error
        return
    for left in reversed(range(STARTS)):
        try:
            with _closed_in():
                ray.init(
                    address="local",
                    num_cpus=processors,
                    include_dashboard=False,
                    object_store_memory=STORE_BYTES,
                    **quiet,
                )
            return
        except Exception as error:
            ray.shutdown()
            if not left:
                raise LingulaError(
                    "Ray does not start on this machine (its logs are in ray/session_latest/logs "
                    "of the folder of temporary files); it may be too busy, and --engine local "
                    "needs no Ray"
                ) from error


@contextmanager
def _closed_in() -> Iterator[None]:
    """The environment in which Ray's processes start: they ask nobody and answer only us.

    Ray asks the cloud's metadata address where it runs even if it is to report nothing: a proxy
    that is not there stops that.
    """
    before = dict(os.environ)
    held = {f"{_BEFORE}_{name}": before[name] for name in _CLOSED if name in before}
    os.environ.update({_BEFORE: "1", **held, **_CLOSED})
    # Without, Ray would say in a warning what it is going to change some day.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _restore_proxies() -> None:
    """What the user had set: an object store may lie behind a proxy."""
    if os.environ.pop(_BEFORE, None) is None:
        return
    for name in _CLOSED:
        before = os.environ.pop(f"{_BEFORE}_{name}", None)
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
