"""What a labeler is, whatever it is made of, and what all labelers share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from lingula.errors import InputError

if TYPE_CHECKING:
    from lingula.labels import Labels, Schema


class Labeler(Protocol):
    """What the command line, the metrics and the trainer know of a labeler.

    Besides, a labeler may have attributes that ``lingula.pipeline.run`` looks at:

    - ``batch_rows``, an int: how many rows of a table it likes at once. It is then given the
      different texts of so many rows (fewer, if they are very long). Progress moves, and work is
      kept for a resumed run, by as much: it should be labeled within seconds. 2,048 for labelers
      with ``parallel = True``, 512 for others, where it is missing.
    - ``parallel = True``: it is used in several processes. (Those of Lingula can all be pickled;
      what cannot be copied, such as a session of ONNX Runtime, is made anew from its files.)
    - ``truncated``, an int: how many of the texts given so far it could not read to their end.
    - ``provenance``, values for JSON: what else its labels were made with; ``remarks``, sentences:
      what a run's summary should say of them.
    - ``sha256``, a str: digest of what its labels depend on; a run resumes only with the same.
    """

    @property
    def schema(self) -> Schema:
        """The observations that it labels."""
        ...

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        """Labels of texts, in their order; an empty or missing text gets blanks.

        Raises:
            LingulaError: If evidence is asked of a labeler that has none.
        """
        ...


def is_missing(text: object) -> bool:
    """Whether a cell holds no report: None, NaN, or only white space.

    Raises:
        InputError: If it is neither a text nor missing (a number, a list).
    """
    if isinstance(text, str):
        return not text.strip()
    if text is None or (isinstance(text, float) and math.isnan(text)):
        return True
    raise InputError(f"a report must be a text or None, not {type(text).__name__}")


def remade(make: Callable[..., Any], options: dict[str, Any], sha256: str) -> Any:
    """What a pickled labeler becomes: one made anew, of the same files.

    Args:
        make: Makes it.
        options: What it is made with, by name.
        sha256: Its digest.

    Raises:
        InputError: If its files are others now.
    """
    labeler = make(**options)
    if labeler.sha256 != sha256:
        raise InputError(
            f"the files of the labeler {labeler.name!r} have changed since it was pickled: "
            "load it again"
        )
    return labeler
