"""What a reader asks: the next report, one of their own, a search; and where judgements go."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from lingula.errors import ReviewError
from lingula.review.records import ReportView
from lingula.review.store import Store
from lingula.review.web.access import Access, Visitor
from lingula.review.web.lines import MOST_MARKED, report_lines
from lingula.review.web.pages import page
from lingula.review.web.rows import report_rows
from lingula.review.web.wire import SentJudgements, SentWords, read_sent
from lingula.web import Problem

_MOST_FOUND = 50
#: A report's number in the store is below this; others are nobody's.
REPORT_NUMBERS = 2**31


def answer(value: Any) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), media_type="application/json")


def reading_routes(store: Store, access: Access) -> APIRouter:
    """A reader's pages."""
    router = APIRouter()
    reader = Depends(access.only("reader"))

    def shown(visitor: Visitor, view: ReportView) -> Response:
        return page(
            store,
            "report.html",
            visitor=visitor,
            path="/read",
            view=view,
            rows=report_rows(store.settings().schema, view),
            text_lines=report_lines(view.text, view.evidence),
            unmarked=len(view.evidence) > MOST_MARKED,
            previous=store.previous_report(visitor.person, view.report_id),
            following=store.following_report(visitor.person, view.report_id),
        )

    def next_page(visitor: Visitor, after: int | None) -> Response:
        view = store.next_report(visitor.person, after)
        if view is not None:
            return shown(visitor, view)
        return page(
            store,
            "finished.html",
            visitor=visitor,
            path="/read",
            title="All your reports are submitted",
            message="Thank you. Progress lists them; each can be opened and changed.",
        )

    def own_page(visitor: Visitor, report_id: int) -> Response:
        view = store.report(visitor.person, report_id) if 0 <= report_id < REPORT_NUMBERS else None
        if view is None:
            raise Problem(404, "no_report", "there is no such report among yours")
        return shown(visitor, view)

    @router.get("/read")
    async def read_next(visitor: Visitor = reader) -> Response:
        """The first report that is not submitted."""
        return await run_in_threadpool(next_page, visitor, None)

    @router.get("/read/after/{report_id}")
    async def read_after(report_id: int, visitor: Visitor = reader) -> Response:
        """The next report that is not submitted, behind another."""
        if not 0 <= report_id < REPORT_NUMBERS:
            raise Problem(404, "no_report", "there is no such report among yours")
        return await run_in_threadpool(next_page, visitor, report_id)

    @router.get("/read/{report_id}")
    async def read_one(report_id: int, visitor: Visitor = reader) -> Response:
        """One of the reader's own reports."""
        return await run_in_threadpool(own_page, visitor, report_id)

    return router


def judging_routes(store: Store, access: Access) -> APIRouter:
    """What a page's script asks: a search, and where judgements go, adjudicators' too."""
    router = APIRouter()
    reader = Depends(access.only("reader"))
    judge = Depends(access.only("reader", "adjudicator"))

    @router.post("/search")
    async def search(request: Request, visitor: Visitor = reader) -> Response:
        """The reader's own reports that hold some words; those never stand in an address."""
        sent = await read_sent(request, SentWords)
        found = await run_in_threadpool(store.search, visitor.person, sent.words, _MOST_FOUND)
        return answer(
            [
                {
                    "report": item.report_id,
                    "name": item.name,
                    "position": item.position,
                    "submitted": item.submitted,
                    "flag": item.flag,
                }
                for item in found
            ]
        )

    @router.post("/judgements")
    async def judgements(request: Request, visitor: Visitor = judge) -> Response:
        """Take judgements; the answer names those that are on the disk."""
        sent = await read_sent(request, SentJudgements)
        if sent.person != visitor.person.id:
            # Two people share a browser: what the first one's page holds is not the second one's.
            raise Problem(409, "another_person", "this page belongs to another person's session")
        try:
            saved = await run_in_threadpool(store.record, visitor.person, sent.records())
        except ReviewError as error:
            raise Problem(422, "refused", str(error)) from None
        return answer({"saved": saved})

    return router


def home(role: str) -> RedirectResponse:
    """To the page on which a role begins."""
    to = {"reader": "/read", "adjudicator": "/adjudicate"}.get(role, "/progress")
    return RedirectResponse(to, status_code=303)
