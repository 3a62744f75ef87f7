"""Pages that every role reads: how far people are, and what each observation means."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from lingula.errors import ReviewError
from lingula.review.store import Store
from lingula.review.web.access import Access, Visitor
from lingula.review.web.examples import observation_guide
from lingula.review.web.pages import page
from lingula.review.web.reading import answer
from lingula.review.web.wire import SentDefinition, read_sent
from lingula.web import Problem


def overview_routes(store: Store, access: Access) -> APIRouter:
    """The routes that all roles share, and a manager's of definitions."""
    router = APIRouter()
    anybody = Depends(access.only("reader", "adjudicator", "manager"))
    manager = Depends(access.only("manager"))

    def progress_page(visitor: Visitor) -> Response:
        rows = store.progress(visitor.person)
        return page(store, "progress.html", visitor=visitor, path="/progress", rows=rows)

    def definitions_page(visitor: Visitor) -> Response:
        return page(
            store,
            "definitions.html",
            visitor=visitor,
            path="/definitions",
            guide=observation_guide(store.settings().schema, store.definitions()),
            editable=visitor.person.role == "manager",
        )

    @router.get("/progress")
    async def progress(visitor: Visitor = anybody) -> Response:
        """How far people are; a reader sees their own row alone."""
        return await run_in_threadpool(progress_page, visitor)

    @router.get("/definitions")
    async def definitions(visitor: Visitor = anybody) -> Response:
        """What each observation means, with the lexicon's examples."""
        return await run_in_threadpool(definitions_page, visitor)

    @router.post("/definitions")
    async def define(request: Request, visitor: Visitor = manager) -> Response:
        """Give an observation the group's own words."""
        sent = await read_sent(request, SentDefinition)
        person = visitor.person
        try:
            await run_in_threadpool(store.set_definition, person, sent.observation, sent.text)
        except ReviewError as error:
            raise Problem(422, "refused", str(error)) from None
        return answer({"saved": True})

    return router
