"""One worker process, seen from the front end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson

from lingula.errors import InputError
from lingula.serve.choices import Choices
from lingula.serve.frames import frame, receive_frame
from lingula.serve.settings import Settings

# Paths of this process first: a labeler may live beside a script.
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from lingula.serve.worker import main; main()"
)
_START_SECONDS = 300.0


class WorkerEndedError(Exception):
    """A worker process died, or was ended because it took too long."""


class WorkerProcess:
    """A process that labels one batch at a time.

    Args:
        process: Freshly started.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        #: Whether it labels a batch now.
        self.busy = False
        #: What it says of its labelers.
        self.labelers: list[dict[str, Any]] = []

    @classmethod
    async def start(cls, settings: Settings) -> WorkerProcess:
        """Start a process and wait until its labelers are loaded.

        Raises:
            InputError: If a labeler cannot be loaded.
            WorkerEndedError: If the process dies before.
        """
        worker = cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                _BOOT,
                json.dumps(sys.path),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        )
        setup = {
            "labelers": [[item.name, item.source] for item in settings.labelers],
            "threads": max(1, (os.cpu_count() or 1) // settings.processes),
            "cache": settings.cache,
        }
        try:
            worker._stdin.write(frame(orjson.dumps(setup)))
            hello = orjson.loads(await worker._answer(_START_SECONDS))
        except BaseException:
            await worker.end()
            raise
        if "error" in hello:
            await worker.end()
            raise InputError(hello["error"])
        worker.labelers = hello["labelers"]
        return worker

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def send(self, choices: Choices, texts: Sequence[str | None]) -> None:
        """Give it a batch; ``receive`` tells what becomes of it."""
        self.busy = True
        self._stdin.write(frame(orjson.dumps([list(choices), texts])))

    async def receive(self, count: int, seconds: float) -> list[bytes]:
        """JSON of each text's labels, of the ``count`` texts that were sent.

        Raises:
            WorkerEndedError: If the process dies, takes longer than ``seconds``, or answers
                another number of texts.
        """
        try:
            answers = (await self._answer(seconds)).split(b"\n")
        finally:
            self.busy = False
        if len(answers) != count:
            raise WorkerEndedError("it answered another number of texts")
        return answers

    async def gone(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()

    async def _answer(self, seconds: float) -> bytes:
        try:
            return await asyncio.wait_for(receive_frame(self._stdout), seconds)
        except (asyncio.IncompleteReadError, OSError, asyncio.TimeoutError) as error:
            raise WorkerEndedError(type(error).__name__) from None

    async def end(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._stdin.close()
        await self._process.wait()
