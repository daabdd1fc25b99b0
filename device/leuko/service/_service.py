"""The loop: a frame from the camera, its cells to the disk, the count to the display."""

import logging
import threading

from leuko.cameras import Frame
from leuko.control import SeenSlide
from leuko.service._changes import Changes
from leuko.service._count import LiveCount
from leuko.service._logbook import Logbook
from leuko.service._pace import Rate
from leuko.service._parts import Parts
from leuko.service._status import StatusBoard
from leuko.status import Level, LiveStatus, SessionState, Target
from leuko.tracking import LedgerChange

logger = logging.getLogger(__name__)

_WAIT_S = 0.2


class LiveService:
    """Counts until it is stopped; fulfils `leuko.control.Controls` between two frames."""

    def __init__(self, parts: Parts) -> None:
        """Take up the session that was open when the last service ended, if there is one."""
        self._parts = parts
        self._stop = threading.Event()
        self._rate = Rate()
        self._captured_s = 0.0
        self._logbook = Logbook(parts.store)
        self._count = LiveCount(parts)
        session = self._count.session
        self._changes = Changes.since(
            session.record if session else None, parts.spec, parts.um_per_px
        )
        self._board = StatusBoard(parts, self._changes)

    def run(self) -> None:
        """Count until `stop` is called or the camera's source has come to its end.

        Raises:
            CameraError: there will never be a first frame.
        """
        parts = self._parts
        self._logbook.started(parts.spec, self._changes, parts.bundle_notice)
        parts.notifier.ready()
        logger.info("counting with %s", parts.camera.name)
        while not (self._stop.is_set() or parts.camera.has_ended):
            parts.commands.run_pending(self)
            frame = parts.camera.read(_WAIT_S)
            if self._logbook.has_news_of(parts.camera.health):
                parts.notifier.says(self._line())
            self._logbook.tell_of_bench(parts.bench_health())
            if frame is None:
                parts.refuse_camera()
                self._count.keep_waiting()
                self._tell_of_backend()
                self._show()
            else:
                self.take(frame)
        if not self._stop.is_set():
            logger.info("%s is at its end; start again to begin anew with it", parts.camera.name)
        parts.notifier.stopping()
        self._count.stop()
        self._logbook.stopped("asked to" if self._stop.is_set() else "no more frames")

    def stop(self) -> None:
        """End after the present frame; may be called from any thread and from a signal."""
        self._stop.set()

    def take(self, frame: Frame) -> None:
        """Carry one frame through, from pixels to the display."""
        self._count.take(frame.rgb)
        self._rate.tick()
        self._captured_s = frame.captured_s
        self._tell_of_backend()
        self._show()
        self._parts.notifier.alive(self._line())

    def status(self) -> LiveStatus:
        """See `leuko.control.Controls`."""
        return self._board.status(
            self._count, frames_per_s=self._rate.per_s, captured_s=self._captured_s
        )

    def seen_slide(self) -> SeenSlide:
        """See `leuko.control.Controls`."""
        return self._count.seen_slide()

    def start(
        self, specimen: str, *, operator: str, target: Target | None, asked_by: str
    ) -> LiveStatus:
        """See `leuko.control.Controls`."""
        self._count.start(specimen, operator=operator, target=target, asked_by=asked_by)
        self._board.session_began()
        return self.status()

    def set_target(self, target: Target, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        self._count.open_session.set_target(target, asked_by=asked_by)
        # What was seen beyond the old target comes first.
        self._count.keep(LedgerChange())
        return self.status()

    def pause(self, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        self._count.pause(asked_by=asked_by)
        return self.status()

    def resume(self, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        self._count.resume(asked_by=asked_by)
        return self.status()

    def tally_smudge_cell(self, *, undo: bool = False, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        self._count.open_session.tally_smudge_cell(undo=undo, asked_by=asked_by)
        return self.status()

    def finish(self, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        self._count.close(SessionState.FINISHED, asked_by=asked_by)
        return self.status()

    def discard(self, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        self._count.close(SessionState.DISCARDED, asked_by=asked_by)
        return self.status()

    def _tell_of_backend(self) -> None:
        backend, session = self._parts.backend, self._count.session
        self._logbook.tell_of_backend(
            backend.events(), backend.runs_on, session=session.record.id if session else None
        )

    def _show(self) -> None:
        if self._parts.display:
            self._parts.display.show(self.status())

    def _line(self) -> str:
        camera = self._parts.camera.health
        if camera.level is Level.FAULT:
            return camera.text
        session = self._count.session
        if session is None:
            return "no session"
        return f"{session.record.state}: {session.count.n} of {session.record.spec.target}"
