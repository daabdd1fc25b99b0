"""What happened to the service itself, in the log that the sessions are kept with."""

import logging

from leuko import __version__
from leuko.errors import StoreError
from leuko.status import Health, Level
from leuko.store import SessionSpec, Store

logger = logging.getLogger(__name__)


class Logbook:
    """Notes starts, ends and what becomes of the camera; a full disk stops none of them."""

    def __init__(self, store: Store) -> None:
        """Begin with a camera that nothing is wrong with.

        Args:
            store: has the log.
        """
        self._store = store
        self._camera_is_lost = False

    def started(self, spec: SessionSpec, bundle_notice: str = "") -> None:
        """Note that the service runs from now on.

        Args:
            spec: what its sessions are begun with.
            bundle_notice: what became of the bundle that was chosen, if that is another.
        """
        outcome = self._store.opening.outcome
        if notice := self._store.opening.notice:
            logger.warning("%s", notice)
        detail = {"bundle": spec.bundle, "store": outcome}
        if bundle_notice:
            detail["bundle_notice"] = bundle_notice
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

    def _note(self, kind: str, **detail: object) -> None:
        try:
            session = self._store.active_session()
            self._store.note(kind, session.id if session else None, **detail)
        except StoreError as error:
            logger.warning("%s, and the log cannot say so: %s", kind, error)
