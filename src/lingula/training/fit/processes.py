"""Start one process a device, hear what they tell, and end them all if one fails."""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import connection
from pathlib import Path
from typing import Any, TypeVar

import torch

from lingula.errors import LingulaError, RecipeError
from lingula.training.fit.team import Team

#: How long a process waits for the others. Only to end where nobody is left to end it: the process
#: that started them ends them as soon as one fails, and writing a checkpoint may take long.
PATIENCE = timedelta(hours=1)

#: Seconds that processes have to go by themselves once all is done.
FAREWELL = 30.0

Job = TypeVar("Job")
Message = TypeVar("Message")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Terms:
    """What a new process is told: devices by rank, the pickled work, where to meet, and the pipe
    to tell messages through, with its lock."""

    devices: tuple[torch.device, ...]
    work: bytes
    meeting: str
    writer: Any
    lock: Any


@dataclass(frozen=True)
class _Told:
    content: Any


@dataclass(frozen=True)
class _Done:
    result: Any


@dataclass(frozen=True)
class _Failed:
    error: type[Exception]
    message: str


def run_processes(
    work: Callable[[Team, Job, Callable[[Message], None]], Result],
    job: Job,
    devices: Sequence[torch.device],
    *,
    receive: Callable[[Message], None],
) -> Result:
    """Do one piece of work in one new process a device, together.

    The processes are spawned and joined in torch.distributed's default process group (NCCL on
    GPUs, Gloo else), all on this machine. A script that calls this must guard its own start with
    ``if __name__ == "__main__":``, as for all of ``multiprocessing``.

    Args:
        work: A function of a module. It is called in each process with its team, its own copy of
            the job, and a function that tells a message to this process.
        job: Can be pickled, and holds no tensor on a GPU.
        devices: One a process. Threads of torch are shared out between the processes.
        receive: Called here with each message, in the order in which they were told.

    Returns:
        What the work of the first process returned.

    Raises:
        LingulaError: The first one that was raised in a process. RecipeError if a process was
            ended from outside, or this build of torch lacks what is needed.
        RuntimeError: If another exception was raised in a process; it holds the traceback.
    """
    if not torch.distributed.is_available():
        raise RecipeError(
            "this build of torch cannot train on several devices; name one, such as cuda:0"
        )
    threads = max(1, torch.get_num_threads() // len(devices))
    # Pickled here once, by value: multiprocessing would let the processes share the model's memory.
    data = pickle.dumps((work, job, threads), protocol=5)
    multiprocessing: Any = torch.multiprocessing  # partly untyped
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="lingula-") as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        terms = _Terms(tuple(devices), data, meeting, writer, context.Lock())
        started = multiprocessing.spawn(
            _serve, (terms,), nprocs=len(devices), join=False, daemon=True
        )
        # The end of what is told can be seen only once nobody here could tell more.
        writer.close()
        processes = list(started.processes)
        try:
            result: Result = _follow(reader, processes, devices, receive)
            for process in processes:
                process.join(FAREWELL)
            return result
        finally:
            for process in processes:
                process.kill()
                process.join()
            reader.close()


def _follow(
    reader: Any, processes: Sequence[Any], devices: Sequence[torch.device], receive: Any
) -> Any:
    """Hear messages until the first process is done."""
    running = {process.sentinel: process for process in processes}
    while True:
        ready = connection.wait([reader, *running])
        # What was told before an end comes before it.
        message = _heard(reader) if reader in ready else None
        if isinstance(message, _Done):
            return message.result
        if isinstance(message, _Failed):
            _refuse_ended(processes, devices)
            # Past the class's own constructor, which may want other arguments.
            raise message.error.__new__(message.error, message.message)
        if isinstance(message, _Told):
            receive(message.content)
            continue
        for sentinel in [item for item in ready if item is not reader]:
            running.pop(sentinel).join()
        _refuse_ended(processes, devices)
        if not running:
            raise RuntimeError("the training processes ended without a result")


def _heard(reader: Any) -> object:
    """The next message, or None if nobody is left to tell one to its end."""
    try:
        return reader.recv()
    except (EOFError, OSError):
        return None


def _refuse_ended(processes: Sequence[Any], devices: Sequence[torch.device]) -> None:
    """Raise if a process did not end by itself: the errors of the others only follow from that."""
    for rank, (process, device) in enumerate(zip(processes, devices, strict=True)):
        who = f"training process {rank} (on {device})"
        if (code := process.exitcode) is None or code in (0, _TOLD):
            continue
        if code < 0:
            raise RecipeError(
                f"{who} was ended by signal {-code} ({signal.Signals(-code).name}), as happens "
                "where memory runs out; all others were ended; go on with --resume"
            )
        raise RecipeError(
            f"{who} ended with status {code} before it could say why; all others were ended. A "
            'script that trains on several devices must begin under if __name__ == "__main__":'
        )


#: Exit status of a process that has told why it failed.
_TOLD = 3


def _serve(rank: int, terms: _Terms) -> None:
    """What a new process does."""
    # Ctrl-C reaches every process; the one that started this one says so. The death of that one
    # arrives as the same signal, for torch asks for it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Notes that libraries print do not belong into the output of the command.
    os.dup2(2, 1)

    def tell(message: object) -> None:
        with terms.lock:
            terms.writer.send(message)

    device, size = terms.devices[rank], len(terms.devices)
    try:
        if device.type == "cuda":
            torch.cuda.set_device(device)
        work, job, threads = pickle.loads(terms.work)
        torch.set_num_threads(threads)
        nccl = device.type == "cuda" and torch.distributed.is_nccl_available()
        torch.distributed.init_process_group(
            "nccl" if nccl else "gloo",
            init_method=terms.meeting,
            rank=rank,
            world_size=size,
            timeout=PATIENCE,
        )
        result = work(Team(device, rank, size), job, lambda item: tell(_Told(item)))
        if rank == 0:
            tell(_Done(result))
        torch.distributed.destroy_process_group()
    except LingulaError as error:
        tell(_Failed(type(error), str(error)))
        # Without tidying up, which could wait for the others.
        os._exit(_TOLD)
    except Exception:  # noqa: BLE001  (told to the process that started this one, which raises it)
        trace = traceback.format_exc()
        tell(_Failed(RuntimeError, f"in training process {rank} (on {device}):\n{trace}"))
        os._exit(_TOLD)
