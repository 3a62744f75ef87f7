"""The web application: its routes, on FastAPI, inside ``lingula.web``'s safety."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import lingula
from lingula.errors import MissingExtraError
from lingula.serve.settings import Settings
from lingula.web import Policy, Problem, Safety, problem_response, read_body, require_type

try:
    import orjson
    import prometheus_client  # noqa: F401 - looked for here, so that one message names the extra
    from fastapi import FastAPI, Request, Response
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException
except ImportError:
    raise MissingExtraError("lingula serve", "serve") from None

from lingula.schemas import load_schema, schema_to_dict, shipped_schemas
from lingula.serve.documentation import FHIR, LABEL, LABELERS, STREAM, page
from lingula.serve.fhir.operation import ACCEPTED, FHIR_JSON, label_resource, outcome
from lingula.serve.questions import read_question
from lingula.serve.service import Service
from lingula.serve.stream import StreamAnswer

_JSON = frozenset({"application/json"})
_LINES = frozenset(
    {"application/jsonl", "application/x-ndjson", "application/json-lines", "application/jsonlines"}
)
#: Paths that say nothing about patients, and are asked by machines without a token.
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
STREAM_PATH = "/v1/label/stream"


def create_app(
    settings: Settings,
    *,
    tokens: Any = None,
    hosts: frozenset[str] | None = None,
) -> tuple[Safety, Service]:
    """The application and its service, whose pool is to be started and closed around it.

    Args:
        settings: What the service is.
        tokens: ``lingula.web.Tokens``; None if nobody needs one.
        hosts: Names under which the server may be asked; None for any.

    Raises:
        MissingExtraError: If the packages of the extra ``serve`` are not installed.
    """
    service = Service(settings)
    app = FastAPI(
        title="Lingula",
        version=lingula.__version__,
        description="Labels of chest-radiograph reports, with their reasons.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    _say_problems(app)
    _add_labels(app, service)
    _add_fhir(app, service)
    _add_state(app, service)
    policy = Policy(
        tokens=tokens,
        hosts=hosts,
        body_bytes=settings.limits.body_bytes,
        open_paths=OPEN_PATHS,
        streams=frozenset({STREAM_PATH}),
    )
    return Safety(app, policy, service.metrics.request), service


def _add_labels(app: FastAPI, service: Service) -> None:
    limits = service.limits

    @app.post("/v1/label", openapi_extra=LABEL, response_model=None, tags=["labels"])
    async def label(request: Request) -> Response:
        """Label reports; one that cannot be labeled gets an error in its place."""
        require_type(request.scope, _JSON)
        body = await read_body(request.receive, limits.body_seconds)
        question = read_question(body, limits, service.labelers)
        return Response(await service.answer(question), media_type="application/json")

    @app.post(STREAM_PATH, openapi_extra=STREAM, response_model=None, tags=["labels"])
    async def stream(request: Request) -> Response:
        """Label JSON Lines for as long as they come; read answers while you send."""
        require_type(request.scope, _LINES)
        return StreamAnswer(service, dict(request.query_params))


def _add_fhir(app: FastAPI, service: Service) -> None:
    limits = service.limits

    @app.post(
        "/fhir/DiagnosticReport/$label", openapi_extra=FHIR, response_model=None, tags=["fhir"]
    )
    async def label_report(request: Request) -> Response:
        """Observations of a DiagnosticReport, or of those of a Bundle (R4, R5)."""
        try:
            require_type(request.scope, ACCEPTED)
            body = await read_body(request.receive, limits.body_seconds)
            answer = await label_resource(body, dict(request.query_params), service)
        except Problem as problem:
            said = orjson.dumps(outcome(problem))
            return Response(said, problem.status, problem.headers, FHIR_JSON)
        return Response(answer, media_type=FHIR_JSON)


def _add_state(app: FastAPI, service: Service) -> None:
    @app.get("/v1/labelers", openapi_extra=LABELERS, response_model=None, tags=["about"])
    async def labelers() -> Response:
        """The labelers that requests can name; the first is the default."""
        return _json({"labelers": list(service.labelers.values())})

    @app.get("/v1/schemas", response_model=None, tags=["about"])
    async def schemas() -> Response:
        """The schemas that ship: observations, the labels that each takes, aliases, parents."""
        return _json({"schemas": [schema_to_dict(load_schema(n)) for n in shipped_schemas()]})

    @app.get("/healthz", response_model=None, tags=["state"])
    async def healthz() -> Response:
        """The front end answers."""
        return _json({"status": "ok", "version": lingula.__version__})

    @app.get("/readyz", response_model=None, tags=["state"])
    async def readyz() -> Response:
        """Whether a worker process can label; 503 if none can."""
        ready, processes, *_ = service.pool.status
        answer = {"ready": ready > 0, "workers_ready": ready, "workers": processes}
        return _json(answer, 200 if ready else 503)

    @app.get("/metrics", response_model=None, tags=["state"])
    async def metrics() -> Response:
        """Requests, latency, reports, queue and batches, for Prometheus."""
        return Response(service.metrics.text(), media_type=service.metrics.content_type)

    @app.get("/docs", response_model=None, include_in_schema=False)
    async def docs() -> Response:
        """This interface as a page that loads nothing from anywhere."""
        return Response(page(app.openapi()), media_type="text/html; charset=utf-8")


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type="application/json")


def _say_problems(app: FastAPI) -> None:
    """Errors in one form; FastAPI's own answer to a wrong request echoes it."""

    async def say(request: Request, error: Exception) -> Response:
        problem = _problem(error)
        request_id = request.scope.get("lingula.request_id", "")
        status, headers, body = problem_response(problem, request_id)
        return Response(body, status, {k.decode(): v.decode() for k, v in headers})

    for kind in (Problem, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, say)


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        problem = Problem.of_status(error.status_code)
        problem.headers.update(error.headers or {})
        return problem
    places = ""
    if isinstance(error, RequestValidationError):
        places = "; ".join(
            ".".join(str(part) for part in item["loc"] if isinstance(part, (str, int)))
            for item in error.errors()[:3]
        )
    phrase = HTTPStatus.UNPROCESSABLE_ENTITY.phrase
    return Problem(422, "invalid_request", f"{phrase}: {places}" if places else phrase)
