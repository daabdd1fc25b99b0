"""The leukocytes in blood that a session lets one guess: noted whenever its count comes to rest."""

import logging
from collections.abc import Iterable, Mapping

from leuko.calibration import WBCEstimate, WBCFactorPart, estimated_wbc
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
    """Notes in a session's log what its cells and the ground it has searched let one guess."""

    def __init__(self, factor: WBCFactorPart | None, store: Store) -> None:
        """Begin without a session.

        Args:
            factor: of the camera; None if it was not measured: then nothing is noted.
            store: has the session's log.
        """
        self._factor = factor
        self._store = store

    def estimate(
        self, session: SessionRecord, count: DifferentialCount, *, fields: float | None
    ) -> WBCEstimate | None:
        """Return what a session lets one guess now; None without a factor.

        Args:
            session: which one.
            count: of all its cells that were seen often enough to count.
            fields: ground that was searched; None where that is not known.
        """
        if self._factor is None:
            return None
        spec = session.spec
        return estimated_wbc(
            self._factor,
            count,
            fields=fields,
            scales=[spec.um_per_px] if spec.um_per_px else [],
            bundle_sha256=spec.bundle_sha256,
        )

    def note(self, session: SessionRecord, found: WBCEstimate) -> None:
        """Note what a session at rest lets one guess; a full disk stops nothing but the note.

        Where the ground is not known, what was noted before stands, if the session has rested
        since.

        Args:
            session: which one.
            found: its `estimate`.
        """
        try:
            if found.fields is None and _stands(self._store.log(session.id), cells=found.cells):
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
    """Return whether the last note holds: no ground and no cell came to it since.

    Of its cells those beyond the target are not kept over a restart.
    """
    noted: object = None
    for entry in entries:
        if entry.kind == _KIND:
            noted = entry.detail["cells"]
        elif entry.kind == _STATE_KIND and entry.detail["to"] == SessionState.COUNTING:
            noted = None
    return isinstance(noted, int) and noted >= cells


def _plain(value: object) -> bool | float | str | None:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
