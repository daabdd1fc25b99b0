"""Pictures handed from one process to another: shared memory in which the newest wins."""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import reduction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from leuko.cameras._base import Frame
from leuko.memory import ReusedArrays

LARGEST_PICTURE = 150_000_000
"""Bytes; 50 megapixels. Memory is taken only for the pixels that pictures really have."""

_SLOTS = 3
_READERS_FIRST, _FIRST_READY, _WRITERS_FIRST = range(_SLOTS)
_PIXELS_AT = mmap.PAGESIZE
_STATE = struct.Struct("=iid")
_PICTURE = struct.Struct("=Qdii")


class PictureBoard:
    """Three slots: one is written, one is read, and the newest whole picture lies between.

    The process that makes the board takes from it; the one that is started with it puts up. Neither
    waits for the other to copy pixels: the lock is held only while slots change hands. The memory
    has no name, so it is gone with the last process that holds it, however that ends.
    """

    def __init__(self, file: int, *, own_slot: int) -> None:
        """Take over shared memory; `empty` makes some.

        Args:
            file: descriptor of the memory; closed with the board.
            own_slot: the slot that this process begins with.
        """
        self._file = file
        self._memory = mmap.mmap(file, _PIXELS_AT + _SLOTS * LARGEST_PICTURE)
        self._own_slot = own_slot
        self._copies = ReusedArrays()

    @classmethod
    def empty(cls) -> Self:
        """Return a new board to take from."""
        file = os.memfd_create("leuko-pictures")
        os.ftruncate(file, _PIXELS_AT + _SLOTS * LARGEST_PICTURE)
        board = cls(file, own_slot=_READERS_FIRST)
        board._set_state(_FIRST_READY, is_unread=False, put_s=0.0)
        return board

    def __reduce__(self) -> tuple[Any, ...]:
        return _attached, (reduction.DupFd(self._file),)

    @property
    def put_s(self) -> float:
        """When a picture was put up last, in monotonic seconds; 0 before the first."""
        return self._state()[2]

    @property
    def has_unread(self) -> bool:
        """Whether a picture lies there that has not been taken."""
        return self._state()[1]

    def put(self, frame: Frame) -> bool:
        """Put up a picture; return whether the reader had taken the one before.

        Args:
            frame: at most `LARGEST_PICTURE` bytes.
        """
        height, width = frame.rgb.shape[:2]
        _PICTURE.pack_into(
            self._memory, self._header(), frame.number, frame.captured_s, height, width
        )
        np.copyto(self._pixels(height, width), frame.rgb)
        with self._locked():
            ready, was_unread, _ = self._state()
            self._set_state(self._own_slot, is_unread=True, put_s=time.monotonic())
        self._own_slot = ready
        return not was_unread

    def take(self) -> Frame | None:
        """Return the newest picture, the caller's own; None if there is none since the last."""
        with self._locked():
            ready, is_unread, put_s = self._state()
            if not is_unread:
                return None
            self._set_state(self._own_slot, is_unread=False, put_s=put_s)
        self._own_slot = ready
        number, captured_s, height, width = _PICTURE.unpack_from(self._memory, self._header())
        copy = self._copies.empty((height, width, 3))
        np.copyto(copy, self._pixels(height, width))
        return Frame(copy, number, captured_s)

    def close(self) -> None:
        """Let go of the memory; later calls do nothing."""
        if not self._memory.closed:
            self._memory.close()
            os.close(self._file)

    @contextmanager
    def _locked(self) -> Generator[None]:
        # The kernel takes this lock back from a process that is killed while it holds it.
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _state(self) -> tuple[int, bool, float]:
        ready, is_unread, put_s = _STATE.unpack_from(self._memory)
        return ready, bool(is_unread), put_s

    def _set_state(self, ready: int, *, is_unread: bool, put_s: float) -> None:
        _STATE.pack_into(self._memory, 0, ready, is_unread, put_s)

    def _header(self) -> int:
        return (1 + self._own_slot) * 64

    def _pixels(self, height: int, width: int) -> NDArray[np.uint8]:
        offset = _PIXELS_AT + self._own_slot * LARGEST_PICTURE
        flat = np.frombuffer(self._memory, np.uint8, height * width * 3, offset)
        return flat.reshape(height, width, 3)


def _attached(handle: Any) -> PictureBoard:  # ruff: ignore[any-type] - as typeshed
    return PictureBoard(handle.detach(), own_slot=_WRITERS_FIRST)
