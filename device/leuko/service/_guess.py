"""What the open session lets one guess by now of the leukocytes in blood."""

from collections.abc import Callable

from leuko.calibration import WBCEstimate
from leuko.live import LiveCounter
from leuko.service._pace import Lately
from leuko.service._session import OpenSession
from leuko.service._wbc import WBCNotes

_EVERY_S = 1.0

Look = Callable[[], tuple[OpenSession | None, LiveCounter | None]]
"""Returns the session seen last, and its counter."""


class WBCGuess:
    """Estimates while a session counts, and notes it when the session comes to rest."""

    def __init__(self, notes: WBCNotes, look: Look) -> None:
        """Begin without an estimate.

        Args:
            notes: estimates, and writes into the log.
            look: returns what there is to estimate from.
        """
        self._notes = notes
        self._look = look
        self._noted: WBCEstimate | None = None
        self._lately = Lately(self._now, every_s=_EVERY_S)

    @property
    def value(self) -> WBCEstimate | None:
        """The estimate; of a closed session the one noted last. None without a factor."""
        session, _ = self._look()
        return self._lately.value if session and session.is_open else self._noted

    def session_began(self) -> None:
        """Tell no longer what concerned an earlier session."""
        self._lately = Lately(self._now, every_s=_EVERY_S)

    def note(self, session: OpenSession) -> None:
        """Note what the session lets one guess, which rests or ends now."""
        self._noted = self._now()
        if self._noted:
            self._notes.note(session.record, self._noted)

    def _now(self) -> WBCEstimate | None:
        session, counter = self._look()
        if session is None or counter is None:
            return None
        # Cells that wait for room, or for their place, lie on the ground that was searched.
        count = session.seen(counter.held)
        return self._notes.estimate(session.record, count, fields=counter.fields)
