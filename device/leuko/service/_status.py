"""What a person is told: the count, what is around it, and one line of what must be known."""

from leuko.calibration import WBCEstimate
from leuko.clock import now
from leuko.counting import DifferentialCount
from leuko.service._changes import Changes
from leuko.service._count import LiveCount
from leuko.service._pace import Lately
from leuko.service._parts import Parts
from leuko.status import EstimatedWBC, Guidance, Health, Level, LiveStatus, SessionState

_HEALTH_S = 10.0


class StatusBoard:
    """Puts together what the display and the socket tell."""

    def __init__(self, parts: Parts, changes: Changes) -> None:
        """Begin with what the start brought.

        Args:
            parts: of the service.
            changes: since the session that goes on was begun.
        """
        self._parts = parts
        self._disk = Lately(parts.store.disk_health, every_s=_HEALTH_S)
        self._clock = Lately(_clock_health, every_s=_HEALTH_S)
        self._lockout = Lately(parts.lockout, every_s=_HEALTH_S)
        self._notices = (parts.bundle_notice, parts.store.opening.notice)
        self._changes = changes

    def session_began(self) -> None:
        """Tell no longer what concerned an earlier session."""
        self._notices, self._changes = (self._parts.bundle_notice, ""), Changes()

    def status(self, count: LiveCount, *, frames_per_s: float, captured_s: float) -> LiveStatus:
        """Return what is shown now.

        Args:
            count: as far as it is kept.
            frames_per_s: how many are counted.
            captured_s: when the newest one was taken.
        """
        session, parts = count.session, self._parts
        state = session.record.state if session else SessionState.IDLE
        camera = parts.camera.health
        return LiveStatus(
            state=state,
            specimen=session.record.spec.specimen if session else "",
            target=session.record.spec.target if session else parts.spec.target,
            count=session.count if session else DifferentialCount.from_tally({}),
            guidance=_guidance(count, state, camera),
            last_cell=session.last_cell if session else None,
            camera=camera,
            accelerator=parts.backend.health,
            disk=Health(Level.FAULT, count.fault) if count.fault else self._disk.value,
            clock=self._clock.value,
            segment=count.segment,
            frames_per_s=frames_per_s,
            captured_s=captured_s,
            notice=self._told(count, state),
            stain=count.stain_notice,
            bench=parts.bench_health(),
            estimated_wbc=_guessed(count.wbc),
        )

    def _told(self, count: LiveCount, state: SessionState) -> str:
        if notice := self._parts.bench_notice():
            return notice
        locked = "" if state.is_open else self._lockout.value
        # Small displays show the beginning: why no session can begin must not hide behind the rest.
        changed = self._changes.notice(is_open=state.is_open)
        return "; ".join(filter(None, (locked, count.scale_notice, *self._notices, changed)))


def _guessed(found: WBCEstimate | None) -> EstimatedWBC | None:
    if found is None or found.per_litre is None or found.within_percent is None:
        return None
    return EstimatedWBC(found.per_litre, found.within_percent, found.detail)


def _guidance(count: LiveCount, state: SessionState, camera: Health) -> Guidance:
    if camera.level is Level.FAULT:
        return Guidance.NO_CAMERA
    if state in {SessionState.PAUSED, SessionState.FINISHED, SessionState.DISCARDED}:
        return Guidance.NONE
    return Guidance.DONE if state is SessionState.REACHED else count.guidance


def _clock_health() -> Health:
    moment = now()
    if moment.clock_is_set:
        return Health(Level.OK, f"{moment.wall:%H:%M} UTC")
    return Health(Level.WARNING, "not set, dates may be wrong; run leuko doctor")
