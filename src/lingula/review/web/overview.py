"""Pages that tell how a review goes: progress, agreement, definitions, people."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from lingula.errors import ReviewError
from lingula.review.agreement import Agreement, agreement, practice_agreement
from lingula.review.records import Person
from lingula.review.store import Store
from lingula.review.web.access import SESSION_HOURS, Access, Visitor
from lingula.review.web.examples import observation_guide
from lingula.review.web.links import LINK_DAYS, new_link
from lingula.review.web.pages import page
from lingula.review.web.reading import answer
from lingula.review.web.wire import SentDefinition, SentPerson, read_sent
from lingula.web import Problem


def overview_routes(store: Store, access: Access, site_url: str | None) -> APIRouter:
    """The routes that several roles share, and those of a manager.

    Args:
        store: Of the review.
        access: Who may come in.
        site_url: Under which links are given; None for the address a request was sent to.
    """
    router = APIRouter()
    anybody = Depends(access.only("reader", "adjudicator", "manager"))
    manager = Depends(access.only("manager"))
    judge = Depends(access.only("adjudicator", "manager"))
    reader = Depends(access.only("reader"))

    @router.get("/progress")
    async def progress(visitor: Visitor = anybody) -> Response:
        """How far people are; a reader sees their own row alone."""

        def made() -> Response:
            return page(
                "progress.html",
                visitor=visitor,
                review=store.settings(),
                path="/progress",
                rows=store.progress(visitor.person),
            )

        return await run_in_threadpool(made)

    def agreement_page(
        visitor: Visitor, path: str, title: str, found: Agreement | None
    ) -> Response:
        return page(
            "agreement.html",
            visitor=visitor,
            review=store.settings(),
            path=path,
            title=title,
            found=found,
        )

    @router.get("/agreement")
    async def all_agreement(visitor: Visitor = judge) -> Response:
        """How far readers agree so far; not for a reader."""

        def made() -> Response:
            return agreement_page(visitor, "/agreement", "Agreement", agreement(store))

        return await run_in_threadpool(made)

    @router.get("/practice")
    async def practice(visitor: Visitor = reader) -> Response:
        """Agreement on the practice set, for a reader who is done with it."""

        def made() -> Response:
            found = practice_agreement(store, visitor.person)
            return agreement_page(visitor, "/practice", "Agreement on the practice set", found)

        return await run_in_threadpool(made)

    @router.get("/definitions")
    async def definitions(visitor: Visitor = anybody) -> Response:
        """What each observation means, with the lexicon's examples."""

        def made() -> Response:
            review = store.settings()
            return page(
                "definitions.html",
                visitor=visitor,
                review=review,
                path="/definitions",
                guide=observation_guide(review.schema, store.definitions()),
                editable=visitor.person.role == "manager",
            )

        return await run_in_threadpool(made)

    @router.post("/definitions")
    async def define(request: Request, visitor: Visitor = manager) -> Response:
        """Give an observation the group's own words."""
        sent = await read_sent(request, SentDefinition)
        try:
            await run_in_threadpool(
                store.set_definition, visitor.person, sent.observation, sent.text
            )
        except ReviewError as error:
            raise Problem(422, "refused", str(error)) from None
        return answer({"saved": True})

    @router.get("/people")
    async def people(visitor: Visitor = manager) -> Response:
        """Who takes part; links are made and withdrawn here."""

        def made() -> Response:
            return page(
                "people.html",
                visitor=visitor,
                review=store.settings(),
                path="/people",
                people=store.people(),
                hours=SESSION_HOURS,
                days=LINK_DAYS,
            )

        return await run_in_threadpool(made)

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
