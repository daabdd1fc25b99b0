"""Keypads and keyboards at the bench: found, read, lost and found again."""

import errno
import logging
import os
import selectors
import threading
import time
from pathlib import Path
from typing import Self

from leuko.control._answers import PressTaker
from leuko.control._bench import Press
from leuko.control._input_device import Change, InputDevice, KeyChange
from leuko.control._keys import HOLD_S, Keys
from leuko.status import Health, Level

logger = logging.getLogger(__name__)

AUTO = "auto"
"""Take every keypad and keyboard that is plugged in."""
_DEVICES = Path("/dev/input")
_SCAN_S = 2.0
# So that a long press is noticed while the key is still down.
_TICK_S = 0.1


class Keypad:
    """Reads keypads on a thread of its own; a fault of theirs is a `health`, never an exception."""

    def __init__(
        self,
        bench: PressTaker,
        source: str = AUTO,
        *,
        devices: Path = _DEVICES,
        hold_s: float = HOLD_S,
        scan_s: float = _SCAN_S,
        at_once: str = "",
    ) -> None:
        """Read from now on.

        Args:
            bench: what takes the presses.
            source: path of one device, such as a link in ``/dev/input/by-id``; or `AUTO`, which
                takes every keyboard away from the console.
            devices: folder of all input devices.
            hold_s: how long a key is held to finish or to discard.
            scan_s: how often to look for what was plugged in.
            at_once: characters that do not wait for Enter, each an id of its own.
        """
        self._bench = bench
        self._source = source
        self._folder = devices
        self._hold_s = hold_s
        self._scan_s = scan_s
        self._at_once = at_once
        self._selector = selectors.DefaultSelector()
        self._keys: dict[InputDevice, Keys] = {}
        self._fault = ""
        self._wake_read, self._wake_write = os.pipe()
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        # `health` tells of what is there from the beginning.
        self._scan()
        self._thread = threading.Thread(target=self._work, name="leuko keypad", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def health(self) -> Health:
        """Whether a keypad is there and may be read."""
        if self._fault:
            return Health(Level.WARNING, self._fault)
        if not self._keys:
            level = Level.OK if self._source == AUTO else Level.WARNING
            return Health(level, "no keypad is plugged in")
        return Health(Level.OK, "keypad ready")

    @property
    def is_ready(self) -> bool:
        """Whether there is a keypad to be pressed."""
        return bool(self._keys)

    def close(self) -> None:
        """Let go of all keypads; later calls do nothing."""
        if self._thread.is_alive():
            os.write(self._wake_write, b"\n")
            self._thread.join()
            os.close(self._wake_write)

    def _work(self) -> None:
        next_scan_s = time.monotonic() + self._scan_s
        while True:
            if time.monotonic() >= next_scan_s:
                self._scan()
                next_scan_s = time.monotonic() + self._scan_s
            ready = [key.data for key, _ in self._selector.select(min(_TICK_S, self._scan_s))]
            if None in ready:
                break
            for device in ready:
                self._read(device)
            self._tick()
        for device in list(self._keys):
            self._drop(device)
        self._selector.close()
        os.close(self._wake_read)

    def _scan(self) -> None:
        is_chosen = self._source != AUTO
        paths = [Path(self._source)] if is_chosen else sorted(self._folder.glob("event*"))
        refusals = [self._take(path, is_chosen=is_chosen) for path in paths]
        fault = next((text for text in refusals if text), "")
        if fault and fault != self._fault:
            logger.warning("%s", fault)
        self._fault = fault

    def _take(self, path: Path, *, is_chosen: bool) -> str:
        """Open a device if it is a new keypad; return what hinders that, in words."""
        if any(device.path == path for device in self._keys):
            return ""
        try:
            device = InputDevice.opened(path, is_chosen=is_chosen)
        except OSError as error:
            return _hindrance(path, error)
        if device is not None:
            self._selector.register(device, selectors.EVENT_READ, device)
            self._keys[device] = Keys(hold_s=self._hold_s, at_once=self._at_once)
            logger.info("keypad %s is ready", path)
        return ""

    def _read(self, device: InputDevice) -> None:
        keys = self._keys[device]
        try:
            for changed in device.read():
                press = _press(keys, changed)
                self._tell(keys, press, device)
        except OSError as error:
            logger.warning("keypad %s is gone: %s", device.path, error.strerror)
            if self._source != AUTO:
                # As the next look at it will say.
                self._fault = _hindrance(device.path, error)
            self._drop(device)

    def _tick(self) -> None:
        for device, keys in self._keys.items():
            now_s = time.monotonic()
            if press := keys.held(now_s=now_s):
                self._tell(keys, press, device)
            elif keys.typed:
                keys.forget(now_s=now_s)
                self._bench.show_typed(keys.typed)

    def _tell(self, keys: Keys, press: Press | None, device: InputDevice) -> None:
        self._bench.show_typed(keys.typed)
        if press is not None:
            self._bench.press(press, on=f"keypad {device.path.name}")

    def _drop(self, device: InputDevice) -> None:
        keys = self._keys.pop(device)
        if keys.typed:
            self._bench.show_typed("")
        self._selector.unregister(device)
        device.close()


def _press(keys: Keys, changed: KeyChange) -> Press | None:
    match changed.change:
        case Change.DOWN:
            return keys.down(changed.code, now_s=time.monotonic())
        case Change.UP:
            return keys.up(changed.code)
        case Change.LOST:
            keys.release_all(now_s=time.monotonic())
    return None


def _hindrance(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return f"keypad {path} is not plugged in"
        case errno.EACCES | errno.EPERM:
            return f"no permission to read {path}; add the service's user to the group input"
        case errno.EBUSY:
            return f"another program has taken {path}; stop that program"
        case errno.ENOTTY | errno.EINVAL:
            return f"{path} is no keypad; choose another"
        case _:
            return f"keypad {path} cannot be read: {error.strerror}"
