"""What happens before the first session is read: checking, restoring, bringing up to date."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from leuko.clock import Moment
from leuko.durable import flush, put
from leuko.errors import StoreError
from leuko.store._copies import copy_checked
from leuko.store._errors import is_damage
from leuko.store._files import (
    beside,
    closing_connection,
    connect,
    connect_reading,
    finding,
    is_small,
    remove,
    set_aside,
)
from leuko.store._salvage import mend, missing, salvage
from leuko.store._schema import APPLICATION_ID, Migration, migrate, version
from leuko.store._writing import append

_RECOVERED = "store recovered"


class Outcome(StrEnum):
    """How the store was found at start."""

    CREATED = "created"
    """There was none; this one is new."""
    SOUND = "sound"
    """Nothing is wrong with it."""
    RECOVERED = "recovered"
    """It was damaged or missing, and is restored as far as that goes."""


@dataclass(frozen=True, slots=True)
class OpeningReport:
    """How the store was found at start, and what was done about it.

    Attributes:
        outcome: created, sound or recovered.
        migrated_from: version of its schema before it was brought up to date; None if it was.
        damage: what was wrong, in SQLite's words; empty if nothing was.
        set_aside: where the damaged file is now; None if there is none.
        from_kept_copy: whether there was a sound kept copy to restore.
        is_salvaged: whether the damaged file could be read, so that what came after the copy is
            there as well.
        missing_cells: cells that were counted and are lost.
        missing_entries: entries of the log that are lost.
    """

    outcome: Outcome
    migrated_from: int | None = None
    damage: str = ""
    set_aside: Path | None = None
    from_kept_copy: bool = False
    is_salvaged: bool = False
    missing_cells: int = 0
    missing_entries: int = 0

    @property
    def notice(self) -> str:
        """What a person must be told, in one sentence; empty if there is nothing to tell."""
        if self.outcome is not Outcome.RECOVERED:
            return ""
        if not self.is_salvaged:
            if not self.from_kept_copy:
                return "the store was damaged and cannot be read: a new one is begun"
            return "the store was damaged: restored from its copy, what came later is lost"
        if self.missing_cells:
            return f"the store was damaged and is restored: {self.missing_cells} cells are lost"
        if self.missing_entries:
            lost = f"{self.missing_entries} entries of its log are lost"
            return f"the store was damaged and is restored: {lost}"
        return "the store was damaged and is restored: no cell is lost"


def prepare(
    path: Path, migrations: Sequence[Migration], clock: Callable[[], Moment]
) -> OpeningReport:
    """Have a sound store of the newest version at a path, whatever is there now.

    Args:
        path: the store; its lock is held.
        migrations: all steps from version 0.
        clock: gives the present moment.

    Raises:
        StoreError: it is of a newer version, or is no store of leuko.
    """
    if beside(path, "recovered").exists():
        # Cut off while it was being put into its place.
        report = _put_recovered(path)
    elif not path.exists() and not beside(path, "kept").exists():
        report = OpeningReport(Outcome.CREATED)
    elif damage := _damage(path, migrations):
        _recover(path, migrations, clock(), damage)
        report = _put_recovered(path)
    else:
        report = OpeningReport(Outcome.SOUND)
    beside(path, "unsound").unlink(missing_ok=True)
    return _brought_up_to_date(path, migrations, report)


def refuse_foreign(connection: sqlite3.Connection, path: Path, *, newest: int) -> None:
    """Refuse a file that is not ours to write to.

    Args:
        connection: to the file.
        path: its path.
        newest: the newest version known.

    Raises:
        StoreError: it is of a newer version, or is no store of leuko.
    """
    found = version(connection)
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if mark != APPLICATION_ID and (tables or found):
        raise StoreError(
            f"{path} is a database, but not one of leuko's; choose another path for the store"
        )
    if found > newest:
        raise StoreError(
            f"store {path} has version {found} and this leuko knows {newest} at most; update leuko"
        )


def _damage(path: Path, migrations: Sequence[Migration]) -> str:
    if not path.exists():
        return "the file is missing"
    if path.stat().st_size == 0 and beside(path, "kept").exists():
        return "the file is empty"
    whole = is_small(path) or beside(path, "unsound").exists()
    try:
        with closing_connection(connect_reading(path)) as connection:
            refuse_foreign(connection, path, newest=len(migrations))
            return finding(connection, whole=whole)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return str(error)
        raise


def _recover(path: Path, migrations: Sequence[Migration], moment: Moment, damage: str) -> None:
    """Prepare ``NAME.recovered``, flushed; the store itself stays as it was found."""
    prepared = beside(path, "recovered-new")
    kept = beside(path, "kept")
    from_kept_copy = kept.exists() and not copy_checked(kept, prepared)
    if not from_kept_copy:
        remove(prepared)
    damaged = [path] if from_kept_copy else [kept, path]
    with closing_connection(connect(prepared, is_durable=False)) as connection:
        refuse_foreign(connection, kept, newest=len(migrations))
        connection.execute("PRAGMA foreign_keys = OFF")
        # Rows are copied between tables of one version, and brought up to date together.
        migrate(connection, migrations, to=_version_of(path, len(migrations)))
        is_salvaged = _salvage_all(connection, damaged, moment)
        migrate(connection, migrations, to=len(migrations))
        found = OpeningReport(
            Outcome.RECOVERED,
            damage=damage,
            from_kept_copy=from_kept_copy,
            is_salvaged=is_salvaged,
        )
        _log_recovery(connection, found, moment)
        if problem := finding(connection, whole=True):
            raise StoreError(f"store {path}: {damage}, and it cannot be restored: {problem}")
    flush(prepared)
    put(prepared, beside(path, "recovered"))


def _salvage_all(connection: sqlite3.Connection, sources: Sequence[Path], moment: Moment) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        # All of them are read, and the last is the store itself.
        *_, is_salvaged = [_salvage_from(source, connection) for source in sources]
        mend(connection, moment)
    return is_salvaged


def _salvage_from(source: Path, into: sqlite3.Connection) -> bool:
    if not source.exists():
        return False
    try:
        with closing_connection(connect_reading(source)) as damaged:
            return salvage(damaged, into)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return False
        raise


def _version_of(path: Path, newest: int) -> int:
    try:
        with closing_connection(connect_reading(path)) as connection:
            return version(connection) or newest
    except sqlite3.DatabaseError:
        return newest


def _log_recovery(connection: sqlite3.Connection, found: OpeningReport, moment: Moment) -> None:
    """Write what was found into the log; a recovery that is cut off reads it from there."""
    cells, entries = missing(connection)
    earlier = connection.execute(
        "SELECT coalesce(sum(json_extract(detail, '$.missing_cells')), 0),"
        " coalesce(sum(json_extract(detail, '$.missing_entries')), 0) FROM log WHERE kind = ?",
        (_RECOVERED,),
    ).fetchone()
    report = replace(found, missing_cells=cells - earlier[0], missing_entries=entries - earlier[1])
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        append(connection, moment, kind=_RECOVERED, session=None, detail=asdict(report))


def _put_recovered(path: Path) -> OpeningReport:
    aside = set_aside(path)
    put(beside(path, "recovered"), path)
    with closing_connection(connect_reading(path)) as connection:
        (detail,) = connection.execute(
            "SELECT detail FROM log WHERE kind = ? ORDER BY sequence DESC LIMIT 1", (_RECOVERED,)
        ).fetchone()
    found = json.loads(detail) | {"outcome": Outcome.RECOVERED, "set_aside": aside}
    return OpeningReport(**found)


def _brought_up_to_date(
    path: Path, migrations: Sequence[Migration], report: OpeningReport
) -> OpeningReport:
    with closing_connection(connect(path)) as connection:
        found = version(connection)
        if found == len(migrations):
            return report
        if found:
            copy = beside(path, f"version-{found}")
            if problem := copy_checked(path, copy):
                raise StoreError(f"store {path}: cannot be copied before its update: {problem}")
        migrate(connection, migrations, to=len(migrations))
    flush(path.parent)
    return replace(report, migrated_from=found or None)
