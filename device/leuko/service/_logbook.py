"""What happened to the service itself, in the log that the sessions are kept with."""

import logging
from collections.abc import Mapping, Sequence

from leuko import __version__
from leuko.backends import Backend, Event, Verdict
from leuko.errors import StoreError
from leuko.service._changes import LOG_NAME, Changes
from leuko.status import Health, Level
from leuko.store import SessionSpec, Store

logger = logging.getLogger(__name__)


class Logbook:
    """Notes starts, ends, and what becomes of camera, accelerators, keypad, buttons and display.

    Each of these says in the service's own log what becomes of it.
    A full disk stops none of them.
    """

    def __init__(self, store: Store) -> None:
        """Begin with a camera and a bench that nothing is wrong with.

        Args:
            store: has the log.
        """
        self._store = store
        self._camera_is_lost = False
        self._lost: set[str] = set()
        self._told: tuple[int | None, Backend] | None = None

    def started(self, spec: SessionSpec, changes: Changes, bundle_notice: str = "") -> None:
        """Note that the service runs from now on.

        Args:
            spec: what its sessions are begun with.
            changes: since the session that goes on was begun.
            bundle_notice: what became of the bundle that was chosen, if that is another.
        """
        outcome = self._store.opening.outcome
        if notice := self._store.opening.notice:
            logger.warning("%s", notice)
        detail: dict[str, object] = {"bundle": spec.bundle, "store": outcome}
        if bundle_notice:
            detail["bundle_notice"] = bundle_notice
        if "number" in spec.calibration:
            detail["calibration"] = str(spec.calibration["number"])
        if changes.sentences:
            logger.warning("%s", changes.notice(is_open=True))
            detail[LOG_NAME] = list(changes.sentences)
        self._note("service started", version=__version__, **detail)

    def stopped(self, cause: str) -> None:
        """Note that the service ends in an orderly way."""
        self._note("service stopped", cause=cause)

    def has_news_of(self, camera: Health) -> bool:
        """Note whether the camera was lost or has come back; return whether either is so."""
        is_lost = camera.level is Level.FAULT
        if is_lost == self._camera_is_lost:
            return False
        self._camera_is_lost = is_lost
        self._note("camera lost" if is_lost else "camera back", camera=camera.text)
        return True

    def tell_of_bench(self, bench: Mapping[str, Health]) -> None:
        """Note which parts of the bench were lost or have come back.

        Args:
            bench: how keypad, buttons and display are, by name.
        """
        for name, health in bench.items():
            is_lost = health.level is not Level.OK
            if is_lost == (name in self._lost):
                continue
            self._lost ^= {name}
            kind = f"{name} lost" if is_lost else f"{name} back"
            self._note(kind, **{name: health.text})

    def tell_of_backend(
        self, events: Sequence[Event], runs_on: Verdict, *, session: int | None
    ) -> None:
        """Note what happened to accelerators, and what runs the models where that is news.

        Args:
            events: what happened since the last call.
            runs_on: the backend of the next frame.
            session: id of the session, each of which is told once; None without one.
        """
        for event in events:
            self._note(event.kind, **event.verdict.detail())
        if (session, runs_on.backend) != self._told:
            self._told = session, runs_on.backend
            self._note("models run on", **runs_on.detail())

    def _note(self, kind: str, **detail: object) -> None:
        try:
            session = self._store.active_session()
            self._store.note(kind, session.id if session else None, **detail)
        except StoreError as error:
            logger.warning("%s, and the log cannot say so: %s", kind, error)
