"""A manager's page of people: links are made and withdrawn here."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from lingula.review.records import Person
from lingula.review.store import Store
from lingula.review.web.access import SESSION_HOURS, Access, Visitor
from lingula.review.web.links import LINK_DAYS, new_link
from lingula.review.web.pages import page
from lingula.review.web.reading import answer
from lingula.review.web.wire import SentPerson, read_sent
from lingula.web import Problem


def people_routes(store: Store, access: Access, site_url: str | None) -> APIRouter:
    """The routes of a manager over people.

    Args:
        store: Of the review.
        access: Who may come in.
        site_url: Under which links are given; None for the address a request was sent to.
    """
    router = APIRouter()
    manager = Depends(access.only("manager"))

    def people_page(visitor: Visitor) -> Response:
        return page(
            store,
            "people.html",
            visitor=visitor,
            path="/people",
            people=store.people(),
            hours=SESSION_HOURS,
            days=LINK_DAYS,
        )

    @router.get("/people")
    async def people(visitor: Visitor = manager) -> Response:
        """Who takes part."""
        return await run_in_threadpool(people_page, visitor)

    @router.post("/people/link")
    async def link(request: Request, visitor: Visitor = manager) -> Response:
        """A new link for somebody, shown this once."""
        person = await _person(store, request)
        url = site_url or str(request.base_url)
        return answer({"link": await run_in_threadpool(new_link, store, url, person)})

    @router.post("/people/revoke")
    async def revoke(request: Request, visitor: Visitor = manager) -> Response:
        """End somebody's sessions, and the links that were not used."""
        person = await _person(store, request)
        await run_in_threadpool(store.revoke, person.id)
        return answer({"revoked": True})

    return router


async def _person(store: Store, request: Request) -> Person:
    sent = await read_sent(request, SentPerson)
    for person in await run_in_threadpool(store.people):
        if person.id == sent.person:
            return person
    raise Problem(404, "no_person", "there is no such person")
