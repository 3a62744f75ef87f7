"""Every error that Lingula raises on purpose.

    LingulaError
    ├── InputError           a file or a text that cannot be read or written
    │   └── ColumnError      a table without the column that is needed
    ├── SchemaError          an unknown or malformed schema, or labels that do not fit it
    │   └── LexiconError     a malformed rule file
    ├── CheckpointError      a model file that is damaged, hostile or of another kind
    ├── RecipeError          a training recipe or option that cannot be followed
    ├── ChallengeError       a challenge that cannot be held as asked, or a submission it refuses
    ├── ReviewError          a review that cannot be held as asked, or a judgement that it refuses
    ├── NetworkError         something that could open a connection which nobody asked for
    └── MissingExtraError    a feature whose optional packages are not installed

Each message names what is wrong, where, and what to do. The command line prints it as one line
and exits with status 2; anything else is a bug and keeps its traceback.
"""

from __future__ import annotations


class LingulaError(Exception):
    """Base class; catch it to catch everything that Lingula raises on purpose."""


class InputError(LingulaError):
    """A file, folder or text that cannot be read or written as asked."""


class ColumnError(InputError):
    """A table lacks the column that is needed; the message lists those it has."""


class SchemaError(LingulaError):
    """A schema is unknown or malformed, or labels do not fit it."""


class LexiconError(SchemaError):
    """A rule file is malformed; the message names the file, the entry and the cure."""


class CheckpointError(LingulaError):
    """A model file is damaged, unsafe, or not of the kind that was expected."""


class RecipeError(LingulaError):
    """A training recipe or option that cannot be followed."""


class ChallengeError(LingulaError):
    """A challenge that cannot be held as asked, or a submission that it refuses."""


class ReviewError(LingulaError):
    """A review that cannot be held as asked, or a judgement that it refuses."""


class NetworkError(LingulaError):
    """A package could open connections that nobody asked for; the message says what to set."""


class MissingExtraError(LingulaError):
    """A feature needs packages of an extra that is not installed.

    Args:
        feature: What was asked for, as the start of a sentence ("A .pth checkpoint").
        extra: Name of the extra that carries the packages.
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f"{feature} needs packages that are not installed: pip install 'lingula[{extra}]'"
        )
