"""The web application of a review: its routes, on FastAPI, inside ``lingula.web``'s safety."""

from __future__ import annotations

from http import HTTPStatus

from lingula.errors import MissingExtraError
from lingula.review.store import Store
from lingula.web import Policy, Problem, Safety, problem_response
from lingula.web.safety import SECURITY_HEADERS

try:
    import jinja2  # noqa: F401 - looked for here, so that one message names the extra
    import orjson  # noqa: F401
    from fastapi import Depends, FastAPI, Request, Response
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException
except ImportError:
    raise MissingExtraError("lingula review", "review") from None

from lingula.review.web.access import Access, Visitor
from lingula.review.web.agreeing import agreement_routes
from lingula.review.web.deciding import deciding_routes
from lingula.review.web.overview import overview_routes
from lingula.review.web.pages import page, page_version, static_files
from lingula.review.web.people import people_routes
from lingula.review.web.reading import answer, home, judging_routes, reading_routes
from lingula.review.web.wire import SentToken, read_sent

#: Every page and script is the server's own; nothing inline runs, nothing is loaded from elsewhere.
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: A minute of unsent answers is some kilobytes; a long comment is ten.
_BODY_BYTES = 4 * 1024 * 1024


def create_app(
    store: Store,
    *,
    hosts: frozenset[str] | None = None,
    secure: bool = False,
    site_url: str | None = None,
) -> Safety:
    """The application.

    Args:
        store: Of the review.
        hosts: Names under which the server may be asked; None for any.
        secure: Whether browsers reach it over TLS.
        site_url: Under which new links are given; None for the address they were asked at.

    Raises:
        MissingExtraError: If the packages of the extra ``review`` are not installed.
    """
    app = review_app(store, secure=secure, site_url=site_url)
    headers = {**SECURITY_HEADERS, "content-security-policy": _CONTENT_POLICY}
    if secure:
        headers["strict-transport-security"] = "max-age=31536000"
    return Safety(app, Policy(hosts=hosts, body_bytes=_BODY_BYTES, headers=headers))


def review_app(store: Store, *, secure: bool = False, site_url: str | None = None) -> FastAPI:
    """The routes, without the safety around them; arguments as of ``create_app``."""
    app = FastAPI(title="Lingula review", docs_url=None, redoc_url=None, openapi_url=None)
    access = Access(store, secure=secure)
    _say_problems(app, store, access)
    _add_door(app, store, access)
    app.include_router(reading_routes(store, access))
    app.include_router(judging_routes(store, access))
    app.include_router(deciding_routes(store, access))
    app.include_router(overview_routes(store, access))
    app.include_router(agreement_routes(store, access))
    app.include_router(people_routes(store, access, site_url))
    return app


def _add_door(app: FastAPI, store: Store, access: Access) -> None:
    anybody = Depends(access.visitor)

    @app.get("/")
    async def start(visitor: Visitor = anybody) -> Response:
        """To the page on which the visitor's role begins."""
        return home(visitor.person.role)

    @app.get("/enter")
    async def door() -> Response:
        """The page that a link opens; its script sends the token, which no address holds."""
        message = "Open the link that you were given."
        return page(store, "enter.html", visitor=None, path="/enter", message=message)

    @app.post("/enter")
    async def enter(request: Request) -> Response:
        """Exchange a link's token for a session."""
        sent = await read_sent(request, SentToken)
        response = answer({"entered": True})
        await access.enter(request, response, sent.token)
        return response

    @app.post("/leave")
    async def leave(request: Request, visitor: Visitor = anybody) -> Response:
        """End the session."""
        response = answer({"left": True})
        await access.leave(request, response, visitor)
        return response

    @app.get("/session")
    async def session(visitor: Visitor = anybody) -> Response:
        """Who is in, and the token for what changes something, for a page that stayed open."""
        return answer({"person": visitor.person.id, "csrf": visitor.csrf})

    @app.get("/static/{version}/{name}")
    async def static(version: str, name: str) -> Response:
        """Style and script; their addresses carry the version, so that browsers may keep them."""
        found = static_files().get(name)
        if found is None or version != page_version():
            raise Problem(404, "not_found", "there is no such file: load the page again")
        kept = {"Cache-Control": "public, max-age=86400"}
        return Response(found[0], media_type=found[1], headers=kept)

    @app.get("/healthz")
    async def healthz() -> Response:
        """The server answers."""
        return answer({"status": "ok"})


def _say_problems(app: FastAPI, store: Store, access: Access) -> None:
    """Errors as a page where a browser asks for one, else as JSON; never with what was sent."""

    async def say(request: Request, error: Exception) -> Response:
        problem = _problem(error)
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return await _problem_page(request, problem, store, access)
        request_id = request.scope.get("lingula.request_id", "")
        status, headers, body = problem_response(problem, request_id)
        return Response(body, status, {k.decode(): v.decode() for k, v in headers})

    for kind in (Problem, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, say)


async def _problem_page(
    request: Request, problem: Problem, store: Store, access: Access
) -> Response:
    visitor = None
    if problem.status not in (401, 429):
        try:
            visitor = await access.visitor(request)
        except Problem:
            visitor = None  # The page is shown without the bar.
    response = page(
        store,
        "problem.html",
        visitor=visitor,
        path=request.url.path,
        status=problem.status,
        title=HTTPStatus(problem.status).phrase,
        message=problem.message[:1].upper() + problem.message[1:] + ".",
    )
    response.headers.update(problem.headers)
    return response


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        problem = Problem.of_status(error.status_code)
        problem.headers.update(error.headers or {})
        return problem
    # An address with another thing in the place of a number.
    return Problem(404, "not_found", "there is no such page")
