"""The loop: a frame from the camera, its cells to the disk, the count to the display."""

import logging
import threading
from dataclasses import replace

from leuko.cameras import Frame
from leuko.clock import now
from leuko.control import SeenSlide
from leuko.counting import DifferentialCount
from leuko.errors import SessionError, StoreError
from leuko.live import LiveCounter
from leuko.service._copies import Copies
from leuko.service._logbook import Logbook
from leuko.service._pace import Lately, Rate
from leuko.service._parts import Parts
from leuko.service._scale import ScaleFinder
from leuko.service._session import OpenSession, changed_since
from leuko.service._stain import StainGuard
from leuko.service._wbc import WBCNotes
from leuko.status import Guidance, Health, Level, LiveStatus, SessionState, Target
from leuko.tracking import LedgerChange

logger = logging.getLogger(__name__)

_WAIT_S = 0.2
_HEALTH_S = 10.0
_COPY_S = 600.0


class LiveService:
    """Counts until it is stopped; fulfils `leuko.control.Controls` between two frames."""

    def __init__(self, parts: Parts) -> None:
        """Take up the session that was open when the last service ended, if there is one."""
        self._parts = parts
        self._stop = threading.Event()
        self._rate = Rate()
        self._disk = Lately(parts.store.disk_health, every_s=_HEALTH_S)
        self._clock = Lately(_clock_health, every_s=_HEALTH_S)
        self._lockout = Lately(parts.lockout, every_s=_HEALTH_S)
        self._copies = Copies(parts.store.keep_copy, every_s=_COPY_S)
        self._guidance = Guidance.NONE
        self._segment = 0
        self._captured_s = 0.0
        self._fault = ""
        self._logbook = Logbook(parts.store)
        record = parts.store.active_session()
        notices = (
            parts.bundle_notice,
            parts.store.opening.notice,
            changed_since(record, parts.spec),
        )
        self._notice = "; ".join(filter(None, notices))
        self._session = OpenSession(parts.store, record) if record else None
        self._seen_at_end: SeenSlide | None = None
        restored = record.spec.um_per_px if record else None
        self._has_restored_scale = restored is not None
        self._um_per_px = restored or parts.um_per_px
        self._finder = ScaleFinder()
        self._stain = StainGuard(parts.stain, parts.store)
        self._wbc = WBCNotes(parts.wbc_factor, parts.store)
        self._counter = self._new_counter()

    def run(self) -> None:
        """Count until `stop` is called or the camera's source has come to its end."""
        parts = self._parts
        self._logbook.started(parts.spec, parts.bundle_notice)
        parts.notifier.ready()
        logger.info("counting with %s", parts.camera.name)
        while not (self._stop.is_set() or parts.camera.has_ended):
            parts.commands.run_pending(self)
            frame = parts.camera.read(_WAIT_S)
            if self._logbook.has_news_of(parts.camera.health):
                parts.notifier.says(self._line())
            if frame is None:
                self._tell_of_backend()
                self._show()
            else:
                self.take(frame)
        parts.notifier.stopping()
        self._keep(self._held_back())
        self._copies.wait()
        self._logbook.stopped("asked to" if self._stop.is_set() else "no more frames")

    def stop(self) -> None:
        """End after the present frame; may be called from any thread and from a signal."""
        self._stop.set()

    def take(self, frame: Frame) -> None:
        """Carry one frame through, from pixels to the display."""
        if self._counter is None:
            self._find_scale(frame)
        else:
            update = self._counter.see(frame.rgb, is_counting=self._is_counting)
            self._guidance = update.guidance
            position = update.located.position
            self._segment = position.segment if position else self._segment
            self._keep(update.change)
            self._stain.see(update.change.new)
        self._rate.tick()
        self._captured_s = frame.captured_s
        self._tell_of_backend()
        self._show()
        self._parts.notifier.alive(self._line())

    def status(self) -> LiveStatus:
        """See `leuko.control.Controls`."""
        session, parts = self._session, self._parts
        state = session.record.state if session else SessionState.IDLE
        camera = parts.camera.health
        disk = Health(Level.FAULT, self._fault) if self._fault else self._disk.value
        return LiveStatus(
            state=state,
            specimen=session.record.spec.specimen if session else "",
            target=session.record.spec.target if session else parts.spec.target,
            count=session.count if session else DifferentialCount.from_tally({}),
            guidance=self._shown_guidance(state, camera),
            last_cell=session.last_cell if session else None,
            camera=camera,
            accelerator=parts.backend.health,
            disk=disk,
            clock=self._clock.value,
            segment=self._segment,
            frames_per_s=self._rate.per_s,
            captured_s=self._captured_s,
            notice=parts.bench_notice()
            or self._notice
            or ("" if state.is_open else self._lockout.value)
            or self._finder.notice,
            stain=self._stain.notice,
        )

    def seen_slide(self) -> SeenSlide:
        """See `leuko.control.Controls`."""
        seen = self._seen_at_end or self._seen_now()
        if seen is None:
            raise SessionError(
                "nothing of the slide has been seen yet; focus, move over it and ask again"
            )
        return seen

    def start(
        self, specimen: str, *, operator: str, target: Target | None, asked_by: str
    ) -> LiveStatus:
        """See `leuko.control.Controls`."""
        if not (specimen := " ".join(specimen.split())):
            raise SessionError(
                "no session may begin without the specimen's id; type or scan it and press Enter, "
                "or use: leuko session start SPECIMEN"
            )
        self._take_up()
        if self._session and self._session.is_open:
            record = self._session.record
            raise SessionError(
                f"session {record.id} ({record.spec.specimen or 'no id'}) is open; "
                "finish or discard it first"
            )
        if locked := self._parts.lockout():
            raise SessionError(f"no session may begin: {locked}")
        if self._um_per_px is None:
            raise SessionError(
                "the scale of the pictures is not known yet; move over sharp red cells and try "
                "again in a few seconds, or set um_per_px"
            )
        spec = replace(
            self._parts.spec,
            specimen=specimen,
            operator=operator,
            target=target or self._parts.spec.target,
            um_per_px=self._um_per_px,
        )
        record = self._parts.store.start_session(spec, asked_by=asked_by)
        self._session, self._seen_at_end = OpenSession(self._parts.store, record), None
        self._counter = self._new_counter()
        self._wbc.begin(record)
        self._notice = self._parts.bundle_notice
        logger.info("session %d started by %s", record.id, asked_by)
        return self.status()

    def set_target(self, target: Target, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        session = self._open_session()
        session.set_target(target, asked_by=asked_by)
        # What was seen beyond the old target comes first.
        self._keep(LedgerChange())
        return self.status()

    def pause(self, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        session = self._open_session()
        session.set_state(SessionState.PAUSED, asked_by=asked_by)
        self._note_wbc(session)
        return self.status()

    def resume(self, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        session = self._open_session()
        session.set_state(SessionState.COUNTING, asked_by=asked_by)
        self._heed_target(session)
        return self.status()

    def finish(self, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        return self._close(SessionState.FINISHED, asked_by)

    def discard(self, *, asked_by: str) -> LiveStatus:
        """See `leuko.control.Controls`."""
        return self._close(SessionState.DISCARDED, asked_by)

    @property
    def _is_counting(self) -> bool:
        return self._session is not None and self._session.is_counting

    def _open_session(self) -> OpenSession:
        if self._session is None or not self._session.is_open:
            raise SessionError("no session is open; start one")
        return self._session

    def _close(self, state: SessionState, asked_by: str) -> LiveStatus:
        session = self._open_session()
        # While something waits for the disk the session must not be closed without it.
        session.keep(self._held_back())
        # Its cells keep their places from now on, whatever is seen.
        seen = self._seen_now()
        self._note_wbc(session)
        session.set_state(state, asked_by=asked_by)
        self._seen_at_end = seen
        self._forget_restored_scale()
        self._copies.make()
        logger.info("session %d %s by %s", session.record.id, state, asked_by)
        return self.status()

    def _note_wbc(self, session: OpenSession) -> None:
        fields = self._counter.fields if self._counter else 0.0
        self._wbc.note(session.record, session.count, fields=fields)

    def _held_back(self) -> LedgerChange:
        return self._counter.settle() if self._counter else LedgerChange()

    def _seen_now(self) -> SeenSlide | None:
        overview = self._counter.overview() if self._counter else None
        session = self._session if self._session and self._session.is_open else None
        return SeenSlide(overview, session.record.id if session else None) if overview else None

    def _take_up(self) -> None:
        if self._session is None or not self._session.is_open:
            # One that was begun but could not be read then would block every other.
            record = self._parts.store.active_session()
            if record:
                self._session, self._seen_at_end = OpenSession(self._parts.store, record), None
                self._counter = self._new_counter()

    def _forget_restored_scale(self) -> None:
        if self._has_restored_scale:
            # The objective may have been another one.
            self._um_per_px, self._has_restored_scale = self._parts.um_per_px, False
            if self._um_per_px is None:
                self._counter, self._guidance = None, Guidance.NONE

    def _new_counter(self) -> LiveCounter | None:
        if self._um_per_px is None:
            return None
        session = self._session if self._session and self._session.is_open else None
        self._stain.take_up(session.record if session else None)
        return self._parts.make_counter(self._um_per_px, session)

    def _find_scale(self, frame: Frame) -> None:
        self._um_per_px = self._finder.see(frame.rgb)
        if self._um_per_px:
            logger.info("scale %.4f µm per pixel, from the red cells", self._um_per_px)
            self._counter = self._new_counter()

    def _keep(self, change: LedgerChange) -> None:
        session = self._session
        if session is None or not session.is_open:
            return
        try:
            session.keep(change)
            self._heed_target(session)
        except StoreError as error:
            if not self._fault:
                logger.exception("what was counted cannot be kept yet")
            self._fault = str(error)
        else:
            self._fault = ""
            self._copies.make_if_due()

    def _heed_target(self, session: OpenSession) -> None:
        if session.is_reached and session.record.state is SessionState.COUNTING:
            session.set_state(SessionState.REACHED, asked_by="the target")
            self._note_wbc(session)
            logger.info("session %d reached its target", session.record.id)
        elif not session.is_reached and session.record.state is SessionState.REACHED:
            # The target was raised, or two of the counted cells turned out to be one.
            session.set_state(SessionState.COUNTING, asked_by="the target")
            logger.info("session %d goes on", session.record.id)

    def _shown_guidance(self, state: SessionState, camera: Health) -> Guidance:
        if camera.level is Level.FAULT:
            return Guidance.NO_CAMERA
        if state in {SessionState.PAUSED, SessionState.FINISHED, SessionState.DISCARDED}:
            return Guidance.NONE
        return Guidance.DONE if state is SessionState.REACHED else self._guidance

    def _tell_of_backend(self) -> None:
        backend, session = self._parts.backend, self._session
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
        if self._session is None:
            return "no session"
        record = self._session.record
        return f"{record.state}: {self._session.count.n} of {record.spec.target}"


def _clock_health() -> Health:
    moment = now()
    if moment.clock_is_set:
        return Health(Level.OK, f"{moment.wall:%H:%M} UTC")
    return Health(Level.WARNING, "clock not set")
