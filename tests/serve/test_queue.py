"""The queue: each text once, in order, with its like, and none beside a long one."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("orjson")
queued = pytest.importorskip("lingula.serve.queued")
from lingula.serve.choices import Choices  # noqa: E402

SIZES = st.lists(st.sampled_from([0, 10, 900, 8_000, 8_001, 50_000]), max_size=90)
REQUESTS = st.lists(st.tuples(st.sampled_from(["rules", "builtin"]), SIZES), max_size=6)


@given(REQUESTS, st.integers(0, 5))
def test_each_text_is_taken_once(requests: list[tuple[str, list[int]]], forgotten: int) -> None:
    loop = asyncio.new_event_loop()
    try:
        queue = queued.TextQueue()
        sent = []
        for labeler, sizes in requests:
            texts = [f"{at}".rjust(size) for at, size in enumerate(sizes)]
            pending = queued.Pending(Choices(labeler), texts, loop.create_future())
            queue.add(pending)
            sent.append(pending)
        assert queue.texts == sum(len(pending.texts) for pending in sent)
        gone = sent[forgotten] if forgotten < len(sent) else None
        if gone is not None:
            gone.give_up()
            queue.forget(gone)
        taken = []
        while (batch := queue.take()) is not None:
            assert {pending.choices for pending, _ in batch.places} == {batch.choices}
            assert len(batch.texts) <= queued.BATCH_TEXTS
            sizes = [len(text) for text in batch.texts]
            assert len(sizes) == 1 or max(sizes) <= queued.LONG_CHARACTERS
            assert sum(sizes) <= queued.BATCH_CHARACTERS
            taken += batch.places
            batch.deliver([text.strip().encode() for text in batch.texts])
        assert queue.texts == 0
        for pending in sent:
            if pending is gone:
                assert pending not in {item for item, _ in taken}
                assert not pending.texts or isinstance(pending.done.exception(), TimeoutError)
            elif pending.texts:
                assert pending.done.result() == [b"%d" % at for at in range(len(pending.texts))]
        for labeler in ("rules", "builtin"):
            order = [(sent.index(p), at) for p, at in taken if p.choices.labeler == labeler]
            assert order == sorted(order)
    finally:
        loop.close()


def test_what_a_dead_worker_had_comes_first_and_alone() -> None:
    loop = asyncio.new_event_loop()
    try:
        queue = queued.TextQueue()
        pending = [queued.Pending(Choices("rules"), ["a", "b"], loop.create_future()) for _ in "12"]
        for item in pending:
            queue.add(item)
        first = queue.take()
        queue.add(queued.Pending(Choices("rules"), ["c"], loop.create_future()))
        queue.put_back(first)
        again = [queue.take() for _ in range(5)]
        assert [batch.texts for batch in again] == [["a"], ["b"], ["a"], ["b"], ["c"]]
        assert [batch.tries for batch in again] == [2, 2, 2, 2, 1]
    finally:
        loop.close()


def test_half_of_what_waits_for_a_labeler_that_gains_nothing_by_more() -> None:
    loop = asyncio.new_event_loop()
    try:
        queue = queued.TextQueue(frozenset({"rules"}))
        for labeler in ("rules", "builtin"):
            queue.add(queued.Pending(Choices(labeler), ["a"] * 50, loop.create_future()))
        sizes = []
        while (batch := queue.take()) is not None:
            sizes.append((batch.choices.labeler, len(batch.texts)))
        # Of 100 that wait the first take 50, which are all of theirs.
        assert sizes == [("rules", 50), ("builtin", 50)]
        queue.add(queued.Pending(Choices("rules"), ["a"] * 50, loop.create_future()))
        sizes = []
        while (batch := queue.take()) is not None:
            sizes.append(len(batch.texts))
        assert sizes == [25, 12, 8, 5]
    finally:
        loop.close()
