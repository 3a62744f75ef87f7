"""``POST /v1/label/stream``: JSON Lines in, JSON Lines out, in memory that does not grow.

Lines are labeled as they come; answers come in their order. When the queue is full, no more is
read from the connection until there is room, so that the client is slowed and never refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from lingula.serve.choices import Choices
from lingula.serve.fragments import error_fragment
from lingula.serve.questions import read_choices, read_report
from lingula.web import Problem, require_depth
from lingula.web.limits import DisconnectedError, Receive, Scope, Send

if TYPE_CHECKING:
    from lingula.serve.service import Service

#: Lines that are labeled together at most, if so many have come.
_LINES = 64
#: Groups of lines under way at most.
_AHEAD = 4
_FLAGS = {"true": True, "false": False}


class LineSplitter:
    """Cuts a stream of bytes into lines; one that is too long is dropped as it comes.

    Args:
        longest: Bytes of a line at most.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """The lines that end in these bytes; None for one that was too long."""
        found: list[bytes | None] = []
        *whole, rest = data.split(b"\n")
        for part in whole:
            found.append(self._end(part))
        self._add(rest)
        return found

    def close(self) -> list[bytes | None]:
        """The last line, if it has no end."""
        return [self._end(b"")] if self._held or self._dropping else []

    def _add(self, part: bytes) -> None:
        if self._dropping or len(self._held) + len(part) > self._longest:
            self._held.clear()
            self._dropping = True
        else:
            self._held += part

    def _end(self, part: bytes) -> bytes | None:
        self._add(part)
        line = None if self._dropping else bytes(self._held)
        self._held.clear()
        self._dropping = False
        return line


class StreamAnswer(Response):
    """Answers while it reads.

    Args:
        service: Labels.
        query: ``labeler``, ``sections`` (names with commas), ``evidence``, ``probabilities``,
            ``language``: as in ``POST /v1/label``, for all lines.

    Raises:
        Problem: 422 if the query is another.
    """

    def __init__(self, service: Service, query: Mapping[str, str]) -> None:
        super().__init__(media_type="application/jsonl")
        self._service = service
        self._choices = query_choices(query, service)
        # JSON may write each character of a text in six ("\u0041"), twice that beyond the BMP.
        self._longest = 12 * service.limits.text_characters + 4096

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, label and answer until the client has sent all."""
        groups: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue(_AHEAD)
        reader = asyncio.ensure_future(self._read(receive, groups))
        group: asyncio.Task[bytes] | None = None
        try:
            # First it asks for the body, which a client may have announced (100 Continue).
            await asyncio.sleep(0)
            headers = [(b"content-type", b"application/jsonl")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while (group := await groups.get()) is not None:
                body = await group
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await reader
            await send({"type": "http.response.body", "body": b""})
        finally:
            reader.cancel()
            if group is not None:
                group.cancel()
            while not groups.empty():
                left = groups.get_nowait()
                if left is not None:
                    left.cancel()
            with suppress(asyncio.CancelledError, DisconnectedError):
                await reader

    async def _read(
        self, receive: Receive, groups: asyncio.Queue[asyncio.Task[bytes] | None]
    ) -> None:
        splitter = LineSplitter(self._longest)
        first, more = 1, True
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise DisconnectedError
                more = message.get("more_body", False)
                lines = splitter.feed(message.get("body", b""))
                if not more:
                    lines += splitter.close()
                for start in range(0, len(lines), _LINES):
                    part = lines[start : start + _LINES]
                    task = asyncio.ensure_future(self._label(first, part))
                    first += len(part)
                    await groups.put(task)
        finally:
            await groups.put(None)

    async def _label(self, first: int, lines: list[bytes | None]) -> bytes:
        service = self._service
        ids: list[tuple[int, bytes]] = []
        answers: list[bytes | None] = []
        texts: list[str | None] = []
        for number, line in enumerate(lines, start=first):
            if line is not None and not line.strip():
                continue
            name, text, error = self._read_line(line)
            ids.append((number, name))
            answers.append(error)
            if error is None:
                texts.append(text)
        try:
            labeled = iter(await service.pool.label_when_free(self._choices, texts))
        except Problem as problem:
            labeled = iter([error_fragment(problem.code, problem.message)] * len(texts))
        results = [next(labeled) if item is None else item for item in answers]
        service.count(results)
        return b"".join(
            b'{"line":%d,"id":%b,%b\n' % (number, name, item[1:])
            for (number, name), item in zip(ids, results, strict=True)
        )

    def _read_line(self, line: bytes | None) -> tuple[bytes, str | None, bytes | None]:
        limits = self._service.limits
        if line is None:
            return b"null", None, error_fragment("too_long", "the line is too long")
        try:
            require_depth(line, limits.json_depth)
            return read_report(orjson.loads(line), limits)
        except Problem as problem:
            return b"null", None, error_fragment(problem.code, problem.message)
        except orjson.JSONDecodeError:
            return b"null", None, error_fragment("no_json", "the line is no JSON in UTF-8")


def query_choices(query: Mapping[str, str], service: Service) -> Choices:
    """How texts are to be labeled, from a query.

    Raises:
        Problem: 422 if a key is unknown or a value is none that it can have.
    """
    unknown = len(query.keys() - {"labeler", "sections", "evidence", "probabilities", "language"})
    if unknown:
        raise Problem(422, "invalid_request", f"the query has {unknown} unknown keys")
    data: dict[str, object] = dict(query)
    for key in ("evidence", "probabilities"):
        if key in query:
            data[key] = _FLAGS.get(query[key], query[key])
    sections = query.get("sections", "auto")
    if sections == "none":
        data["sections"] = None
    elif sections != "auto":
        data["sections"] = [name.strip() for name in sections.split(",") if name.strip()]
    return read_choices(data, service.labelers)
