"""Lines of a text file, kept together as records, with their numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from io import TextIOWrapper

from lingula.errors import InputError

#: Characters of one line or cell at most. A longer one is a quote that is never closed, or a file
#: that is no table; it is refused before more than that is in memory, however well it was packed.
CELL_CHARACTERS = 64 * 1024 * 1024


class RecordLines(Iterable[str]):
    """Feeds a parser line by line and remembers the lines of the record it is reading.

    Lines of nothing but spaces and tabs between records are no rows: they are counted and
    passed over, as pandas does, so that row numbers agree with a table read there.

    Args:
        stream: Text opened with ``newline=""``, so that line ends come as they are.
        name: The source, as messages name it.
        delimiter: A character that is never part of a blank line (a tab may separate cells).

    Raises:
        InputError: If a line is longer than ``CELL_CHARACTERS``.
    """

    def __init__(self, stream: TextIOWrapper, name: str, delimiter: str = "") -> None:
        self._readline = stream.readline
        self._name = name
        self._blank = " \t\r\n".replace(delimiter, "") if delimiter else " \t\r\n"
        self._pushed: deque[str] = deque()
        self.record: list[str] = []
        self.number = 0
        self.blank_lines = 0

    def __iter__(self) -> Iterator[str]:
        """Lines, one after the other; a generator, which costs half of a method a line."""
        readline, pushed, record, blank = self._readline, self._pushed, self.record, self._blank
        limit = CELL_CHARACTERS
        while True:
            if pushed:
                line = pushed.popleft()
            else:
                line = readline(limit)
                if not line:
                    return
                if len(line) == limit and line[-1] != "\n":
                    raise InputError(
                        f"{self._name}: line {self.number + 1} is longer than {limit:,} "
                        "characters; is it a table of text?"
                    )
            self.number += 1
            if not record and not line.strip(blank):
                self.blank_lines += 1
                continue
            record.append(line)
            yield line

    @property
    def first(self) -> int:
        """Number of the record's first line, from 1."""
        return self.number - len(self.record) + 1

    def text(self) -> str:
        """The record as it stands in the file, without its last line end."""
        return "".join(self.record).rstrip("\r\n")

    def keep_only_first(self) -> None:
        """Give the record's other lines back, to be read as records of their own."""
        rest = self.record[1:]
        self._pushed.extendleft(reversed(rest))
        self.number -= len(rest)
        del self.record[1:]


def read_lines(stream: TextIOWrapper, name: str) -> Iterator[str]:
    """The lines of a text without their ends, empty ones too.

    Raises:
        InputError: If a line is longer than ``CELL_CHARACTERS``.
    """
    number = 0
    while line := stream.readline(CELL_CHARACTERS):
        number += 1
        if len(line) == CELL_CHARACTERS and line[-1] != "\n":
            raise InputError(
                f"{name}: line {number} is longer than {CELL_CHARACTERS:,} characters; is it one "
                "report a line?"
            )
        yield line.rstrip("\r\n")
