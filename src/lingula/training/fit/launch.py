"""Processes that train together: how they are started, and what each can know of it at once.

``accelerate launch`` (or torchrun, or a cluster's own launcher) starts them on one or several
machines and tells each its place by the environment; ``launch`` does the same for the GPUs of this
machine.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Sequence

from lingula.network import silence


def launched() -> bool:
    """Whether this process is one of several that train together."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def leads() -> bool:
    """Whether this process writes files and reports."""
    return int(os.environ.get("RANK", "0")) == 0


def launch(module: str, arguments: Sequence[str], processes: int) -> int:
    """Run a Python module in several processes of this machine.

    If one fails, the others are ended.

    Args:
        module: As after ``python -m``.
        arguments: Of its command line.
        processes: How many; each finds its place in the environment.

    Returns:
        The exit status: 0, or that of the first process that failed; 128 and the signal's number
        if it was ended by a signal. 1 for an abort: so a process ends whose fellow is gone.
    """
    silence()
    from accelerate.utils import patch_environment
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # A process says itself why it failed.
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    share = str(max(1, (os.cpu_count() or 1) // processes))
    threads = os.environ.get("OMP_NUM_THREADS", share)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
    )
    try:
        with patch_environment(omp_num_threads=threads):
            elastic_launch(config, sys.executable)("-m", module, *arguments)
    except ChildFailedError as error:
        status = error.get_first_failure()[1].exitcode
        # Gloo aborts where a fellow has left by an error, and may be seen to end before it.
        if status == -signal.SIGABRT:
            return 1
        return status if status > 0 else 128 - status
    return 0
