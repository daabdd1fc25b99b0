"""Shows what is newest on a display without ever holding up the count."""

import functools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Self, TypeVar

from leuko.displays._base import Display
from leuko.errors import DisplayError, SettingsError
from leuko.shown import Shown
from leuko.status import Health, Level, LiveStatus

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

SILENT_S = 5.0
"""Seconds after which a display that takes a picture is taken for one that hangs."""


class DisplayThread:
    """A display in a thread of its own: what is newest wins, and it may fail or hang.

    A display that cannot be opened, or is gone, is closed and opened again, each time after
    twice the wait. The thread is a daemon: not even a display that hangs keeps the process alive.
    """

    def __init__(
        self,
        open_display: Callable[[], Display],
        *,
        period_s: float = 0.1,
        redraw_s: float = 1.0,
        first_wait_s: float = 1.0,
        longest_wait_s: float = 30.0,
    ) -> None:
        """Begin to open the display.

        Args:
            open_display: opens it, in the thread, such as `load_display` with its arguments.
            period_s: least time from one picture to the next.
            redraw_s: time after which what looks as before is drawn all the same: a display that
                is gone must be noticed, and what a console paints over the count must go.
            first_wait_s: time from the first failure to the next try.
            longest_wait_s: what that time grows to.
        """
        self._open_display = open_display
        self._period_s = period_s
        self._redraw_s = redraw_s
        self._waits_s = (first_wait_s, longest_wait_s)
        self._news = threading.Condition()
        self._newest: Shown | None = None
        self._ended = threading.Event()
        self._health = Health(Level.OK, "opening")
        self._busy_since: float | None = None
        self._hung_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, shown: Shown) -> None:
        """Have something shown as soon as the display is free; return at once."""
        with self._news:
            self._newest = shown
            self._news.notify()

    @property
    def health(self) -> Health:
        """How the display is; the first to learn that it hangs has it in the log."""
        busy_since = self._busy_since
        if busy_since is not None and time.monotonic() - busy_since > SILENT_S:
            hangs = Health(Level.FAULT, "hangs; look at its cable, and restart the service")
            if self._hung_since != busy_since:
                self._hung_since = busy_since
                logger.warning("display: %s", hangs.text)
            return hangs
        if not self._thread.is_alive() and not self._ended.is_set():
            return Health(Level.FAULT, "stopped by an error in the program; see the log")
        return self._health

    def close(self, timeout_s: float = 2.0) -> None:
        """Clear and close the display; give up on one that hangs. Later calls do nothing."""
        self._ended.set()
        with self._news:
            self._news.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        first_s, longest_s = self._waits_s
        wait_s = first_s
        while not self._ended.is_set():
            started = time.monotonic()
            try:
                self._show_all()
            except (DisplayError, SettingsError) as error:
                # One that worked for a while is not waited for as long as one that never did.
                wait_s = first_s if time.monotonic() - started > longest_s else wait_s
                self._report(Health(Level.FAULT, f"{error}"))
                self._ended.wait(wait_s)
                wait_s = min(longest_s, 2 * wait_s)

    def _show_all(self) -> None:
        """Open the display and show what comes, until the end or a failure."""
        display = self._watched(self._open_display)
        try:
            shown, drawn_s = None, 0.0
            while (status := self._next_after(shown)) is not None:
                is_due = time.monotonic() - drawn_s >= self._redraw_s
                if is_due or not _look_alike(shown, status):
                    self._watched(functools.partial(display.show, status))
                    # Opened is not yet well: one that takes no picture would come and go for ever.
                    self._report(Health(Level.OK, display.name))
                    drawn_s = time.monotonic()
                    self._ended.wait(self._period_s)
                shown = status
        finally:
            self._watched(display.close)

    def _next_after(self, shown: Shown | None) -> Shown | None:
        """Wait for a status that is not shown yet; None at the end."""
        with self._news:
            self._news.wait_for(lambda: self._newest is not shown or self._ended.is_set())
            return None if self._ended.is_set() else self._newest

    def _watched(self, call: Callable[[], _T]) -> _T:
        """Return what a call of the driver returns; `health` knows how long it takes."""
        self._busy_since = time.monotonic()
        try:
            return call()
        finally:
            self._busy_since = None

    def _report(self, health: Health) -> None:
        # What hung and works again is as it was before, and the log's last word is that it hangs.
        has_hung, self._hung_since = self._hung_since is not None, None
        if has_hung or health != self._health:
            level = logging.INFO if health.level is Level.OK else logging.WARNING
            logger.log(level, "display: %s", health.text)
        self._health = health


def _look_alike(one: Shown | None, other: Shown) -> bool:
    """Return whether two statuses are drawn alike: drawing takes the count 5 ms of a frame."""
    if not (isinstance(one, LiveStatus) and isinstance(other, LiveStatus)):
        return False
    if one.last_cell is not other.last_cell:
        return False
    return _drawn(one) == _drawn(other)


def _drawn(status: LiveStatus) -> LiveStatus:
    frames_per_s = float(round(status.frames_per_s))
    return replace(status, last_cell=None, captured_s=0.0, frames_per_s=frames_per_s)
