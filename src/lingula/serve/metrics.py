"""What a service counts, for Prometheus: numbers and names of its own, never a text."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TEXTS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Counters of one service; also the ``Watcher`` of its pool."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "lingula_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._latency = Histogram(
            "lingula_request_seconds",
            "Time from a request's headers to its answer's end.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._reports = Counter(
            "lingula_reports",
            "Reports, by what became of them.",
            ["outcome"],
            registry=self._registry,
        )
        self._batches = Histogram(
            "lingula_batch_texts",
            "Texts that a worker process labeled together.",
            ["labeler"],
            buckets=_TEXTS,
            registry=self._registry,
        )
        self._labeling = Histogram(
            "lingula_batch_seconds",
            "Time that a worker process took for a batch.",
            ["labeler"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._restarts = Counter(
            "lingula_worker_restarts", "Worker processes replaced.", registry=self._registry
        )

    def gauge(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """Add a number that is asked for when the metrics are read."""
        Gauge(name, help_text, registry=self._registry).set_function(value)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; the ``Observer`` of ``lingula.web``."""
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def reports(self, labeled: int, failed: int) -> None:
        """So many reports got labels, and so many an error in their place."""
        self._reports.labels("labeled").inc(labeled)
        if failed:
            self._reports.labels("error").inc(failed)

    def batch(self, labeler: str, texts: int, seconds: float) -> None:
        """A batch was labeled."""
        self._batches.labels(labeler).observe(texts)
        self._labeling.labels(labeler).observe(seconds)

    def restarted(self) -> None:
        """A worker process was replaced."""
        self._restarts.inc()

    def text(self) -> bytes:
        """All of it in Prometheus' text form."""
        return generate_latest(self._registry)
