"""Memory that is used again, and only when nobody looks at it any more."""

import subprocess
import sys

import numpy as np

from leuko.memory import ReusedArrays

SHAPE = (12, 16, 3)


THREADS_PLACE = """
import ctypes, threading
from leuko.memory import share_one_heap
share_one_heap()
malloc, found = ctypes.CDLL(None).malloc, []
malloc.restype = ctypes.c_void_p
thread = threading.Thread(target=lambda: found.append(malloc(1000)))
thread.start()
thread.join()
heap = next(line for line in open("/proc/self/maps") if "[heap]" in line)
low, high = (int(end, 16) for end in heap.split()[0].split("-"))
print(low <= found[0] < high)
"""


def place(array: np.ndarray) -> int:
    return int(array.ctypes.data)


def test_memory_is_used_again_once_its_array_is_gone() -> None:
    arrays = ReusedArrays()
    first = arrays.empty(SHAPE)
    places = [place(first)]
    for _ in range(20):
        # As a loop holds the last frame until it has the next.
        first = arrays.empty(SHAPE)
        places.append(place(first))
    assert len(set(places)) == 2


def test_what_is_still_looked_at_in_any_way_is_never_written_to() -> None:
    arrays = ReusedArrays()
    held = []
    for number in range(12):
        array = arrays.empty(SHAPE)
        array[:] = number
        looks = (array, array[::2, 3:, 1], array.reshape(-1), array.data, np.flip(array))
        held.append(looks[number % len(looks)])
        del array, looks
    assert [int(np.asarray(one).flat[0]) for one in held] == list(range(12))


def test_arrays_have_the_shape_that_is_asked_for() -> None:
    arrays = ReusedArrays()
    sizes = [(4, 5, 3), (8, 5, 3), (4, 5, 3)]
    assert [arrays.empty(size).shape for size in sizes] == sizes


def test_threads_allocate_from_the_heap_of_the_whole_process() -> None:
    run = subprocess.run(
        [sys.executable, "-c", THREADS_PLACE], capture_output=True, text=True, check=True
    )
    assert run.stdout == "True\n"
