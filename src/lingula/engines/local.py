"""The engine "local": processes of this machine, or this process itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from typing import Any, BinaryIO, cast

from lingula.engines.job import FolderJob, LabelerChoice
from lingula.engines.partition import Described, Done, PartitionError, PartitionLabeler
from lingula.engines.planning import Partition
from lingula.engines.pool import WorkerDied
from lingula.errors import LingulaError
from lingula.pipeline.executors import cores
from lingula.pipeline.worker import WorkerFailure, receive, send

# Paths of this process first, as multiprocessing does: a labeler may live beside a script.
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from lingula.engines.worker import main; main()"
)


class LocalWorkers:
    """Child processes.

    Args:
        job: The job, its columns and sections named.
        partitions: How many there are.
    """

    name = "local"

    def __init__(self, job: FolderJob, partitions: int) -> None:
        model = isinstance(job.labeler, LabelerChoice) and job.labeler.is_model
        alone = model or not (
            isinstance(job.labeler, LabelerChoice) or getattr(job.labeler, "parallel", False)
        )
        wanted = job.how.workers or (1 if alone else cores())
        self.number = max(1, min(wanted, partitions))
        self._threads = max(1, cores() // self.number)
        # A labeler that is one thread of work gets no thread pools that fight for the cores.
        limit = {} if alone else {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._environment = {**os.environ, **limit}
        self._job = job

    def start(self) -> subprocess.Popen[bytes]:
        """A new process."""
        child = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            # Ctrl-C is for the parent: it ends the children.
            start_new_session=True,
        )
        with suppress(BrokenPipeError):
            # One that died at once is told of when it is asked.
            send(cast("BinaryIO", child.stdin), (self._job, self._threads))
        return child

    def describe(self, worker: subprocess.Popen[bytes]) -> Described:
        """What its labeler is."""
        answer = _ask(worker, None)
        if isinstance(answer, WorkerFailure):
            if answer.expected:
                raise LingulaError(answer.message)
            raise RuntimeError(f"in a worker process:\n{answer.message}")
        return cast("Described", answer)

    def label(self, worker: subprocess.Popen[bytes], partition: Partition) -> Done:
        """Label one partition."""
        answer = _ask(worker, partition)
        if isinstance(answer, WorkerFailure):
            raise PartitionError(answer.message)
        return cast("Done", answer)

    def stop(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a process and close what leads to it."""
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            with suppress(OSError):
                cast("BinaryIO", pipe).close()

    def close(self) -> None:
        """Nothing but the processes."""


class InProcess:
    """This process: for a labeler that cannot be pickled, and for stores within it."""

    name = "local"
    number = 1

    def __init__(self, job: FolderJob) -> None:
        self._job = job

    def start(self) -> PartitionLabeler:
        """The labeler itself."""
        return PartitionLabeler(self._job)

    def describe(self, worker: PartitionLabeler) -> Described:
        """What its labeler is."""
        return worker.describe()

    def label(self, worker: PartitionLabeler, partition: Partition) -> Done:
        """Label one partition."""
        return worker.label(partition)

    def stop(self, worker: PartitionLabeler) -> None:
        """Nothing is under way that could be ended."""

    def close(self) -> None:
        """Nothing is held."""


def _ask(child: subprocess.Popen[bytes], message: Any) -> Any:
    try:
        send(cast("BinaryIO", child.stdin), message)
        return receive(cast("BinaryIO", child.stdout))
    except (EOFError, OSError, ValueError):
        child.wait()
        raise WorkerDied(f"ended unexpectedly (status {child.returncode})") from None
