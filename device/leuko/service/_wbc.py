"""The leukocytes in blood that a session lets one guess: noted whenever its count comes to rest."""

import logging
from collections.abc import Iterable, Mapping

from leuko.calibration import WBCFactorPart, estimated_wbc
from leuko.counting import DifferentialCount
from leuko.errors import StoreError
from leuko.status import SessionState
from leuko.store import LogEntry, SessionRecord, Store

logger = logging.getLogger(__name__)

_KIND = "estimated leukocytes a litre"
"""What the log calls it."""

WBCDetail = Mapping[str, bool | int | float | str | None]
"""What is written of an estimate."""

_STATE_KIND = "session state"


class WBCNotes:
    """Notes in a session's log what its cells and the ground it has searched let one guess.

    The ground is known to the counter alone: that of a session that was cut off is lost.
    """

    def __init__(self, factor: WBCFactorPart | None, store: Store) -> None:
        """Begin without a session.

        Args:
            factor: of the camera; None if it was not measured: then nothing is noted.
            store: has the session's log.
        """
        self._factor = factor
        self._store = store
        self._begun = 0

    def begin(self, session: SessionRecord) -> None:
        """Take note that a session begins, so that all of its ground will be known."""
        self._begun = session.id

    def note(self, session: SessionRecord, count: DifferentialCount, *, fields: float) -> None:
        """Note what a session at rest lets one guess; a full disk stops nothing but the note.

        What was noted before a restart stands, if the session has rested since.

        Args:
            session: which one.
            count: its differential.
            fields: ground that the counter has searched.
        """
        if self._factor is None:
            return
        known = fields if session.id == self._begun else None
        spec = session.spec
        found = estimated_wbc(
            self._factor,
            count,
            fields=known,
            scales=[spec.um_per_px] if spec.um_per_px else [],
            bundle_sha256=spec.bundle_sha256,
        )
        try:
            if known is None and _stands(self._store.log(session.id), cells=found.cells):
                return
            self._store.note(_KIND, session.id, **found.detail)
        except StoreError as error:
            logger.warning("%s, and the log cannot say so: %s", found.sentence, error)


def wbc_of_log(entries: Iterable[LogEntry], state: SessionState) -> WBCDetail | None:
    """Return what was noted last of a session; None if nothing was, or while it counts on.

    Args:
        entries: of the session's log.
        state: where it stands.
    """
    if state is SessionState.COUNTING:
        return None
    noted = [entry.detail for entry in entries if entry.kind == _KIND]
    return {name: _plain(value) for name, value in noted[-1].items()} if noted else None


def _stands(entries: Iterable[LogEntry], *, cells: int) -> bool:
    """Return whether the last note holds: no ground and no cell came to it since."""
    noted = None
    for entry in entries:
        if entry.kind == _KIND:
            noted = entry.detail["cells"]
        elif entry.kind == _STATE_KIND and entry.detail["to"] == SessionState.COUNTING:
            noted = None
    return noted == cells


def _plain(value: object) -> bool | float | str | None:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
