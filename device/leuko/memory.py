"""Memory of a process that runs for weeks: what is freed is used again, not scattered.

A picture of 3.7 MB that is allocated anew for every frame finds its old place cut up by what was
allocated meanwhile, and the heap grows by another picture now and then though no more is in use.
"""

import ctypes
import sys

import numpy as np
from numpy.typing import NDArray

_MOST_KEPT = 3
_M_ARENA_MAX = -8
"""Of malloc.h."""


def share_one_heap() -> None:
    """Have all threads allocate from one heap, for what one of them frees to serve the others.

    glibc gives each thread a heap of its own, up to eight for each core, which never shrinks
    (mallopt(3)). Called before threads are started; other C libraries have nothing to be told.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_M_ARENA_MAX, 1)


class ReusedArrays:
    """Gives arrays whose memory is used again as soon as nobody holds the array any more."""

    def __init__(self) -> None:
        """Begin without any memory."""
        self._kept: list[NDArray[np.uint8]] = []

    def empty(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return an array of any content, the caller's own.

        Args:
            shape: of the array; memory of another shape is let go.
        """
        self._kept = [one for one in self._kept if one.shape == shape]
        for index in range(len(self._kept)):
            if _holders(self._kept, index) == _NONE:
                return self._kept[index].view()
        fresh = np.empty(shape, np.uint8)
        if len(self._kept) < _MOST_KEPT:
            self._kept.append(fresh)
        # Whatever is made of a view refers to the array that has the memory.
        return fresh.view()


def _holders(arrays: list[NDArray[np.uint8]], index: int) -> int:
    return sys.getrefcount(arrays[index])


_NONE = _holders([np.empty(0, np.uint8)], 0)
"""References that are counted though nobody else holds the array."""
