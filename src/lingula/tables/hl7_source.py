"""Reads files of HL7 v2 messages: one row a report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lingula.errors import InputError
from lingula.tables.hl7_text import MessageError, reports_of, split_messages
from lingula.tables.jsonl_source import JsonlSource
from lingula.tables.opening import open_binary, reading
from lingula.tables.source import Reject

#: A file is in memory as a whole.
MOST_BYTES = 1 << 30


class Hl7Source(JsonlSource):
    """ORU^R01 messages of one file: columns id, message_id, patient_id and text.

    Raises:
        InputError: If the file cannot be decoded, or holds a message that is no ORU with text (and
            bad rows are not to be skipped); the message names the message's number and the cure.
    """

    whole_reports = True
    _columns = ("id", "message_id", "patient_id", "text")

    def _records(self) -> Iterator[dict[str, Any] | Reject]:
        with reading(self.name), open_binary(self._path) as binary:
            data = binary.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InputError(f"{self.name}: is longer than {MOST_BYTES:,} bytes; cut it in parts")
        try:
            text = data.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self.name}: is not {error.encoding} text at byte {error.start}; name the "
                "encoding, such as --encoding latin-1"
            ) from None
        for row, message in enumerate(split_messages(text), start=1):
            try:
                yield from reports_of(message)
            except MessageError as error:
                if not self._skip_bad_rows:
                    raise InputError(
                        f"{self.name}: message {row} {error}; leave such messages out with "
                        "--on-bad-row skip"
                    ) from None
                yield Reject(row, 0, str(error), message)
