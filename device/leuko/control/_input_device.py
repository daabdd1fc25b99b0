"""A Linux input device, read without any library: linux/input.h in a few lines."""

import contextlib
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple, Self

from leuko.control._keys import ENTER_KEYS

# struct input_event: two longs of time, type, code, value.
_EVENT = struct.Struct("@llHHi")
_SYN, _KEY = 0, 1
_DROPPED = 3
_LAST_KEY = 0x2FF
_BITS = _LAST_KEY // 8 + 1
# EVIOCGBIT(EV_KEY, _BITS) and EVIOCGRAB, composed as asm-generic/ioctl.h does.
_READ_BITS = (2 << 30) | (_BITS << 16) | (ord("E") << 8) | (0x20 + _KEY)
_GRAB = (1 << 30) | (struct.calcsize("i") << 16) | (ord("E") << 8) | 0x90


class Change(Enum):
    """What became of a key; the values are the kernel's."""

    UP = 0
    DOWN = 1
    REPEATED = 2
    LOST = 3
    """The kernel dropped events: nobody knows which keys are down."""


class KeyChange(NamedTuple):
    """One event of a key; `code` is of linux/input-event-codes.h, 0 where events were lost."""

    code: int
    change: Change


class InputDevice:
    """A keypad, keyboard or scanner whose keys reach nobody else, not the console either."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take over an open device; `opened` is the way to get one."""
        self.path = path
        self._descriptor = descriptor
        self._rest = b""

    @classmethod
    def opened(cls, path: Path, *, is_chosen: bool) -> Self | None:
        """Return the device, or None if it has no Enter key.

        Args:
            path: its file.
            is_chosen: whether a person has named it; then it may be any stream of events.

        Raises:
            OSError: it is not there, not for this user, or another program has it.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, descriptor)
            if not is_chosen and not _has_enter(descriptor):
                return None
            # A pipe that carries recorded events can be read as well, and needs no grab.
            if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                fcntl.ioctl(descriptor, _GRAB, 1)
            undo.pop_all()
            return cls(path, descriptor)

    def fileno(self) -> int:
        """Return its descriptor, to be waited for."""
        return self._descriptor

    def read(self) -> Iterator[KeyChange]:
        """Yield what came in since the last call.

        Raises:
            OSError: it was unplugged.
        """
        try:
            read = os.read(self._descriptor, 64 * _EVENT.size)
        except BlockingIOError:
            return
        if not read:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), str(self.path))
        self._rest += read
        while len(self._rest) >= _EVENT.size:
            _, _, kind, code, value = _EVENT.unpack_from(self._rest)
            self._rest = self._rest[_EVENT.size :]
            if kind == _KEY and value in {0, 1, 2}:
                yield KeyChange(code, Change(value))
            elif kind == _SYN and code == _DROPPED:
                yield KeyChange(0, Change.LOST)

    def close(self) -> None:
        """Let go of it; its keys reach the console again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _has_enter(descriptor: int) -> bool:
    bits = bytearray(_BITS)
    try:
        fcntl.ioctl(descriptor, _READ_BITS, bits)
    except OSError as error:
        if error.errno in {errno.ENOTTY, errno.EINVAL}:
            return False
        raise
    return any(bits[key // 8] >> key % 8 & 1 for key in ENTER_KEYS)
