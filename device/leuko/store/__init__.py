"""The sessions on disk: one SQLite file with one writer, which survives a power cut.

Every change is one transaction, on the disk (WAL, ``synchronous=FULL``) before the call returns;
with it goes an entry into a log that nothing can take back. Beside the store ``NAME`` lie

- ``NAME.kept``: the last copy that was checked and found sound;
- ``NAME.damaged-N``: a store that was not, set aside as it was found;
- ``NAME.version-N``: the store as it was before its schema was brought up to date;
- ``NAME.lock``: held by the one process that writes.
"""

from leuko.store._disk import store_health
from leuko.store._errors import translated
from leuko.store._opening import OpeningReport, Outcome
from leuko.store._reader import StoreReader
from leuko.store._records import CellRecord, LogEntry, SessionRecord, SessionSpec
from leuko.store._schema import MIGRATIONS, Migration
from leuko.store._store import STORE_NAME, Store

__all__ = [
    "MIGRATIONS",
    "STORE_NAME",
    "CellRecord",
    "LogEntry",
    "Migration",
    "OpeningReport",
    "Outcome",
    "SessionRecord",
    "SessionSpec",
    "Store",
    "StoreReader",
    "store_health",
    "translated",
]
