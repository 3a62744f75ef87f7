"""What an adjudicator asks: the reports on which readers differ, one by one."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from starlette.concurrency import run_in_threadpool

from lingula.review.records import DisputeView
from lingula.review.store import Store
from lingula.review.web.access import Access, Visitor
from lingula.review.web.lines import report_lines
from lingula.review.web.pages import page
from lingula.review.web.reading import REPORT_NUMBERS
from lingula.review.web.rows import dispute_rows, marked_words, reader_letter
from lingula.web import Problem

_FLAGS = {
    "": "",
    "not_chest": "not a chest report",
    "wrong_patient": "wrong patient",
    "unreadable": "unreadable",
}


def deciding_routes(store: Store, access: Access) -> APIRouter:
    """The routes of an adjudicator."""
    router = APIRouter()
    adjudicator = Depends(access.only("adjudicator"))

    def shown(visitor: Visitor, view: DisputeView) -> Response:
        readers = [reader_letter(n) for n in range(len(view.comments))]
        return page(
            store,
            "dispute.html",
            visitor=visitor,
            path="/adjudicate",
            view=view,
            rows=dispute_rows(store.settings().schema, view),
            words=marked_words(view.cells, view.text),
            text_lines=report_lines(view.text),
            said=list(
                zip(readers, map(_FLAGS.__getitem__, view.flags), view.comments, strict=True)
            ),
        )

    def list_page(visitor: Visitor) -> Response:
        return page(
            store,
            "disputes.html",
            visitor=visitor,
            path="/adjudicate",
            disputed=store.disputed(visitor.person),
        )

    def next_page(visitor: Visitor, after: int | None) -> Response:
        waiting = [d.report_id for d in store.disputed(visitor.person) if not d.decided]
        waiting = [one for one in waiting if one != after]
        behind = [one for one in waiting if after is None or one > after]
        view = None
        if waiting:
            view = store.dispute(visitor.person, (behind or waiting)[0])
        return list_page(visitor) if view is None else shown(visitor, view)

    def own_page(visitor: Visitor, report_id: int) -> Response:
        view = store.dispute(visitor.person, report_id) if 0 <= report_id < REPORT_NUMBERS else None
        if view is None:
            raise Problem(404, "no_report", "there is no such report among the disputed")
        return shown(visitor, view)

    @router.get("/adjudicate")
    async def disputes(visitor: Visitor = adjudicator) -> Response:
        """All disputed reports."""
        return await run_in_threadpool(list_page, visitor)

    @router.get("/adjudicate/after/{report_id}")
    async def decide_after(report_id: int, visitor: Visitor = adjudicator) -> Response:
        """The next disputed report that is not decided."""
        return await run_in_threadpool(next_page, visitor, report_id)

    @router.get("/adjudicate/{report_id}")
    async def decide(report_id: int, visitor: Visitor = adjudicator) -> Response:
        """One disputed report: the cells that differ, and nobody's name."""
        return await run_in_threadpool(own_page, visitor, report_id)

    return router
