"""The ground of the open session: kept while it rests, forgotten as soon as more is searched."""

from leuko.live import LiveCounter
from leuko.service._ground_file import GroundFile
from leuko.service._session import OpenSession


class SessionGround:
    """Hands the searched ground of a session on to the counter that goes on with it."""

    def __init__(self, file: GroundFile | None) -> None:
        """Use a file; without one no ground is handed on."""
        self._file = file

    def hand_on(self, session: OpenSession, counter: LiveCounter, *, um_per_px: float) -> None:
        """Tell a counter what was searched for its session before.

        Args:
            session: which one; begun before the counter was made.
            counter: goes on with it.
            um_per_px: scale of the frames.
        """
        kept = self._file.read(session.record.id, um_per_px=um_per_px) if self._file else None
        counter.take_up_ground(kept)
        if session.is_counting:
            self.forget()

    def keep(self, session: OpenSession, counter: LiveCounter, *, um_per_px: float) -> None:
        """Keep what was searched for a session that rests from now on; arguments as before."""
        # Cells beyond the target, or of a place that is still searched for, are not kept: their
        # ground would go without them.
        is_whole = not session.has_surplus and not counter.held
        if self._file and counter.ground and is_whole:
            self._file.keep(counter.ground, session.record.id, um_per_px=um_per_px)

    def forget(self) -> None:
        """Forget what is kept, for more is searched from now on."""
        if self._file:
            self._file.forget()
