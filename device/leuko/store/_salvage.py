"""Reading what can still be read of a damaged store."""
# ruff: file-ignore[hardcoded-sql-expression] - all names come from the schema and this module

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing

from leuko.clock import Moment
from leuko.store._records import moment_values

_TABLES = ("sessions", "cells", "pictures", "log", "overviews")
_KEYS = {
    "sessions": "id",
    "cells": "session, number",
    "pictures": "session, number",
    "overviews": "session",
}
_PAGE_ROWS = 100
"""More rows than a page holds: what is lost with a damaged page is passed row by row."""
_MISSES = 500
"""Places in a row that cannot be read before a table is given up.

After two pages' worth only every hundredth place is tried, which leads past a damaged inner page
with the 30 000 rows below it, in a tenth of a second.
"""
_OPEN = "('counting', 'paused', 'reached')"


def salvage(damaged: sqlite3.Connection, into: sqlite3.Connection) -> bool:
    """Copy every readable row that is newer than what is there; `mend` makes the result whole.

    Args:
        damaged: the store that is to be read.
        into: a sound one of the same version, in a transaction, foreign keys off.

    Returns:
        Whether the damaged store could be read at all.
    """
    try:
        damaged.execute("SELECT name FROM sqlite_schema").fetchall()
    except sqlite3.DatabaseError:
        return False
    for table in _TABLES:
        _copy_rows(damaged, into, table)
    _copy_highest_numbers(damaged, into)
    return True


def mend(connection: sqlite3.Connection, moment: Moment) -> None:
    """Make rows that were salvaged fit each other again.

    Args:
        connection: to the store, in a transaction, foreign keys off.
        moment: the present one.
    """
    highest = max(
        connection.execute(f"SELECT coalesce(max(sequence), 0) FROM {table}").fetchone()[0]
        for table in ("sessions", "cells", "log")
    )
    _raise_highest_number(connection, "log", highest)
    _stand_in_for_lost_sessions(connection, moment, highest)
    connection.execute(
        """
        UPDATE cells SET merged_into = NULL WHERE merged_into IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM cells AS other
            WHERE other.session = cells.session AND other.number = cells.merged_into)"""
    )
    connection.execute(
        "DELETE FROM pictures WHERE NOT EXISTS (SELECT 1 FROM cells"
        " WHERE cells.session = pictures.session AND cells.number = pictures.number)"
    )
    # A store that was salvaged may be of the version before these.
    if _columns(connection, "overviews"):
        connection.execute("DELETE FROM overviews WHERE session NOT IN (SELECT id FROM sessions)")
        connection.execute(
            """
            UPDATE sessions SET smudge_cells = coalesce((
                SELECT json_extract(detail, '$.smudge_cells') FROM log
                WHERE session = sessions.id AND kind = 'smudge cells tallied'
                ORDER BY log.sequence DESC LIMIT 1), smudge_cells)"""
        )


def missing(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return how many cells and how many entries of the log this store has ever lost."""
    (cells,) = connection.execute(
        """
        SELECT count(*) FROM (
            SELECT session, json_extract(detail, '$.number') AS number FROM log
            WHERE kind IN ('cell counted', 'cell set aside')
            EXCEPT SELECT session, number FROM cells)"""
    ).fetchone()
    (entries,) = connection.execute(
        """
        SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'log'), 0)
            - (SELECT count(*) FROM log)"""
    ).fetchone()
    return int(cells), int(entries)


def _stand_in_for_lost_sessions(
    connection: sqlite3.Connection, moment: Moment, sequence: int
) -> None:
    """Give cells whose session's own row is gone a session again."""
    lost = connection.execute(
        "SELECT session FROM cells UNION SELECT session FROM log WHERE session IS NOT NULL"
        " EXCEPT SELECT id FROM sessions"
    ).fetchall()
    for (session,) in lost:
        connection.execute(
            """
            INSERT INTO sessions (id, specimen, operator, state, bundle, bundle_sha256, settings,
                calibration, device_serial, started_boot_id, started_monotonic_s, started_wall,
                started_clock_is_set, boot_id, monotonic_s, wall, clock_is_set, sequence)
            SELECT ?1, coalesce((SELECT json_extract(detail, '$.specimen') FROM log
                    WHERE session = ?1 AND kind = 'session started'), 'unknown'),
                '', 'finished', '', '', '{}', '{}', '', ?2, ?3, ?4, ?5, ?2, ?3, ?4, ?5, ?6""",
            (session, *moment_values(moment), sequence),
        )
    # Whether the last one was still open nobody can tell but a person.
    connection.execute(
        f"UPDATE sessions SET state = 'paused' WHERE id = ? AND id = (SELECT max(id) FROM sessions)"
        f" AND NOT EXISTS (SELECT 1 FROM sessions WHERE state IN {_OPEN})",
        (lost[-1][0] if lost else None,),
    )


