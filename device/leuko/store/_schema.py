"""The tables, and how a store of an earlier version is brought up to date."""

import sqlite3
from collections.abc import Callable, Sequence

Migration = Callable[[sqlite3.Connection], None]
"""Takes a store from one version to the next, inside a transaction that is not its own."""

APPLICATION_ID = 0x4C65756B
"""Marks the file as a store of leuko: "Leuk"."""

_MOMENT = """boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    clock_is_set INTEGER NOT NULL"""

_VERSION_1 = (
    f"""
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    specimen TEXT NOT NULL,
    operator TEXT NOT NULL,
    state TEXT NOT NULL,
    target_cells INTEGER,
    target_half_width REAL,
    bundle TEXT NOT NULL,
    bundle_sha256 TEXT NOT NULL,
    settings TEXT NOT NULL,
    calibration TEXT NOT NULL,
    device_serial TEXT NOT NULL,
    um_per_px REAL,
    started_boot_id TEXT NOT NULL,
    started_monotonic_s REAL NOT NULL,
    started_wall TEXT NOT NULL,
    started_clock_is_set INTEGER NOT NULL,
    {_MOMENT},
    sequence INTEGER NOT NULL
) STRICT""",
    """
CREATE UNIQUE INDEX one_session_is_open ON sessions ((1))
    WHERE state IN ('counting', 'paused', 'reached')""",
    f"""
CREATE TABLE cells (
    session INTEGER NOT NULL REFERENCES sessions (id),
    number INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    x_um REAL NOT NULL,
    y_um REAL NOT NULL,
    status TEXT NOT NULL,
    class TEXT NOT NULL,
    probabilities TEXT NOT NULL,
    views INTEGER NOT NULL,
    area_um2 REAL NOT NULL,
    sharpness REAL NOT NULL,
    reason TEXT NOT NULL,
    merged_into INTEGER,
    {_MOMENT},
    sequence INTEGER NOT NULL,
    UNIQUE (session, number),
    FOREIGN KEY (session, merged_into) REFERENCES cells (session, number)
) STRICT""",
    # The differential is read from this index alone.
    "CREATE INDEX tally ON cells (session, status, class) WHERE merged_into IS NULL",
    # Apart from the cells, so that these stay few pages to check at start.
    """
CREATE TABLE pictures (
    session INTEGER NOT NULL,
    number INTEGER NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (session, number),
    FOREIGN KEY (session, number) REFERENCES cells (session, number)
) STRICT""",
    f"""
CREATE TABLE log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    {_MOMENT},
    session INTEGER REFERENCES sessions (id),
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT""",
    "CREATE INDEX log_of_session ON log (session, sequence)",
    """
CREATE TRIGGER log_is_not_changed BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END""",
    """
CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END""",
    # INSERT OR REPLACE deletes without asking the trigger above (sqlite.org/lang_conflict.html).
    """
CREATE TRIGGER log_is_not_replaced BEFORE INSERT ON log
WHEN EXISTS (SELECT 1 FROM log WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END""",
    """
CREATE TRIGGER cells_are_not_deleted BEFORE DELETE ON cells
BEGIN SELECT RAISE(ABORT, 'cells are merged, never deleted'); END""",
    f"PRAGMA application_id = {APPLICATION_ID}",
)


def _create(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1:
        connection.execute(statement)


_VERSION_2 = (
    """
ALTER TABLE sessions ADD COLUMN smudge_cells INTEGER NOT NULL DEFAULT 0
    CHECK (smudge_cells >= 0)""",
    # What was seen of a slide is forgotten with the next one; its picture is for good.
    """
CREATE TABLE overviews (
    session INTEGER PRIMARY KEY REFERENCES sessions (id),
    content BLOB NOT NULL
) STRICT""",
)


def _add_smudge_cells_and_overviews(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_2:
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_create, _add_smudge_cells_and_overviews)
"""The migration at place N takes a store from version N to N + 1; version 0 is an empty file."""


def version(connection: sqlite3.Connection) -> int:
    """Return the version of a store's schema; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration], *, to: int) -> None:
    """Bring a store to a version, all steps in one transaction.

    Args:
        connection: to the store, outside a transaction.
        migrations: all steps from version 0.
        to: the version wanted; a store that is there already stays as it is.
    """
    # Read inside the transaction: another process must not have been faster.
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for step in range(version(connection), to):
            migrations[step](connection)
            connection.execute(f"PRAGMA user_version = {step + 1}")
