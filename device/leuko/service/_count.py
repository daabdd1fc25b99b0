"""The count: the open session, what counts for it, and its way to the disk."""

import logging

from leuko.calibration import WBCEstimate
from leuko.cells import RGBImage
from leuko.control import SeenSlide
from leuko.errors import SessionError, StoreError
from leuko.live import LiveCounter
from leuko.service._beginning import begun_with, identified, refuse_second_session
from leuko.service._copies import Copies
from leuko.service._guess import WBCGuess
from leuko.service._laboratory import NewCells, recall_laboratory
from leuko.service._parts import Parts
from leuko.service._scale import ScaleFinder
from leuko.service._session import OpenSession
from leuko.service._session_ground import SessionGround
from leuko.service._slide_picture import keep_slide_picture
from leuko.service._stain import StainGuard
from leuko.service._wbc import WBCNotes
from leuko.status import Guidance, SessionState, Target
from leuko.tracking import LedgerChange

logger = logging.getLogger(__name__)

_COPY_S = 600.0


class LiveCount:
    """Counts into the open session; follows the slide without one, so that none begins blindly.

    Attributes:
        session: the session seen last, open or closed; None before the first.
        guidance: instruction to the person, from the newest frame.
        segment: stretch of the slide that was seen last; 0 before the first.
        fault: why what was counted cannot be kept, a sentence; empty while it can.
    """

    def __init__(self, parts: Parts) -> None:
        """Take up the session that was open when the last service ended, if there is one."""
        self._parts = parts
        self._copies = Copies(parts.store.keep_copy, every_s=_COPY_S)
        self._finder = ScaleFinder()
        self._new_cells = NewCells(parts.backend)
        self._stain = StainGuard(parts.stain, parts.store)
        self._ground = SessionGround(parts.ground)
        self.guidance = Guidance.NONE
        self.segment = 0
        self.fault = ""
        record = parts.store.active_session()
        self.session = OpenSession(parts.store, record) if record else None
        if record:
            recall_laboratory(parts.backend, parts.store, record.id)
        self._seen_at_end: SeenSlide | None = None
        self._um_per_px = (record.spec.um_per_px if record else None) or parts.um_per_px
        self._counter = self._resumed_counter()
        notes = WBCNotes(parts.wbc_factor, parts.store)
        self._guess = WBCGuess(notes, lambda: (self.session, self._counter))

    @property
    def open_session(self) -> OpenSession:
        """The session that is open.

        Raises:
            SessionError: none is.
        """
        if self.session is None or not self.session.is_open:
            raise SessionError("no session is open; start one")
        return self.session

    @property
    def scale_notice(self) -> str:
        """What a person is told while the scale is looked for; else empty."""
        return self._finder.notice

    @property
    def stain_notice(self) -> str:
        """What a person is told of the stain; empty while it is as calibrated."""
        return self._stain.notice

    @property
    def wbc(self) -> WBCEstimate | None:
        """What the session lets one guess of the leukocytes in blood; None without a factor."""
        return self._guess.value

    def take(self, rgb: RGBImage) -> None:
        """Count a frame, or look for the scale in it while that is not known.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB.
        """
        if self._counter is None:
            self._find_scale(rgb)
            return
        is_counting = self.session is not None and self.session.is_counting
        update = self._counter.see(rgb, is_counting=is_counting)
        self.guidance = update.guidance
        position = update.located.position
        self.segment = position.segment if position else self.segment
        self.keep(update.change)
        self._stain.see(update.change.new)
        self._new_cells.see(update.change.new)

    def keep(self, change: LedgerChange) -> None:
        """Keep what a frame brought; on a disk that takes nothing it waits, and `fault` says so."""
        session = self.session
        if session is None or not session.is_open:
            return
        try:
            session.keep(change)
            self.heed_target(session)
        except StoreError as error:
            if not self.fault:
                logger.warning("what was counted cannot be kept yet: %s", error)
            self.fault = str(error)
        else:
            self.fault = ""
            self._copies.make_if_due()

    def keep_waiting(self) -> None:
        """Try again to keep what waits for the disk: there may be room, and no frame comes."""
        if self.fault:
            self.keep(LedgerChange())

    def heed_target(self, session: OpenSession) -> None:
        """Stop at the target, and go on where it is no longer reached.

        Raises:
            StoreError: it cannot be kept.
        """
        if session.is_reached and session.record.state is SessionState.COUNTING:
            session.set_state(SessionState.REACHED, asked_by="the target")
            self._rests(session)
            logger.info("session %d reached its target", session.record.id)
        elif not session.is_reached and session.record.state is SessionState.REACHED:
            # The target was raised, or two of the counted cells turned out to be one.
            self._ground.forget()
            session.set_state(SessionState.COUNTING, asked_by="the target")
            logger.info("session %d goes on", session.record.id)

    def start(self, specimen: str, *, operator: str, target: Target | None, asked_by: str) -> None:
        """Start a session; see `leuko.control.Controls`."""
        specimen = identified(specimen)
        self._take_up()
        refuse_second_session(self.session)
        spec = begun_with(
            self._parts, specimen, operator=operator, target=target, um_per_px=self._um_per_px
        )
        record = self._parts.store.start_session(spec, asked_by=asked_by)
        self.session, self._seen_at_end = OpenSession(self._parts.store, record), None
        self._counter = self._new_counter()
        self._parts.backend.begin_specimen()
        self._guess.session_began()
        logger.info("session %d started by %s", record.id, asked_by)

    def pause(self, *, asked_by: str) -> None:
        """Let the open session rest; see `leuko.control.Controls`."""
        session = self.open_session
        session.set_state(SessionState.PAUSED, asked_by=asked_by)
        self._rests(session)

    def resume(self, *, asked_by: str) -> None:
        """Let the open session go on; see `leuko.control.Controls`."""
        session = self.open_session
        if session.is_reached:
            # Nothing more is searched: its estimate and its ground stand.
            session.set_state(SessionState.REACHED, asked_by=asked_by)
            return
        self._ground.forget()
        session.set_state(SessionState.COUNTING, asked_by=asked_by)

    def close(self, state: SessionState, *, asked_by: str) -> None:
        """Finish or discard the open session; see `leuko.control.Controls`."""
        session = self.open_session
        # While something waits for the disk the session must not be closed without it.
        session.keep(self._held_back())
        # Its cells keep their places from now on, whatever is seen.
        seen = self._seen_now()
        self._guess.note(session)
        lacks = keep_slide_picture(self._parts.store, seen) if seen else ""
        session.set_state(state, asked_by=asked_by)
        if lacks:
            logger.warning("session %d is closed without its picture: %s", session.record.id, lacks)
        self._seen_at_end = seen
        self._forget_scale()
        self._copies.make()
        logger.info("session %d %s by %s", session.record.id, state, asked_by)

    def stop(self) -> None:
        """Keep what is held back: the service ends, and its session goes on with the next."""
        self.keep(self._held_back())
        self._keep_ground()
        self._copies.wait()
        if (session := self.session) and session.is_open:
            logger.info(
                "session %d stays open with %d counted, and goes on with the next start",
                session.record.id,
                session.count.n,
            )

    def seen_slide(self) -> SeenSlide:
        """Return what was seen of the slide; see `leuko.control.Controls`."""
        seen = self._seen_at_end or self._seen_now()
        if seen is None:
            raise SessionError(
                "nothing of the slide has been seen yet; focus, move over it and ask again"
            )
        return seen

    def _rests(self, session: OpenSession) -> None:
        self._guess.note(session)
        self._keep_ground()

    def _keep_ground(self) -> None:
        session, counter = self.session, self._counter
        # Cells that wait for the disk are lost: their ground would go without them.
        if session and session.is_open and counter and self._um_per_px and not self.fault:
            self._ground.keep(session, counter, um_per_px=self._um_per_px)

    def _held_back(self) -> LedgerChange:
        return self._counter.settle() if self._counter else LedgerChange()

    def _seen_now(self) -> SeenSlide | None:
        overview = self._counter.overview() if self._counter else None
        session = self.session if self.session and self.session.is_open else None
        return SeenSlide(overview, session.record.id if session else None) if overview else None

    def _take_up(self) -> None:
        if self.session is None or not self.session.is_open:
            # One that was begun but could not be read then would block every other.
            record = self._parts.store.active_session()
            if record:
                self.session, self._seen_at_end = OpenSession(self._parts.store, record), None
                self._counter = self._resumed_counter()

    def _forget_scale(self) -> None:
        """Keep only a scale that is stated or calibrated: the next objective may be another one."""
        self._um_per_px = self._parts.um_per_px
        if self._um_per_px is None:
            self._counter, self.guidance = None, Guidance.NONE
            self._finder = ScaleFinder()

    def _resumed_counter(self) -> LiveCounter | None:
        """Return a counter that goes on from what was searched for the open session before."""
        counter, session = self._new_counter(), self.session
        if counter and session and self._um_per_px:
            self._ground.hand_on(session, counter, um_per_px=self._um_per_px)
        return counter

    def _new_counter(self) -> LiveCounter | None:
        if self._um_per_px is None:
            return None
        session = self.session if self.session and self.session.is_open else None
        self._stain.take_up(session.record if session else None)
        return self._parts.make_counter(self._um_per_px, session)

    def _find_scale(self, rgb: RGBImage) -> None:
        self._um_per_px = self._finder.see(rgb)
        if self._um_per_px:
            logger.info("scale %.4f µm per pixel, from the red cells", self._um_per_px)
            self._counter = self._new_counter()
