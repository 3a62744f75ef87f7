"""The protocol: chat completions with a JSON schema, asked again where a server is busy."""

from __future__ import annotations

import hashlib
import json
import os
import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lingula.errors import InputError, MissingExtraError
from lingula.llm.addresses import Endpoint

if TYPE_CHECKING:
    import httpx

#: Holds a key, for servers that want one; it is sent as a bearer token and written nowhere.
KEY_VARIABLE = "LINGULA_ENDPOINT_KEY"
#: Answers that say: come again.
_BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_MOST_WAIT = 30.0
#: What says of a model only when it was asked, not which model it is.
_PASSING = frozenset({"created", "permission"})


class RefusedReportError(InputError):
    """A server that works refuses this one request, most likely for its length."""


@dataclass(frozen=True)
class Asking:
    """How a server is asked.

    Attributes:
        tries: How often a request is made at most.
        timeout: Seconds until a try is given up.
        first_wait: Seconds before the second try; doubled before each further one.
    """

    tries: int = 4
    timeout: float = 120.0
    first_wait: float = 0.5


class Client:
    """One server; may be used by many threads.

    It takes no proxy from the environment, follows no redirect, and connects to the address that
    was checked and to no other.

    Args:
        endpoint: The server.
        how: Tries and waits.
        connections: Requests that are under way at once, at most.

    Raises:
        MissingExtraError: If httpx is not installed.
    """

    def __init__(self, endpoint: Endpoint, how: Asking, connections: int) -> None:
        try:
            import httpx
        except ImportError:
            raise MissingExtraError("A language model as a labeler", "llm") from None
        self._endpoint = endpoint
        self._how = how
        key = os.environ.get(KEY_VARIABLE)
        secure = endpoint.scheme == "https"
        self._http = httpx.Client(
            headers={"Host": endpoint.named, **({"Authorization": f"Bearer {key}"} if key else {})},
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(how.timeout, connect=10.0),
            limits=httpx.Limits(max_connections=connections),
            verify=ssl.create_default_context() if secure else False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def models(self) -> dict[str, dict[str, Any]]:
        """What the server says of each of its models, by name.

        Raises:
            InputError: If it does not answer, or answers otherwise.
        """
        entries = self._json("GET", self._endpoint.base + "/models").get("data")
        if not isinstance(entries, list):
            raise InputError(f"{self._endpoint.named} does not list its models: is it an "
                             "OpenAI-compatible server?")  # fmt: skip
        return {
            str(item["id"]): item for item in entries if isinstance(item, dict) and "id" in item
        }

    def model_digest(self, model: str, entry: dict[str, Any]) -> str:
        """Which weights a name stands for, as far as the server tells.

        Ollama tells a digest of the weights, which is given as it is; of others it is the digest of
        all that their list says of the model, such as its path, size and context.
        """
        told = self._try_json(self._endpoint.root + "/api/tags")
        entries = told.get("models") if isinstance(told, dict) else None
        for item in entries if isinstance(entries, list) else ():
            if isinstance(item, dict) and model in (item.get("name"), item.get("model")):
                return f"weights sha256 {item.get('digest')}"
        kept = {key: value for key, value in entry.items() if key not in _PASSING}
        digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
        return f"description sha256 {digest}"

    def complete(self, request: dict[str, Any]) -> str:
        """The text of the first choice of a chat completion.

        Raises:
            RefusedReportError: If the server refuses this request.
            InputError: If the server refuses every request, or does not answer after all tries. The
                message holds nothing of the request.
        """
        answer = self._json("POST", self._endpoint.base + "/chat/completions", request)
        try:
            choice = answer["choices"][0]
            content = choice["message"]["content"]
        except (KeyError, IndexError, TypeError):
            return ""
        # An answer that was cut is no answer.
        return (
            content if isinstance(content, str) and choice.get("finish_reason") != "length" else ""
        )

    def _try_json(self, url: str) -> Any:
        """What a page says, or None where there is no such page."""
        import httpx

        try:
            answer = self._http.get(url, extensions=self._extensions())
            return answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None

    def _json(self, method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._ask(lambda: self._http.request(
            method, url, json=body, extensions=self._extensions()
        ))  # fmt: skip
        if answer.is_redirect:
            raise InputError(
                f"{self._endpoint.named} sends elsewhere (status {answer.status_code}), which is "
                "not followed: name the address itself as the endpoint"
            )
        if answer.status_code != 200:
            kind = RefusedReportError if answer.status_code in (400, 413) else InputError
            raise kind(f"{self._endpoint.named} refuses: {_refusal(answer)}")
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise InputError(f"{self._endpoint.named} does not answer with a JSON object")
        return found

    def _ask(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """An answer, asked again while the server is busy or away."""
        import httpx

        wait = self._how.first_wait
        for left in range(self._how.tries - 1, -1, -1):
            try:
                answer = ask()
            except httpx.TransportError as error:
                if not left:
                    raise InputError(
                        f"{self._endpoint.named} does not answer ({type(error).__name__}, "
                        f"{self._how.tries} tries): is the server running?"
                    ) from None
                told = None
            else:
                if answer.status_code not in _BUSY or not left:
                    return answer
                told = answer.headers.get("Retry-After")
            time.sleep(_pause(told, wait))
            wait *= 2
        raise AssertionError("a try was left")

    def _extensions(self) -> dict[str, Any]:
        # The certificate is the name's, whatever address the connection goes to.
        return {"sni_hostname": self._endpoint.host} if self._endpoint.scheme == "https" else {}


def _pause(told: str | None, wait: float) -> float:
    """Seconds to wait: what the server asks for, or ours with some chance in it."""
    try:
        return (
            min(float(told), _MOST_WAIT) if told else min(wait, _MOST_WAIT) * random.uniform(1, 2)
        )
    except ValueError:
        return wait


def _refusal(answer: httpx.Response) -> str:
    """Why, without the server's words: it may quote the report."""
    status = answer.status_code
    cures = {
        400: "the report may be too long for the model, or the server does not know answers by "
        "JSON schema (response_format json_schema)",
        401: f"it wants a key, in the environment variable {KEY_VARIABLE}",
        403: f"it wants another key, in the environment variable {KEY_VARIABLE}",
        404: "there is no such page: the endpoint ends with what stands before /chat/completions, "
        "such as http://localhost:8000/v1",
        413: "the report is too long for the model",
        422: "it does not know answers by JSON schema (response_format json_schema)",
    }
    return f"status {status}" + (f": {cures[status]}" if status in cures else "")
