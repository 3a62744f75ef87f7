"""What a cell of a label table says: numbers and words to class indices, by column, fast."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Label

if TYPE_CHECKING:
    import pyarrow

#: Words that tables of this field use, in lower case. The numbers are CheXpert's; missing values
#: are those that pandas and Excel write.
WORDS: dict[str, Label] = {
    **dict.fromkeys(("positive", "pos", "present", "true", "yes"), Label.POSITIVE),
    **dict.fromkeys(("negative", "neg", "absent", "false", "no", "negated"), Label.NEGATIVE),
    **dict.fromkeys(
        ("uncertain", "unclear", "uncertain likely", "uncertain unlikely"), Label.UNCERTAIN
    ),
    **dict.fromkeys(
        ("", "blank", "nan", "na", "n/a", "<na>", "none", "null", "not mentioned", "unmentioned"),
        Label.BLANK,
    ),
}
#: How CheXpert's test set binarized its radiologists' ratings (Irvin et al., AAAI 2019).
RATINGS: dict[str, Label] = {
    "uncertain likely": Label.POSITIVE,
    "uncertain unlikely": Label.NEGATIVE,
}
READER_WORDS: dict[str, Label] = {**WORDS, **RATINGS}
#: Class numbers in the order of CheXbert's heads (Smit et al., EMNLP 2020), in place of CheXpert's.
CLASS_WORDS: dict[str, Label] = {**WORDS, **{str(int(label)): label for label in Label}}
#: What numbers in a label table mean, by name.
LABEL_CODES: dict[str, dict[str, Label]] = {"chexpert": WORDS, "chexbert": CLASS_WORDS}
#: A number as much of Europe writes it.
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_SHOWN_CHARACTERS = 24


def parse_label(value: Any, words: Mapping[str, Label] = WORDS) -> Label | None:
    """The label that one cell says, or None if it says none.

    Takes None, NaN, booleans, the numbers 1, 0 and -1 (also as text: "1.0", "1,0"), and ``words``
    (in lower case) in any case.
    """
    if value is None:
        return Label.BLANK
    if isinstance(value, str):
        text = " ".join(value.replace("_", " ").casefold().split())
        if text in words:
            return words[text]
    number = float(value) if isinstance(value, bool) else parse_number(value)
    if number is None:
        return None
    if "0" in words:
        return words.get(f"{number:g}", words.get("") if math.isnan(number) else None)
    if math.isnan(number):
        return Label.BLANK
    for label in (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN):
        if number == label.number:
            return label
    return None


def parse_number(value: Any) -> float | None:
    """The number that one cell says, with a decimal point or comma; None if it says none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and DECIMAL_COMMA.fullmatch(value.strip()):
        value = value.replace(",", ".")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def describe_cell(value: Any) -> str:
    """The cell for an error message; a long text may be a report, so only its length is told."""
    text = str(value)
    if len(text) > _SHOWN_CHARACTERS:
        return f"a text of {len(text)} characters"
    return repr(text)


def column_codes(column: pyarrow.ChunkedArray) -> tuple[npt.NDArray[np.int32], list[Any]]:
    """A column as codes into its distinct values; -1 is null.

    Returns:
        int32 codes, shape (n,), and the distinct values in order of appearance.
    """
    import pyarrow as pa

    if pa.types.is_nested(column.type):
        values = column.to_pylist()
        places: dict[str, int] = {}
        of_row = [-1 if v is None else places.setdefault(repr(v), len(places)) for v in values]
        first = dict(zip(reversed(of_row), reversed(values), strict=True))
        return np.array(of_row, np.int32), [first[code] for code in range(len(places))]
    if pa.types.is_dictionary(column.type):
        encoded = column.unify_dictionaries()
    else:
        encoded = column.dictionary_encode()
    if encoded.num_chunks == 0:
        return np.zeros(0, dtype=np.int32), []
    array = encoded.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int32, copy=False), array.dictionary.to_pylist()


def column_numbers(column: pyarrow.ChunkedArray, where: str, what: str) -> npt.NDArray[np.float64]:
    """Numbers of one column, float64, shape (n,); NaN where the cell is empty.

    Args:
        column: Numbers, or texts of them with a decimal point or comma.
        where: For messages.
        what: What such a number is, for messages ("score").

    Raises:
        InputError: If a cell is neither; the message names the first such row, from 1.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        numbers: npt.NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
        return numbers
    codes, values = column_codes(column)
    parsed = [np.nan if parse_label(v) is Label.BLANK else parse_number(v) for v in values]
    for code, (value, number) in enumerate(zip(values, parsed, strict=True)):
        rows = np.flatnonzero(codes == code) if number is None else codes[:0]
        if len(rows):
            raise InputError(
                f"{where}, row {rows[0] + 1}: {describe_cell(value)} is no {what}; a number is one"
            )
    lookup = np.array([np.nan if n is None else n for n in parsed] + [np.nan], dtype=np.float64)
    taken: npt.NDArray[np.float64] = lookup[codes]
    return taken
