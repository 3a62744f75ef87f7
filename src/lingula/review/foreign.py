"""Labels that were made elsewhere: Label Studio's JSON, doccano's JSON Lines, and plain tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lingula.errors import InputError
from lingula.labels import Label, Schema
from lingula.review.records import FLAGS
from lingula.tables.columns import usual_column
from lingula.tables.label_table import read_label_table
from lingula.tables.label_values import parse_label
from lingula.tables.opening import reading
from lingula.tables.usual_names import ID_NAMES, TEXT_NAMES

#: "Edema: negative", "Edema (negative)", "Edema=0", "Edema - uncertain".
_WITH_LABEL = re.compile(r"^(?P<name>.+?)\s*(?:[:=|]|\s-\s|\()\s*(?P<label>[^:=|()]+?)\)?$")
#: A flag as our own export for Label Studio words it.
FLAG_WORDS = {"not a chest report": "not_chest"}


@dataclass
class ForeignLabels:
    """What one person said of one report.

    Attributes:
        reader: Their name, or an empty text where the file does not say.
        report: Id of the report, or None.
        text: Its text, or None.
        classes: Observation -> class; what is not said is blank.
        marks: Observation -> spans of characters that were marked.
        flag: One of ``FLAGS``, or an empty text.
    """

    reader: str
    report: str | None
    text: str | None
    classes: dict[str, Label] = field(default_factory=dict)
    marks: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    flag: str = ""


def read_foreign(path: Path, schema: Schema) -> list[ForeignLabels]:
    """Read labels in any of the three forms; .json is Label Studio's, .jsonl doccano's.

    Raises:
        InputError: If the file is of none of them, or says something that is no label.
    """
    if path.suffix.lower() == ".json":
        return list(_label_studio(path, schema))
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return list(_doccano(path, schema))
    table = read_label_table(path, schema=schema)
    if table.ids is None:
        raise InputError(
            f"{path}: has no column of report ids, by which labels are put to their reports; name "
            "one of its columns 'id'"
        )
    return [
        ForeignLabels(
            "",
            str(name),
            None,
            {
                observation: Label(label)
                for observation, label in zip(table.schema.names, row, strict=True)
            },
        )
        for name, row in zip(table.ids, table.labels.classes.tolist(), strict=True)
    ]


def _label_studio(path: Path, schema: Schema) -> Iterator[ForeignLabels]:
    with reading(str(path)):
        raw = path.read_text(encoding="utf-8-sig")
    try:
        tasks = json.loads(raw)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: is no JSON: {error}") from None
    if not isinstance(tasks, list):
        raise InputError(f"{path}: is no list of Label Studio's tasks; export it there as JSON")
    for number, task in enumerate(tasks, start=1):
        data = task.get("data") if isinstance(task, dict) else None
        if not isinstance(data, dict):
            raise InputError(
                f"{path}, task {number}: has no 'data'; export it as JSON, not JSON-MIN"
            )
        report, text = _named(data, ID_NAMES), _named(data, TEXT_NAMES)
        for annotation in task.get("annotations") or task.get("completions") or ():
            if annotation.get("was_cancelled"):
                continue
            found = ForeignLabels(_annotator(annotation), report, text)
            for item in annotation.get("result") or ():
                _take_result(found, item, schema, f"{path}, task {number}")
            yield found


def _annotator(annotation: dict[str, Any]) -> str:
    if annotation.get("reader"):
        return str(annotation["reader"])
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        return str(who.get("email") or who.get("username") or who.get("id") or "")
    return "" if who is None else f"user {who}"


def _take_result(found: ForeignLabels, item: dict[str, Any], schema: Schema, where: str) -> None:
    value, control = item.get("value") or {}, str(item.get("from_name", ""))
    if item.get("type") == "choices":
        for choice in value.get("choices") or ():
            if control == "flag":
                found.flag = _flag(str(choice), where)
            elif control in schema:
                name = schema.names[schema.index(control)]
                found.classes[name] = _label(str(choice), name, where)
            else:
                _take_name(found, str(choice), schema, where)
    elif item.get("type") in ("labels", "hypertextlabels"):
        names = value.get(str(item["type"])) or value.get("labels") or ()
        for choice in names:
            if choice in schema and isinstance(value.get("start"), int):
                name = schema.names[schema.index(choice)]
                found.marks.setdefault(name, []).append((value["start"], int(value["end"])))


def _doccano(path: Path, schema: Schema) -> Iterator[ForeignLabels]:
    with reading(str(path)):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{where}: is no JSON: {error.msg}") from None
        labels = None
        if isinstance(row, dict):
            labels = next((row[k] for k in ("label", "labels", "cats") if k in row), None)
        if not isinstance(labels, list):
            raise InputError(f"{where}: has no list 'label', as doccano writes it")
        # doccano numbers examples by itself; ids of the user's own stand beside, in "meta" or flat.
        meta = row.get("meta") if isinstance(row.get("meta"), dict) else {}
        report = _named(meta, ID_NAMES) or _named(
            {key: value for key, value in row.items() if key != "id"}, ID_NAMES
        )
        found = ForeignLabels(
            str(row.get("annotator") or row.get("username") or ""),
            report or _named(row, ("id",)),
            _named(row, ("text", "data")),
        )
        for label in labels:
            if isinstance(label, list) and len(label) == 3:
                _take_name(found, str(label[2]), schema, where, (int(label[0]), int(label[1])))
            else:
                _take_name(found, str(label), schema, where)
        yield found


def _take_name(
    found: ForeignLabels,
    said: str,
    schema: Schema,
    where: str,
    span: tuple[int, int] | None = None,
) -> None:
    """A label by its name alone, which is positive, or with its value behind it."""
    name, label = said.strip(), Label.POSITIVE
    if name not in schema:
        match = _WITH_LABEL.match(name)
        if match is None or match["name"] not in schema:
            raise InputError(
                f"{where}: {said[:60]!r} is no observation of the schema {schema.name!r}; labels "
                'are called as "Edema" or "Edema: negative"'
            )
        name, label = match["name"], _label(match["label"], match["name"], where)
    name = schema.names[schema.index(name)]
    found.classes[name] = label
    if span is not None:
        found.marks.setdefault(name, []).append(span)


def _label(word: str, name: str, where: str) -> Label:
    label = parse_label(word)
    if label is None:
        raise InputError(
            f"{where}: {word[:24]!r} is no label of {name}; labels are positive, negative, "
            "uncertain and blank"
        )
    return label


def _flag(word: str, where: str) -> str:
    key = word.strip().casefold()
    flag = FLAG_WORDS.get(key, key.replace(" ", "_"))
    if flag not in FLAGS:
        raise InputError(f"{where}: {word[:24]!r} is no flag; there are {', '.join(FLAGS)}")
    return flag


def _named(data: dict[str, Any], names: tuple[str, ...]) -> str | None:
    key = usual_column(list(data), names)
    value = None if key is None else data[key]
    return None if value is None or isinstance(value, (dict, list)) else str(value)
