"""What a service is, as values: labelers, limits, address."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from lingula.errors import InputError


@dataclass(frozen=True)
class Served:
    """One labeler of a service.

    Attributes:
        name: How requests name it.
        source: What ``lingula.load`` takes: "rules", "builtin", a checkpoint or a model folder.
    """

    name: str
    source: str

    @classmethod
    def of(cls, text: str) -> Served:
        """From ``SOURCE`` or ``NAME=SOURCE``; a path by itself is named for its last part.

        Raises:
            InputError: If the name or the source is empty.
        """
        name, equals, source = text.partition("=")
        if not equals:
            name, source = Path(text).stem, text
        if not name or not source:
            raise InputError(f"{text!r} names no labeler; write rules, builtin, PATH or NAME=PATH")
        return cls(name, source)


@dataclass(frozen=True)
class Limits:
    """How much is taken at once.

    Attributes:
        queue_texts: Texts that wait at most; beyond, a request is told to come again (429). One
            request may be larger: it is taken when nothing waits.
        request_reports: Reports of one request at most.
        text_characters: Characters of one report at most.
        body_bytes: Bytes of one request's body at most.
        json_depth: Brackets of JSON inside each other at most.
        deadline_seconds: How long a request may wait for its labels (504).
        body_seconds: How long a request's body may take to arrive (408).
        worker_seconds: How long a worker process may take for one batch before it is replaced.
    """

    queue_texts: int = 512
    request_reports: int = 1000
    text_characters: int = 50_000
    body_bytes: int = 8 * 1024 * 1024
    json_depth: int = 32
    deadline_seconds: float = 30.0
    body_seconds: float = 30.0
    worker_seconds: float = 120.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if getattr(self, name) <= 0:
                raise InputError(f"the limit {name} must be more than 0, not {getattr(self, name)}")


@dataclass(frozen=True)
class Settings:
    """A service.

    Attributes:
        labelers: The first one labels where a request names none.
        workers: Processes that label; one a core, less one for the requests, if None.
        limits: How much is taken at once.
        cache: Whether workers remember sentences, which are patients' text, in memory.

    Raises:
        InputError: If two labelers have one name, or there is none.
    """

    labelers: tuple[Served, ...]
    workers: int | None = None
    limits: Limits = field(default_factory=Limits)
    cache: bool = True

    def __post_init__(self) -> None:
        names = [item.name for item in self.labelers]
        if not names:
            raise InputError("a service needs at least one labeler")
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"two labelers are called {name!r}; write NAME=PATH to tell them")

    @property
    def processes(self) -> int:
        """How many worker processes there are."""
        return self.workers or max(1, (os.cpu_count() or 1) - 1)
