"""A worker process: texts come in on standard input, JSON of their labels goes out.

It holds every labeler of the service, knows nothing of HTTP, and ends when the front end does: the
signals that end a service are for the front end, which lets accepted requests be answered first.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import orjson

from lingula.errors import LingulaError
from lingula.labels import Labeler
from lingula.loading import load
from lingula.network import silence
from lingula.pipeline.task import ReadingOptions, label_texts
from lingula.serve.choices import Choices
from lingula.serve.fragments import error_fragment, fragments
from lingula.serve.frames import frame, read_frame

_SAMPLE = "No pneumothorax. Small left pleural effusion."


def main() -> None:
    """Label until standard input ends. The first frame tells which labelers to hold."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # Whatever a package prints goes to standard error, and not between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = sys.stdin.buffer
    silence()
    first = read_frame(questions)
    if first is None:
        return
    try:
        labelers = load_all(orjson.loads(first))
        hello: dict[str, Any] = {
            "labelers": [describe(name, labeler) for name, labeler in labelers.items()]
        }
    except LingulaError as error:
        labelers, hello = {}, {"error": str(error)}
    answers.write(frame(orjson.dumps(hello)))
    answers.flush()
    while labelers and (question := read_frame(questions)) is not None:
        choices, texts = orjson.loads(question)
        answers.write(frame(b"\n".join(answer(labelers, Choices(*choices), texts))))
        answers.flush()


def load_all(setup: dict[str, Any]) -> dict[str, Labeler]:
    """The labelers of a service by name.

    Args:
        setup: ``labelers``, pairs of name and source; ``threads`` a process; ``cache``.

    Raises:
        LingulaError: If one cannot be loaded.
    """
    found: dict[str, Labeler] = {}
    for name, source in setup["labelers"]:
        if source == "rules":
            found[name] = load(source, cache=setup["cache"])
        elif source == "builtin":
            found[name] = load(source, threads=setup["threads"], cache=setup["cache"])
        else:
            found[name] = load(source, threads=setup["threads"], long="windows")
    return found


def describe(name: str, labeler: Labeler) -> dict[str, Any]:
    """What a labeler is and can do, found by labeling one sentence (which also warms it up)."""
    try:
        labels, evidence = labeler.label([_SAMPLE], evidence=True), True
    except LingulaError:
        labels, evidence = labeler.label([_SAMPLE]), False
    return {
        "name": name,
        "sha256": getattr(labeler, "sha256", None),
        "schema": labeler.schema.name,
        "observations": list(labeler.schema.names),
        "evidence": evidence,
        "probabilities": labels.probabilities is not None,
    }


def answer(
    labelers: dict[str, Labeler], choices: Choices, texts: Sequence[str | None]
) -> list[bytes]:
    """JSON of each text's labels; a text that cannot be labeled does not fail its neighbours."""
    labeler = labelers[choices.labeler]
    sections = None if choices.sections is None else tuple(choices.sections)
    options = ReadingOptions(sections, choices.language)
    try:
        result = label_texts(labeler, texts, options, evidence=choices.evidence)
    except Exception as error:  # noqa: BLE001 - told by its kind: its message can quote a text
        if len(texts) > 1:
            return [one for text in texts for one in answer(labelers, choices, [text])]
        kind = type(error).__name__
        return [error_fragment("not_labeled", f"the labeler failed on this report ({kind})")]
    return fragments(result, labeler.schema, probabilities=choices.probabilities)
