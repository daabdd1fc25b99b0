"""A camera in a process of its own, watched, and opened again when it fails."""

import logging
import time
from dataclasses import replace

from leuko.cameras._base import CameraOptions, Frame
from leuko.cameras._child import CameraChild
from leuko.cameras._controls import Locks
from leuko.cameras._found import Found
from leuko.cameras._loading import find_driver
from leuko.cameras._messages import Ended, Failed, Flawed, Fresh, Locked, Message, Opened
from leuko.cameras._patience import BackOff, Patience
from leuko.errors import CameraError
from leuko.status import Health, Level

logger = logging.getLogger(__name__)


class CameraProcess:
    """Gives the newest sound picture of any camera, and outlives that camera's faults.

    A camera that hangs, repeats itself, is unplugged, or gives garbage or pictures of another size
    is noticed, its process is killed, and another one opens it again, with the exposure and colours
    it was locked at. Nothing that is older than the allowed silence is ever returned.

    Made, read and closed in one thread; the camera's process dies with that thread.
    """

    def __init__(
        self,
        driver: str,
        options: CameraOptions,
        *,
        silence_s: float = 2.0,
        opening_s: float = 15.0,
    ) -> None:
        """Start opening the camera and return at once.

        Args:
            driver: an installed driver's name, or ``module:Class``.
            options: how to open it. With 0 frames a second no picture is dropped: the source waits
                for each to be read.
            silence_s: within how long without a sound picture a fault is noticed. A source slower
                than that is given three of its periods, one that is no hardware five times as long.
            opening_s: how long opening, locking and the first picture may take; five times as long
                where that is no hardware.

        Raises:
            SettingsError: there is no such driver.
        """
        find_driver(driver)
        self._patience = Patience.with_driver(
            driver, options, silence_s=silence_s, opening_s=opening_s
        )
        self._driver = driver
        self._options = options
        self._name = f"{driver} {options.source}".strip()
        self._health = Health(Level.WARNING, f"opening {self._name}")
        self._back_off = BackOff()
        self._has_ended = False
        self._is_closed = False
        self._first_number = 0
        self._last_number = -1
        self._child: CameraChild | None = None
        self._found: Found | None = None
        self._locked: Locked | None = None
        self._open()

    @property
    def name(self) -> str:
        """What a person calls the camera, for the display and the log."""
        return self._name

    @property
    def found(self) -> Found | None:
        """How the camera was opened last; None before it was."""
        self._look_after()
        return self._found

    @property
    def opening_s(self) -> float:
        """How long it may take to its first picture."""
        return self._patience.opening_s

    @property
    def remedy(self) -> str:
        """What to do where it gives no pictures."""
        return self._patience.or_too_busy("look at its cable and the lamp")

    def refuse_if_there_is_nothing(self) -> None:
        """Refuse a source without hardware that failed to open; a camera may be plugged in later.

        Waits for nothing: while it is still being opened it is not refused.

        Raises:
            CameraError: there is nothing to show, or too little of the computer to show it.
        """
        if self._patience.is_hardware or self.found or self.has_ended:
            return
        if self.health.level is Level.FAULT:
            raise CameraError(self._health.text)

    @property
    def has_ended(self) -> bool:
        """Whether the source has come to its end and its last picture has been read."""
        return self._has_ended and not (self._child and self._child.has_unread)

    @property
    def health(self) -> Health:
        """How the camera is at this moment."""
        self._look_after()
        return self._health

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest picture not read before.

        Its number counts on when the camera is opened again; a gap means dropped or flawed ones.

        Args:
            timeout_s: how long to wait for one at most.

        Returns:
            The picture, the caller's own; None if none came in time or the source has ended.
        """
        until = time.monotonic() + timeout_s
        while True:
            self._look_after()
            frame = self._take()
            left_s = until - time.monotonic()
            if frame or self.has_ended or self._is_closed or left_s <= 0:
                return frame
            self._wait(left_s)

    def lock(self, locks: Locks, *, timeout_s: float = 10.0) -> None:
        """Set controls; every picture read afterwards shows them, also of a camera opened again.

        Args:
            locks: what to set; the others stay.
            timeout_s: how long to wait for the camera.

        Raises:
            CameraError: it has no such control, does not take the value, or is gone.
        """
        self._locked = None
        if self._child:
            self._child.ask_for_locks(locks)
        answer = self._awaited_locks(time.monotonic() + timeout_s)
        if answer is None:
            remedy = self._patience.or_too_busy("check its cable and try again")
            raise CameraError(f"{self._name} does not answer; {remedy}")
        if answer.refusal:
            raise CameraError(answer.refusal)
        # What lies there may have been exposed before.
        self._take()

    def close(self) -> None:
        """Close the camera and end its process; later calls do nothing."""
        self._is_closed = True
        if self._child:
            self._child.close()
            self._child = None

    def _awaited_locks(self, until: float) -> Locked | None:
        while self._locked is None and self._child and time.monotonic() < until:
            self._wait(until - time.monotonic())
            self._look_after()
        return self._locked

    def _open(self) -> None:
        self._child = CameraChild(self._driver, self._options, stale_s=self._patience.silence_s)
        self._opened_s = 0.0
        self._taken_s = 0.0
        self._flaw = ""
        self._flawed_s = 0.0
        self._first_number = self._last_number + 1

    def _look_after(self) -> None:
        if self._is_closed or self._has_ended:
            return
        if self._child is None:
            if time.monotonic() >= self._back_off.retry_s:
                self._open()
            return
        # Once the process has ended there is nothing more to be heard after this.
        ended = self._child.exit_text
        trouble = self._heard(self._child)
        if not (trouble or self._has_ended):
            trouble = f"{self._name} stopped ({ended}); see the log" if ended else self._silence()
        if trouble:
            self._fail(self._child, trouble)

    def _heard(self, child: CameraChild) -> str:
        for message in child.messages():
            if isinstance(message, Failed):
                return message.sentence
            self._heed(message)
        return ""

    def _heed(self, message: Message) -> None:
        match message:
            case Opened(name=name, found=found):
                self._name = name
                self._found = found
                self._options = found.asked_again(self._options)
                self._opened_s = time.monotonic()
            case Locked(locks=locks):
                self._locked = message
                if self._found:
                    self._found = replace(self._found, locks=locks)
                    self._options = self._found.asked_again(self._options)
            case Flawed(flaw=flaw):
                self._flaw = flaw
                self._flawed_s = time.monotonic()
            case Ended():
                self._has_ended = True
            case Fresh() | Failed():
                pass

    def _silence(self) -> str:
        """Return what is wrong with a camera that has been silent for too long; else nothing."""
        if time.monotonic() < self._due_s():
            return ""
        put_s = self._child.put_s if self._child else 0.0
        if self._flawed_s > put_s:
            return f"{self._name} {self._flaw}"
        if not put_s:
            remedy = self._patience.or_too_busy("plug it in again")
            return f"{self._name} gives no picture within {self._patience.opening_s:g} s; {remedy}"
        return f"{self._name} gives no pictures; {self._patience.or_too_busy('check its cable')}"

    def _due_s(self) -> float:
        child = self._child
        if child is None:
            return self._back_off.retry_s
        if not (child.put_s or self._flaw):
            return child.started_s + self._patience.opening_s
        if self._options.frames_per_s == 0 and child.has_unread:
            return time.monotonic() + self._patience.silence_s
        return max(self._opened_s, child.put_s, self._taken_s) + self._patience.silence_s

    def _fail(self, child: CameraChild, trouble: str) -> None:
        logger.warning("camera lost: %s", trouble)
        child.kill()
        self._child = None
        self._health = Health(Level.FAULT, trouble)
        self._back_off.fail(time.monotonic())

    def _take(self) -> Frame | None:
        frame = self._child.take() if self._child else None
        if frame is None or self._child is None:
            return None
        now = time.monotonic()
        if self._options.frames_per_s == 0:
            self._taken_s = now
            self._child.ask_for_next()
        elif now - frame.captured_s > self._patience.silence_s:
            return None
        self._praise(now)
        self._last_number = self._first_number + frame.number
        return Frame(frame.rgb, self._last_number, frame.captured_s)

    def _praise(self, now: float) -> None:
        if self._health.level is Level.FAULT:
            logger.info("camera back: %s", self._name)
        is_flawed = bool(self._flaw) and now - self._flawed_s < self._patience.silence_s
        level, text = (Level.WARNING, f" {self._flaw}") if is_flawed else (Level.OK, "")
        self._health = Health(level, self._name + text)
        self._back_off.praise(now - self._opened_s)

    def _wait(self, left_s: float) -> None:
        wait_s = max(0.0, min(left_s, self._due_s() - time.monotonic()))
        if self._child:
            self._child.wait(wait_s)
        else:
            time.sleep(wait_s)
