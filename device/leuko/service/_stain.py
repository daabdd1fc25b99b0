"""The stain of the open session, compared with the calibrated one while cells are counted."""

import logging
from collections.abc import Iterable, Mapping, Sequence

from leuko.calibration import STAIN_DIFFERS, StainPart, StainWatch
from leuko.cells import CellStatus
from leuko.errors import StoreError
from leuko.images import decoded_picture
from leuko.store import LogEntry, SessionRecord, Store
from leuko.tracking import TrackedCell
from leuko.vision.stain import JUDGED

logger = logging.getLogger(__name__)

_DIFFERS, _AGREES = "stain differs", "stain agrees"
"""What the log calls it."""
_MOST_CELLS = 200
"""Newest cells that are judged; a slide's stain is known from fewer, and a frame must not wait."""


class StainGuard:
    """Says once that the stain differs from the calibration, and takes it back when it is over.

    It never stops a count, and a full disk stops nothing of it but the log.
    """

    def __init__(self, part: StainPart | None, store: Store) -> None:
        """Begin without a session.

        Args:
            part: the calibrated stain; None if it was not measured.
            store: has the session's cells and its log.
        """
        self._part = part
        self._store = store
        self._session = 0
        self._watch: StainWatch | None = None
        self._is_noted = False

    @property
    def notice(self) -> str:
        """What a person is told; empty while the stain is as calibrated."""
        return STAIN_DIFFERS if self._watch and self._watch.differs else ""

    def take_up(self, session: SessionRecord | None) -> None:
        """Go on with the cells that are kept of a session.

        Args:
            session: new, or one that goes on after a restart; None without one.
        """
        self._watch = None
        if self._part is None or session is None:
            return
        self._session = session.id
        told = stain_of_log(self._store.log(session.id))
        self._is_noted = bool(told and told["differs"])
        self._watch = StainWatch(self._part, differs=self._is_noted)
        newest = self._store.newest_cells(session.id, classes=JUDGED, limit=_MOST_CELLS)
        for cell in reversed(newest):
            picture = decoded_picture(cell.picture)
            if picture is not None:
                self._watch.samples.add(cell.cell_class, picture)
        self._watch.judge()

    def see(self, new: Sequence[TrackedCell]) -> None:
        """Take in cells that were counted now."""
        counted = [cell for cell in new if cell.status is CellStatus.COUNTED]
        judged = [cell for cell in counted if cell.cell_class in JUDGED]
        if self._watch is None or not judged:
            return
        for cell in judged:
            if cell.picture is not None:
                self._watch.samples.add(cell.cell_class, cell.picture)
        self._watch.samples.keep_newest(_MOST_CELLS)
        difference = self._watch.judge()
        if difference and self._watch.differs != self._is_noted:
            self._note(self._watch.detail(difference))

    def _note(self, detail: dict[str, object]) -> None:
        kind = _DIFFERS if detail["differs"] else _AGREES
        try:
            self._store.note(kind, self._session, **detail)
        except StoreError as error:
            logger.warning("%s, and the log cannot say so: %s", kind, error)
            return
        logger.warning("session %d: %s (%s)", self._session, kind, detail["most"])
        self._is_noted = bool(detail["differs"])


def stain_of_log(entries: Iterable[LogEntry]) -> Mapping[str, object] | None:
    """Return the last that was said of a session's stain; None if nothing ever was."""
    told = None
    for entry in entries:
        if entry.kind in {_DIFFERS, _AGREES}:
            told = entry.detail
    return told
