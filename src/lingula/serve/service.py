"""What the routes share: the pool, the limits, the metrics; and answers to questions."""

from __future__ import annotations

from typing import Any

import orjson

from lingula.serve.choices import Choices
from lingula.serve.metrics import Metrics
from lingula.serve.pool import Pool
from lingula.serve.questions import Question
from lingula.serve.settings import Settings

_ERROR = b'{"error"'


class Service:
    """One service: made once, used by every request.

    Args:
        settings: What it is.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.limits = settings.limits
        self.metrics = Metrics()
        self.pool = Pool(settings, self.metrics)
        self._heads: dict[str, bytes] = {}
        self.metrics.gauge(
            "lingula_queue_texts", "Texts that wait.", lambda: self.pool.status.queued
        )
        self.metrics.gauge(
            "lingula_workers_ready",
            "Worker processes that can label.",
            lambda: self.pool.status.ready,
        )

    @property
    def labelers(self) -> dict[str, dict[str, Any]]:
        """What the labelers are, by name."""
        return self.pool.labelers

    async def answer(self, question: Question) -> bytes:
        """The body of the answer to a question.

        Raises:
            Problem: If the queue is full or the time is over.
        """
        labeled = iter(await self.pool.label(question.choices, question.texts))
        results = [next(labeled) if item is None else item for item in question.answers]
        self.count(results)
        pairs = zip(question.ids, results, strict=True)
        joined = b",".join([b'{"id":' + name + b"," + item[1:] for name, item in pairs])
        return self.head(question.choices) + joined + b"]}"

    def count(self, results: list[bytes]) -> None:
        """Count reports by what became of them."""
        failed = sum(item.startswith(_ERROR) for item in results)
        self.metrics.reports(len(results) - failed, failed)

    def head(self, choices: Choices) -> bytes:
        """The beginning of an answer: which labeler, and the order of ``values``."""
        known = self._heads.get(choices.labeler)
        if known is None:
            about = self.labelers[choices.labeler]
            labeler = {key: about[key] for key in ("name", "sha256", "schema")}
            head = {"labeler": labeler, "observations": about["observations"]}
            known = self._heads[choices.labeler] = orjson.dumps(head)[:-1] + b',"results":['
        return known
