"""The changes that are written, each with its entry in the log; transactions are the caller's."""

import json
import sqlite3
from collections.abc import Mapping

from leuko.cells import CellStatus
from leuko.clock import Moment
from leuko.status import SessionState, Target
from leuko.store._records import CellRecord, JSONObject, SessionSpec, moment_values, to_json

_SAVE_CELL = """
    INSERT INTO cells (session, number, segment, x_um, y_um, status, class, probabilities, views,
        area_um2, sharpness, reason, boot_id, monotonic_s, wall, clock_is_set, sequence)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (session, number) DO UPDATE SET segment = excluded.segment, x_um = excluded.x_um,
        y_um = excluded.y_um, status = excluded.status, class = excluded.class,
        probabilities = excluded.probabilities, views = excluded.views,
        area_um2 = excluded.area_um2, sharpness = excluded.sharpness, reason = excluded.reason,
        boot_id = excluded.boot_id, monotonic_s = excluded.monotonic_s, wall = excluded.wall,
        clock_is_set = excluded.clock_is_set, sequence = excluded.sequence"""
_SAVE_PICTURE = """
    INSERT INTO pictures (session, number, content) VALUES (?, ?, ?)
    ON CONFLICT (session, number) DO UPDATE SET content = excluded.content"""
_MERGED_INTO = "SELECT merged_into FROM cells WHERE session = ? AND number = ?"
_INSERT_SESSION = """
    INSERT INTO sessions (specimen, operator, state, target_cells, target_half_width, bundle,
        bundle_sha256, settings, calibration, device_serial, um_per_px, started_boot_id,
        started_monotonic_s, started_wall, started_clock_is_set, boot_id, monotonic_s, wall,
        clock_is_set, sequence)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"""


def append(
    connection: sqlite3.Connection,
    moment: Moment,
    *,
    kind: str,
    session: int | None,
    detail: JSONObject,
) -> int:
    """Add an entry to the log and return its sequence number."""
    added = connection.execute(
        "INSERT INTO log (boot_id, monotonic_s, wall, clock_is_set, session, kind, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*moment_values(moment), session, kind, to_json(detail)),
    )
    # SQLite names the row of every successful INSERT; the type allows for other statements.
    return int(added.lastrowid or 0)


def insert_session(
    connection: sqlite3.Connection, moment: Moment, spec: SessionSpec, *, asked_by: str
) -> int:
    """Begin a session and return its id."""
    time = moment_values(moment)
    added = connection.execute(
        _INSERT_SESSION,
        (
            *(spec.specimen, spec.operator, SessionState.COUNTING),
            *(spec.target.cells, spec.target.half_width, spec.bundle, spec.bundle_sha256),
            *(to_json(spec.settings), to_json(spec.calibration)),
            *(spec.device_serial, spec.um_per_px, *time, *time),
        ),
    )
    session = int(added.lastrowid or 0)
    detail = {"specimen": spec.specimen, "operator": spec.operator, "target": str(spec.target)}
    detail |= asking(asked_by)
    _touch(connection, moment, session, kind="session started", detail=detail)
    return session


def change_state(
    connection: sqlite3.Connection,
    moment: Moment,
    session: int,
    *,
    before: SessionState,
    state: SessionState,
    asked_by: str,
) -> None:
    """Say where a session stands."""
    detail = {"from": before, "to": state, **asking(asked_by)}
    _touch(connection, moment, session, kind="session state", detail=detail)
    connection.execute("UPDATE sessions SET state = ? WHERE id = ?", (state, session))


def change_target(
    connection: sqlite3.Connection,
    moment: Moment,
    session: int,
    *,
    target: Target,
    asked_by: str,
) -> None:
    """Say when a session is complete."""
    detail = {"target": str(target), **asking(asked_by)}
    _touch(connection, moment, session, kind="session target", detail=detail)
    connection.execute(
        "UPDATE sessions SET target_cells = ?, target_half_width = ? WHERE id = ?",
        (target.cells, target.half_width, session),
    )


