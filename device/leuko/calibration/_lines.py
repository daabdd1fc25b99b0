"""Texts of a record: one line that a person can read, whatever they were before."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

_LONGEST_LINE = 200


def as_line(text: str) -> str:
    """Return a text, such as a file's name, as a `Line`: replaced what cannot be read, and cut."""
    return "".join(map(_readable, text[:_LONGEST_LINE]))


def _readable(letter: str) -> str:
    if not _is_unreadable(letter):
        return letter
    return " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"


def _is_unreadable(letter: str) -> bool:
    return unicodedata.category(letter).startswith("C")


def _in_one_line(text: str) -> str:
    if any(map(_is_unreadable, text)):
        raise ValueError(f"holds what no person can read: {text!r}")
    return text


Line = Annotated[str, Field(max_length=_LONGEST_LINE), AfterValidator(_in_one_line)]
"""A text that can be shown: one line without control characters; see `as_line`."""