def _copy_rows(damaged: sqlite3.Connection, into: sqlite3.Connection, table: str) -> None:
    columns = _columns(into, table)
    shared = [name for name in _columns(damaged, table) if name in columns]
    if not shared:
        return
    insert = _insertion(table, shared)
    for row in _readable_rows(damaged, table):
        try:
            if table == "sessions" and row["state"] in _OPEN:
                # The earlier ones were closed when this one was begun: at most one is open.
                into.execute(
                    f"UPDATE sessions SET state = 'finished' WHERE state IN {_OPEN} AND id < ?",
                    (row["id"],),
                )
            into.execute(insert, {name: row[name] for name in shared})
        except sqlite3.IntegrityError:
            # A row of rubbish, or one without what a newer version asks for.
            continue


def _insertion(table: str, columns: Sequence[str]) -> str:
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    if table == "log":
        return (
            f"INSERT INTO log ({names}) SELECT {values}"
            " WHERE NOT EXISTS (SELECT 1 FROM log WHERE sequence = :sequence)"
        )
    key = _KEYS[table]
    is_newer = (
        f"excluded.content <> {table}.content"
        if "content" in columns
        else f"excluded.sequence > {table}.sequence"
    )
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns)
    return (
        f"INSERT INTO {table} ({names}) VALUES ({values})"
        f" ON CONFLICT ({key}) DO UPDATE SET {updates} WHERE {is_newer}"
    )


def _readable_rows(connection: sqlite3.Connection, table: str) -> Generator[sqlite3.Row]:
    place, misses = -1, 0
    while misses < _MISSES:
        try:
            # Never by an index: that may be what is damaged.
            query = f"SELECT rowid AS place, * FROM {table} WHERE rowid > ? ORDER BY rowid"
            with closing(connection.execute(query, (place,))) as rows:
                for row in rows:
                    place, misses = row["place"], 0
                    yield row
        except sqlite3.DatabaseError:
            # Python's cursor is a row ahead, and the row before the damage went with it.
            if (row := _row(connection, table, place + 1)) is not None:
                place, misses = place + 1, 0
                yield row
            else:
                misses += 1
                place += 1 if misses < 2 * _PAGE_ROWS else _PAGE_ROWS
        else:
            return


def _row(connection: sqlite3.Connection, table: str, place: int) -> sqlite3.Row | None:
    try:
        query = f"SELECT * FROM {table} WHERE rowid = ?"
        row: sqlite3.Row | None = connection.execute(query, (place,)).fetchone()
    except sqlite3.DatabaseError:
        return None
    return row


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]


def _copy_highest_numbers(damaged: sqlite3.Connection, into: sqlite3.Connection) -> None:
    for row in _readable_rows(damaged, "sqlite_sequence"):
        _raise_highest_number(into, row["name"], row["seq"])


def _raise_highest_number(connection: sqlite3.Connection, table: str, highest: int) -> None:
    """See to it that no number is given twice, not even one that was lost."""
    known = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
    row = known.fetchone()
    if row is None:
        connection.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, highest))
    elif row["seq"] < highest:
        connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (highest, table))
