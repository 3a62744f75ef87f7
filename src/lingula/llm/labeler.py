"""The labeler: one question a report, many at once, each answer held against its report."""

from __future__ import annotations

import hashlib
import json
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from lingula.errors import InputError
from lingula.labels import Labels, Schema, is_missing, remade
from lingula.llm.addresses import find_endpoint
from lingula.llm.answers import Answer, UnusableAnswerError, read_answer
from lingula.llm.client import Asking, Client, RefusedReportError
from lingula.llm.prompt import answer_schema, prompt_sha256, system_prompt, user_prompt
from lingula.schemas import load_schema
from lingula.text.given import as_texts

#: Where the usual servers of this machine listen: vLLM's port.
DEFAULT_ENDPOINT = "http://localhost:8000/v1"
#: Tokens of an answer at most: of 14 observations, an object with a quote of some words each takes
#: some 30. A model that reasons before it answers needs more.
ANSWER_TOKENS = 2048
#: Answers that are remembered, by report.
CACHE_ANSWERS = 100_000
#: How often a report is asked again whose answer cannot be used.
_TRIES = 3


class LanguageModelLabeler:
    """Labels of a language model behind an OpenAI-compatible server (vLLM, llama.cpp, Ollama).

    Each report is one request at temperature 0, with the form of the answer as a JSON schema: of
    every observation its label and the words of the report that it rests on. A label whose words do
    not stand in the report is left blank and counted.

    Args:
        model: Its name at the server.
        schema: The observations; chexpert14 if not given.
        endpoint: The server, such as ``http://localhost:11434``.
        allow_remote: Whether the server may stand outside this machine and the private networks.
        concurrency: Requests at once.
        answer_tokens: Tokens of an answer at most; what a model thinks before it counts too.
        unanswered: What becomes of a report without a usable answer: "fail" ends the run, "blank"
            leaves its labels blank and counts it.
        cache: Whether to remember answers, which hold patients' words, for repeated reports.
        asking: Tries and waits.

    Attributes:
        invented: Labels so far that were left blank since their quote is not in the report.
        unanswered_reports: Reports so far without a usable answer.
        provenance: What the labels were made with: model, its digest as the server tells it,
            prompt digest, temperature.

    Raises:
        InputError: If the server does not answer or has no such model, or a choice is unknown.
        MissingExtraError: If httpx is not installed.
        NetworkError: If the server stands elsewhere, and that is not allowed.
    """

    def __init__(
        self,
        model: str,
        *,
        schema: Schema | None = None,
        endpoint: str = DEFAULT_ENDPOINT,
        allow_remote: bool = False,
        concurrency: int = 8,
        answer_tokens: int = ANSWER_TOKENS,
        unanswered: str = "fail",
        cache: bool = True,
        asking: Asking | None = None,
    ) -> None:
        if unanswered not in ("fail", "blank"):
            raise InputError(f'unanswered is "fail" or "blank", not {unanswered!r}')
        if not model or concurrency < 1 or answer_tokens < 1:
            raise InputError("a language model needs a name (llm:NAME); the counts are 1 or more")
        self._made = {
            **{"model": model, "schema": schema, "endpoint": endpoint, "cache": cache},
            **{"allow_remote": allow_remote, "concurrency": concurrency},
            **{"unanswered": unanswered, "asking": asking, "answer_tokens": answer_tokens},
        }
        self.name = f"llm:{model}"
        self.schema = load_schema("chexpert14") if schema is None else schema
        self.invented = self.unanswered_reports = 0
        #: So that the slowest answer of a batch keeps few others waiting.
        self.batch_rows = max(64, 8 * concurrency)
        self._concurrency = concurrency
        self._unanswered = unanswered
        self._known: dict[str, Answer] | None = {} if cache else None
        self._lock = threading.Lock()
        found = find_endpoint(endpoint, allow_remote=allow_remote)
        self._client = Client(found, asking or Asking(), concurrency)
        # Connections end with the labeler, also with one that is not finished.
        weakref.finalize(self, self._client.close)
        models = self._client.models()
        if model not in models:
            names = ", ".join(models) or "none"
            raise InputError(f"{found.named} has no model {model!r}; it has {names}")
        self.provenance: dict[str, Any] = {
            "model": model,
            "model_digest": self._client.model_digest(model, models[model]),
            "prompt_sha256": prompt_sha256(self.schema),
            "temperature": 0,
            "seed": 0,
            "answer_tokens": answer_tokens,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        # Connections are made anew; what was answered, patients' words, is not passed on.
        return remade, (LanguageModelLabeler, self._made, self.sha256)

    @property
    def sha256(self) -> str:
        """Digest of the provenance, in hexadecimal."""
        return hashlib.sha256(json.dumps(self.provenance, sort_keys=True).encode()).hexdigest()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a run's summary says beside the labels, a sentence each."""
        made = self.provenance
        told = [f"prompt sha256 {made['prompt_sha256'][:12]}, model: {made['model_digest'][:40]}"]
        if self.invented:
            told.append(
                f"warning: {self.invented:,} labels were left blank: their quotes do not stand in "
                "the reports"
            )
        if self.unanswered_reports:
            told.append(
                f"warning: {self.unanswered_reports:,} reports are blank: no answer could be used"
            )
        return tuple(told)

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        """Labels of n texts; an empty or missing text is not sent and gets blanks.

        Args:
            texts: Reports or parts of reports.
            evidence: Whether to give the quotes, as evidence.

        Raises:
            InputError: If the server refuses or does not answer, or a report has no usable answer
                (unless such reports are to be blank).
        """
        texts = as_texts(texts)
        distinct = list(dict.fromkeys(str(text) for text in texts if not is_missing(text)))
        known = self._known or {}
        new = [text for text in distinct if text not in known]
        answers = {text: known[text] for text in distinct if text in known}
        pool = ThreadPoolExecutor(self._concurrency)
        try:
            answers.update(zip(new, pool.map(self._answer, new), strict=True))
        finally:
            # An error or Ctrl-C leaves no question waiting.
            pool.shutdown(cancel_futures=True)
        if self._known is not None:
            if len(self._known) + len(new) > CACHE_ANSWERS:
                self._known.clear()
            self._known.update((text, answers[text]) for text in new)
        nothing = Answer(np.zeros(len(self.schema), np.int8), (), 0)
        rows = [nothing if is_missing(text) else answers[str(text)] for text in texts]
        classes = [row.classes for row in rows]
        return Labels(
            self.schema,
            np.stack(classes) if classes else np.zeros((0, len(self.schema)), np.int8),
            evidence=tuple(row.evidence for row in rows) if evidence else None,
        )

    def _answer(self, text: str) -> Answer:
        why = ""
        for seed in range(_TRIES):
            try:
                content = self._client.complete(self._request(text, seed))
                answer = read_answer(content, text, self.schema, self.name)
            except UnusableAnswerError as error:
                why = str(error)
                continue
            except RefusedReportError:
                if self._unanswered == "fail":
                    raise
                break
            with self._lock:
                self.invented += answer.invented
            return answer
        if self._unanswered == "fail":
            raise InputError(
                f"{self.name}: the answer to a report of {len(text):,} characters cannot be used "
                f"after {_TRIES} tries: {why}; --unanswered blank leaves such reports blank"
            )
        with self._lock:
            self.unanswered_reports += 1
        return Answer(np.zeros(len(self.schema), np.int8), (), 0)

    def _request(self, text: str, seed: int) -> dict[str, Any]:
        return {
            "model": self.provenance["model"],
            "messages": [
                {"role": "system", "content": system_prompt(self.schema)},
                {"role": "user", "content": user_prompt(text)},
            ],
            "temperature": 0,
            "seed": seed,
            "max_tokens": self.provenance["answer_tokens"],
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "labels",
                    "strict": True,
                    "schema": answer_schema(self.schema),
                },
            },
        }
