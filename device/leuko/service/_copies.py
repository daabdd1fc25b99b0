"""Copies of the store, made beside the count."""

import logging
import threading
import time
from collections.abc import Callable

from leuko.errors import StoreError

logger = logging.getLogger(__name__)

_WAIT_S = 5.0


class Copies:
    """Makes a copy now and then, in a thread of its own, so that no frame waits for the disk."""

    def __init__(self, make: Callable[[], None], *, every_s: float) -> None:
        """Begin without a copy.

        Args:
            make: makes one; `leuko.store.Store.keep_copy`.
            every_s: how old the last one may become while there is news.
        """
        self._make = make
        self._every_s = every_s
        self._made_s = time.monotonic()
        self._thread: threading.Thread | None = None

    def make_if_due(self) -> None:
        """Begin a copy if the last one is too old."""
        if time.monotonic() - self._made_s >= self._every_s:
            self.make()

    def make(self) -> None:
        """Begin a copy, unless one is being made."""
        if self._thread and self._thread.is_alive():
            return
        self._made_s = time.monotonic()
        # What an end cuts off is prepared beside the copy there is, which stays.
        self._thread = threading.Thread(target=self._run, name="leuko copy", daemon=True)
        self._thread.start()

    def wait(self, at_most_s: float = _WAIT_S) -> None:
        """Wait for a copy that is being made: whoever opens the store next must not meet it.

        Args:
            at_most_s: how long; a disk that hangs must not keep the service from ending.
        """
        if self._thread:
            self._thread.join(at_most_s)
            if self._thread.is_alive():
                logger.warning("a copy of the sessions is not ready after %g s", at_most_s)

    def _run(self) -> None:
        try:
            self._make()
        except StoreError as error:
            # The store itself is sound, and says on its own when the disk is full.
            logger.warning("no copy of the sessions could be made: %s", error)
