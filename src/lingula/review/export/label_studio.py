"""Label Studio's form: its tasks with annotations and predictions, and its labeling interface.

Tasks are as Label Studio imports and exports them (labelstud.io/guide/export, "Label Studio JSON
format of annotated tasks"): each observation is one ``choices`` control over the text, named as the
observation is; marked words are ``labels`` of a second control.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt

from lingula.documents.files import write_text
from lingula.labels import Label
from lingula.review.records import FLAGS, Collected
from lingula.review.store import Store

#: How each class is called in the interface.
CHOICES = {label: label.name.capitalize() for label in Label}
TEXT, REASON, FLAG = "text", "reason", "flag"
_FLAG_WORDS = {
    "not_chest": "Not a chest report",
    "wrong_patient": "Wrong patient",
    "unreadable": "Unreadable",
}


def write_tasks(store: Store, data: Collected, rows: npt.NDArray[np.intp], output: Path) -> None:
    """Write the tasks as JSON, and beside them the interface as XML (to paste into a project)."""
    review = store.settings()
    marks: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    for remark in store.remarks():
        if remark.kind == "mark":
            marks[remark.person_id, remark.report_id][remark.observation] = remark.value
    names = review.schema.names
    tasks = []
    for row in rows:
        report, text = int(data.reports[row]), data.texts[row]
        annotations = []
        for place, person in enumerate(data.people):
            if not data.submitted[place, row]:
                continue
            flag = int(data.flags[place, row])
            result = [] if flag else _choices(names, data.classes[place, row].tolist())
            if flag:
                result.append(_choice(FLAG, _FLAG_WORDS[FLAGS[flag - 1]]))
            result += _reasons(text, marks[person.id, report])
            annotations.append({"reader": person.name, "was_cancelled": False, "result": result})
        tasks.append({"data": {TEXT: text, "id": data.names[row]}, "annotations": annotations})
    write_text(output, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
    write_text(output.with_suffix(".xml"), interface(names))


def interface(names: tuple[str, ...]) -> str:
    """The labeling interface of these observations."""
    lines = ["<View>", f'  <Text name="{TEXT}" value="${TEXT}"/>']
    lines.append(f'  <Labels name="{REASON}" toName="{TEXT}">')
    lines += [f"    <Label value={quoteattr(name)}/>" for name in names]
    lines.append("  </Labels>")
    groups = [(name, list(CHOICES.values())) for name in names]
    groups.append((FLAG, list(_FLAG_WORDS.values())))
    for name, choices in groups:
        lines.append(f"  <Header value={quoteattr(name)}/>")
        lines.append(f'  <Choices name={quoteattr(name)} toName="{TEXT}" choice="single">')
        lines += [f"    <Choice value={quoteattr(choice)}/>" for choice in choices]
        lines.append("  </Choices>")
    return "\n".join([*lines, "</View>", ""])


def _choices(names: tuple[str, ...], classes: list[int]) -> list[dict[str, Any]]:
    return [
        _choice(name, CHOICES[Label(label)])
        for name, label in zip(names, classes, strict=True)
        if label >= 0
    ]


def _choice(name: str, choice: str) -> dict[str, Any]:
    value = {"choices": [choice]}
    return {"from_name": name, "to_name": TEXT, "type": "choices", "value": value}


def _reasons(text: str, marks: dict[str, str]) -> list[dict[str, Any]]:
    out = []
    for name, spans in marks.items():
        for span in spans.split():
            start, end = map(int, span.split("-"))
            value = {"start": start, "end": end, "text": text[start:end], "labels": [name]}
            out.append({"from_name": REASON, "to_name": TEXT, "type": "labels", "value": value})
    return out