def change_smudge_cells(
    connection: sqlite3.Connection, moment: Moment, session: int, *, number: int, asked_by: str
) -> None:
    """Say how many smudge cells a person has tallied."""
    detail = {"smudge_cells": number, **asking(asked_by)}
    _touch(connection, moment, session, kind="smudge cells tallied", detail=detail)
    connection.execute("UPDATE sessions SET smudge_cells = ? WHERE id = ?", (number, session))


def save_cell(
    connection: sqlite3.Connection, moment: Moment, session: int, *, cell: CellRecord
) -> None:
    """Keep a new cell, or one that has changed."""
    key = (session, cell.number)
    kind = "cell counted" if cell.status is CellStatus.COUNTED else "cell set aside"
    if connection.execute(_MERGED_INTO, key).fetchone() is not None:
        kind = "cell changed"
    detail = {"number": cell.number, "class": cell.cell_class, "status": cell.status}
    sequence = append(connection, moment, kind=kind, session=session, detail=detail)
    values = (*key, *_cell_values(cell), *moment_values(moment), sequence)
    connection.execute(_SAVE_CELL, values)
    if cell.picture is not None:
        connection.execute(_SAVE_PICTURE, (*key, cell.picture))


def merge_cells(
    connection: sqlite3.Connection, moment: Moment, session: int, *, merged: Mapping[int, int]
) -> None:
    """Keep that cells turned out to be others.

    Raises:
        ValueError: one of them is not kept, or one of the others does not stand.
    """
    for gone, into in merged.items():
        for number in (gone, into):
            _merged_into(connection, session, number)
        detail = {"number": gone, "into": into}
        sequence = append(connection, moment, kind="cell merged", session=session, detail=detail)
        connection.execute(
            "UPDATE cells SET merged_into = ?, boot_id = ?, monotonic_s = ?, wall = ?,"
            " clock_is_set = ?, sequence = ? WHERE session = ? AND number = ?",
            (into, *moment_values(moment), sequence, session, gone),
        )
    # Two cells merged into each other would both be gone.
    for into in set(merged.values()):
        if _merged_into(connection, session, into) is not None:
            raise ValueError(f"cell {into} of session {session} does not stand itself")


def save_overview(connection: sqlite3.Connection, session: int, *, picture: bytes) -> None:
    """Keep the picture of a session's slide in place of an earlier one."""
    connection.execute(
        "INSERT INTO overviews (session, content) VALUES (?, ?)"
        " ON CONFLICT (session) DO UPDATE SET content = excluded.content",
        (session, picture),
    )


def asking(asked_by: str) -> dict[str, str]:
    """Return what an entry of the log says of who asked; nothing where nobody is known."""
    return {"asked_by": asked_by} if asked_by else {}


def _merged_into(connection: sqlite3.Connection, session: int, number: int) -> int | None:
    """Return what a cell was merged into; None for one that stands.

    Raises:
        ValueError: there is no such cell.
    """
    row = connection.execute(_MERGED_INTO, (session, number)).fetchone()
    if row is None:
        raise ValueError(f"cell {number} of session {session} is not kept")
    return None if row[0] is None else int(row[0])


def _cell_values(cell: CellRecord) -> tuple[int | float | str, ...]:
    # NumPy's numbers are turned into Python's: SQLite knows no others.
    return (
        *(int(cell.segment), float(cell.x_um), float(cell.y_um), cell.status, cell.cell_class),
        json.dumps([float(each) for each in cell.probabilities], allow_nan=False),
        *(int(cell.views), float(cell.area_um2), float(cell.sharpness), cell.reason),
    )


def _touch(
    connection: sqlite3.Connection, moment: Moment, session: int, *, kind: str, detail: JSONObject
) -> None:
    sequence = append(connection, moment, kind=kind, session=session, detail=detail)
    connection.execute(
        "UPDATE sessions SET boot_id = ?, monotonic_s = ?, wall = ?, clock_is_set = ?,"
        " sequence = ? WHERE id = ?",
        (*moment_values(moment), sequence, session),
    )
