"""Processes for what may hang or crash: they end with the one that started them."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import ForkingPickler
from typing import TypeVar

SPAWN = multiprocessing.get_context("spawn")
"""A fresh interpreter: a forked one would inherit locks that nobody will ever open."""

STDERR = threading.RLock()
"""Held while what goes to stderr is kept off it, which is so for the whole process, its other
threads and the processes that these start included."""

ENDING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
"""Signals that end a service: from its manager, by Ctrl-C, and of a terminal that is closed."""

_PR_SET_PDEATHSIG = 1

_Sent = TypeVar("_Sent")
_Received = TypeVar("_Received")


def send(connection: "Connection[_Sent, _Received]", message: _Sent) -> None:
    """Send a message to another process, which takes it with ``recv``.

    Where the other end is gone, ``Connection.send`` leaves an open buffer in the error's traceback;
    Python 3.13 complains of it on stderr when both are collected.

    Args:
        connection: to the process.
        message: what `pickle` knows.

    Raises:
        OSError: nobody is there to take it.
    """
    connection.send_bytes(bytes(ForkingPickler.dumps(message)))


@contextmanager
def starting() -> Generator[None]:
    """Start a process inside: it inherits this one's stderr, and none of the signals that end it.

    A camera that came up while a model was loaded would else write its troubles into a file that
    nobody reads, as long as it lives.
    """
    with STDERR, _signals_held():
        yield


@contextmanager
def _signals_held() -> Generator[None]:
    """Hold back the signals that end a service; a process started meanwhile never gets them.

    They go to the whole group, and the process is still needed while the last picture is finished.
    """
    # Started along with the first process, it would let the signals through again.
    resource_tracker.ensure_running()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def die_with(parent: int) -> None:
    """End this process as soon as the thread that started it has ended.

    A driver that hangs cannot look after its parent; the kernel can.

    Args:
        parent: id of the process that started this one.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


def exit_text(process: SpawnProcess) -> str:
    """Return how a process ended, in words; empty while it runs."""
    code = process.exitcode
    if code is None:
        return ""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
