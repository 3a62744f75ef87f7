"""The form in which two reports count as the same text."""

from __future__ import annotations


def normal_form(text: str) -> str:
    """The text in lower case, each run of white space one space, none outside.

    The key by which duplicates are found: repeats in a table, and reports of a test set that also
    stand in a training set. Punctuation counts, so "No effusion" and "No effusion." differ.
    """
    return " ".join(text.lower().split())
