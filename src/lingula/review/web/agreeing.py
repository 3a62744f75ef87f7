"""Pages that tell how far readers agree: on all reports, and on the practice set."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from starlette.concurrency import run_in_threadpool

from lingula.review.agreement import Agreement, agreement, practice_agreement
from lingula.review.store import Store
from lingula.review.web.access import Access, Visitor
from lingula.review.web.pages import page


def agreement_routes(store: Store, access: Access) -> APIRouter:
    """The route of those who may know how far readers agree, and a reader's own."""
    router = APIRouter()
    judge = Depends(access.only("adjudicator", "manager"))
    reader = Depends(access.only("reader"))

    def shown(visitor: Visitor, path: str, title: str, found: Agreement | None) -> Response:
        return page(store, "agreement.html", visitor=visitor, path=path, title=title, found=found)

    def all_page(visitor: Visitor) -> Response:
        return shown(visitor, "/agreement", "Agreement", agreement(store))

    def practice_page(visitor: Visitor) -> Response:
        found = practice_agreement(store, visitor.person)
        return shown(visitor, "/practice", "Agreement on the practice set", found)

    @router.get("/agreement")
    async def all_agreement(visitor: Visitor = judge) -> Response:
        """How far readers agree so far; not for a reader."""
        return await run_in_threadpool(all_page, visitor)

    @router.get("/practice")
    async def practice(visitor: Visitor = reader) -> Response:
        """Agreement on the practice set, for a reader who is done with it."""
        return await run_in_threadpool(practice_page, visitor)

    return router
