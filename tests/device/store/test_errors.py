"""What SQLite and the file system say becomes one sentence with a remedy."""

import errno
import sqlite3
from pathlib import Path

import pytest

from leuko.errors import StoreError
from leuko.store import translated

STORE = Path("state/leuko.db")
IOERR_FSYNC = 1034
MISTAKES = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_INTERNAL,
    sqlite3.SQLITE_NOTFOUND,
    sqlite3.SQLITE_EMPTY,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_RANGE,
}
"""Codes that tell of a mistake in the program."""
CAUSES = set(range(1, sqlite3.SQLITE_NOTADB + 1)) - MISTAKES


def of_sqlite(code: int) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


def said(error: Exception) -> str:
    with pytest.raises(StoreError) as caught, translated(STORE):
        raise error
    assert caught.value.__cause__ is error
    return str(caught.value)


@pytest.mark.parametrize("code", sorted({*CAUSES, IOERR_FSYNC}))
def test_every_cause_that_a_person_can_mend_has_its_sentence(code: int) -> None:
    sentence = said(of_sqlite(code))
    assert sentence.startswith("store state/leuko.db: ")
    assert "; " in sentence
    assert sentence.endswith("(as SQLite says it)")


@pytest.mark.parametrize("code", sorted(MISTAKES))
def test_a_mistake_of_the_program_stays_what_it_is(code: int) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="as SQLite says it"), translated(STORE):
        raise of_sqlite(code)


def test_text_that_is_none_is_damage() -> None:
    error = sqlite3.OperationalError("Could not decode to UTF-8 column 'kind' with text '?'")
    assert "it is damaged; start the service again" in said(error)


def test_the_file_systems_words_are_kept() -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    assert said(error).startswith("store state/leuko.db: No space left on device; look at")
