"""Texts that wait, by the choices that they share, and batches of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from lingula.serve.choices import Choices

#: Texts and characters of a batch at most: one step of a model.
BATCH_TEXTS = 64
BATCH_CHARACTERS = 60_000
#: A labeler that takes as long for texts together as one by one gets half of what waits, but so
#: many at least: while it labels them, the front end answers those before and takes new ones in.
SINGLE_TEXTS = 8
#: A longer text makes a batch of its own, so that no short text's answer waits for its.
LONG_CHARACTERS = 8_000


@dataclass(eq=False)
class Pending:
    """A request's texts on their way.

    Attributes:
        choices: How they are labeled.
        texts: n texts.
        done: Their JSON objects, when all are there.
    """

    choices: Choices
    texts: Sequence[str | None]
    done: asyncio.Future[list[bytes]]
    _answers: list[bytes] = field(init=False)
    _left: int = field(init=False)
    #: Texts of it that are still in the queue.
    queued: int = 0

    def __post_init__(self) -> None:
        self._answers = [b""] * len(self.texts)
        self._left = len(self.texts)

    def answer(self, index: int, answer: bytes) -> None:
        """Take the answer of one text."""
        self._answers[index] = answer
        self._left -= 1
        if not self._left and not self.done.done():
            self.done.set_result(self._answers)

    def give_up(self) -> None:
        """Stop waiting: the time is over, or the pool is closed."""
        if not self.done.done():
            self.done.set_exception(TimeoutError())


@dataclass(eq=False)
class Batch:
    """Texts that a worker labels together.

    Attributes:
        choices: How they are labeled.
        places: Of each text, the request and its place there.
        tries: How many workers were given it, this one counted.
    """

    choices: Choices
    places: list[tuple[Pending, int]]
    tries: int = 1

    @property
    def texts(self) -> list[str | None]:
        """The texts."""
        return [pending.texts[index] for pending, index in self.places]

    def deliver(self, answers: Sequence[bytes]) -> None:
        """Hand out the answers, one a text."""
        for (pending, index), answer in zip(self.places, answers, strict=True):
            pending.answer(index, answer)

    def fail(self) -> None:
        """Tell those who wait that they need not."""
        for pending, _ in self.places:
            pending.give_up()


class TextQueue:
    """First come, first served, but a batch takes what waits with the same choices along.

    Args:
        singles: Names of labelers to which a large batch is no gain.
    """

    def __init__(self, singles: frozenset[str] = frozenset()) -> None:
        self._singles = singles
        self._lines: dict[Choices, deque[tuple[int, Pending, int]]] = {}
        self._again: deque[Batch] = deque()
        self._number = count()
        #: Texts that wait.
        self.texts = 0

    def largest(self, choices: Choices) -> int:
        """Texts of one batch at most."""
        if choices.labeler not in self._singles:
            return BATCH_TEXTS
        return min(BATCH_TEXTS, max(SINGLE_TEXTS, self.texts // 2))

    def add(self, pending: Pending) -> None:
        """Queue the texts of a request."""
        if not pending.texts:
            return
        line = self._lines.setdefault(pending.choices, deque())
        number = next(self._number)
        line.extend((number, pending, index) for index in range(len(pending.texts)))
        pending.queued = len(pending.texts)
        self.texts += pending.queued

    def put_back(self, batch: Batch) -> None:
        """Queue the texts of a batch before all others, each by itself."""
        for place in batch.places:
            self._again.append(Batch(batch.choices, [place], batch.tries + 1))

    def forget(self, pending: Pending) -> None:
        """Count the texts of a request that nobody waits for no more; they are passed over."""
        self.texts -= pending.queued
        pending.queued = 0

    def take(self) -> Batch | None:
        """What waits longest, and what shares its choices; None if nothing waits."""
        while self._again:
            batch = self._again.popleft()
            if not batch.places[0][0].done.done():
                return batch
        while self._lines:
            choices = min(self._lines, key=lambda key: self._lines[key][0][0])
            places = self._fill(self._lines[choices], self.largest(choices))
            if not self._lines[choices]:
                del self._lines[choices]
            if places:
                return Batch(choices, places)
        return None

    def _fill(self, line: deque[tuple[int, Pending, int]], most: int) -> list[tuple[Pending, int]]:
        places: list[tuple[Pending, int]] = []
        characters = 0
        while line and len(places) < most:
            _, pending, index = line[0]
            if pending.done.done():
                line.popleft()
                continue
            size = len(pending.texts[index] or "")
            long = size > LONG_CHARACTERS
            if places and (long or characters + size > BATCH_CHARACTERS):
                break
            line.popleft()
            pending.queued -= 1
            self.texts -= 1
            places.append((pending, index))
            characters += size
            if long:
                break
        return places
