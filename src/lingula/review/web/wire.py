"""What a page sends, read strictly: nothing of it is echoed when it is refused."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lingula.review.records import Judgement
from lingula.web import Problem, read_body, require_type

#: How long a request's body may take to arrive.
_BODY_SECONDS = 30.0
_JSON = frozenset({"application/json"})
#: Judgements of one request at most.
MOST_JUDGEMENTS = 500
_LONGEST_TEXT = 20_000

Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
Number = Annotated[int, Field(ge=0, lt=2**31)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SentJudgement(_Body):
    """One judgement; the fields are those of ``records.Judgement``."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    report: Number
    kind: Literal["label", "undo", "mark", "comment", "flag", "submit"]
    observation: Annotated[str, Field(max_length=200)] | None = None
    value: Text = ""
    proposals: Annotated[str, Field(max_length=64)] = ""
    seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False, strict=False)] = 0.0


class SentJudgements(_Body):
    """Judgements in the order in which they were made, from the page of one person."""

    person: Number
    page: Annotated[str, Field(max_length=64)] = ""
    judgements: Annotated[list[SentJudgement], Field(max_length=MOST_JUDGEMENTS)]

    def records(self) -> list[Judgement]:
        """The same as the store takes them."""
        return [
            Judgement(
                id=item.id,
                report_id=item.report,
                kind=item.kind,
                observation=item.observation,
                value=item.value,
                page_version=self.page,
                proposals_version=item.proposals,
                seconds_spent=item.seconds,
            )
            for item in self.judgements
        ]


class SentToken(_Body):
    """A link's token."""

    token: Annotated[str, Field(max_length=128)]


class SentWords(_Body):
    """What is searched for."""

    words: Annotated[str, Field(max_length=200)]


class SentDefinition(_Body):
    """The group's own words for an observation."""

    observation: Annotated[str, Field(max_length=200)]
    text: Text


class SentPerson(_Body):
    """Whose links and sessions are meant."""

    person: Number


B = TypeVar("B", bound=_Body)


async def read_sent(request: Request, kind: type[B]) -> B:
    """A request's body.

    Raises:
        Problem: 415 if it is not JSON, 408 if it is slow, 422 if it is another object; the message
            names the place, never what stood there.
    """
    require_type(request.scope, _JSON)
    body = await read_body(request.receive, _BODY_SECONDS)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        known = set(kind.model_fields) | set(SentJudgement.model_fields)
        places = [
            ".".join(
                str(part) if isinstance(part, int) or part in known else "?" for part in item["loc"]
            )
            for item in error.errors(include_input=False, include_url=False)[:3]
        ]
        where = "; ".join(place for place in places if place) or "the body"
        raise Problem(422, "invalid_request", f"not as the page sends it: {where}") from None
