"""Reads a JSON file of reports or labels, in the forms that report generators write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lingula.errors import InputError
from lingula.tables.json_cells import to_json
from lingula.tables.jsonl_source import JsonlSource, parse_constant
from lingula.tables.opening import open_binary, reading
from lingula.tables.source import Reject

#: The column of a list of texts, which has nothing else.
LIST_COLUMN = "list of texts"

#: A JSON file is in memory as a whole, so that it must not be longer.
MOST_BYTES = 1 << 30


class JsonSource(JsonlSource):
    """One JSON value that is a table.

    These forms are known:

    - an array of objects, such as ``{"id": ..., "gts": ..., "res": ...}`` (R2Gen and its kin);
    - an object of ids, each with an object (ReXrank), a text, or a list of one text;
    - an object of columns, each a list of one length;
    - an array of arrays of one length, whose columns are ``column_1`` and so on;
    - an array of texts (null where one is missing), whose column is ``list of texts``.

    A list of one text is that text. The whole file is in memory while it is read.

    Raises:
        InputError: If the file is not JSON, or in none of these forms.
    """

    def _records(self) -> Iterator[dict[str, Any] | Reject]:
        with reading(self.name), open_binary(self._path) as binary:
            data = binary.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InputError(
                f"{self.name}: is longer than {MOST_BYTES:,} bytes, which are read at once; write "
                "JSON Lines, which are read line by line"
            )
        try:
            value = json.loads(data.decode(self._encoding), parse_constant=parse_constant)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.name}: is not JSON that can be read: {error}") from None
        for row, record in enumerate(self._rows(value), start=1):
            try:
                to_json(record).encode()
            except UnicodeEncodeError:
                raise InputError(
                    f"{self.name}: row {row} holds half of a surrogate pair, which is no character"
                ) from None
            yield {key: _alone(cell) for key, cell in record.items()}

    def _rows(self, value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            yield from value
        elif isinstance(value, list) and value and all(isinstance(row, list) for row in value):
            if len({len(row) for row in value}) > 1:
                raise InputError(f"{self.name}: its rows are lists of different lengths")
            for row in value:
                yield {f"column_{at}": cell for at, cell in enumerate(row, start=1)}
        elif isinstance(value, list) and any(isinstance(row, str) for row in value):
            if not all(isinstance(row, str) or row is None for row in value):
                raise self._no_table()
            for row in value:
                yield {LIST_COLUMN: row}
        elif isinstance(value, dict) and value and _are_columns(value):
            for cells in zip(*value.values(), strict=True):
                yield dict(zip(value, cells, strict=True))
        elif isinstance(value, dict) and value:
            for name, row in value.items():
                if isinstance(row, dict):
                    yield {"id": name, **row}
                elif isinstance(_alone(row), str) or row is None:
                    yield {"id": name, "text": row}
                else:
                    raise self._no_table()
        else:
            raise self._no_table()

    def _no_table(self) -> InputError:
        return InputError(
            f"{self.name}: is JSON, but no table: an array of objects, or an object of ids with "
            "an object or a text each, can be read"
        )


def _are_columns(value: dict[str, Any]) -> bool:
    """Whether every entry is a list of one length, and not each a list of one text of its id."""
    lists = [cells for cells in value.values() if isinstance(cells, list)]
    lengths = {len(cells) for cells in lists}
    return len(lists) == len(value) and len(lengths) == 1 and lengths != {1}


def _alone(cell: Any) -> Any:
    return cell[0] if isinstance(cell, list) and len(cell) == 1 else cell
