"""The socket's place in the file system: one living service, and no dead one in its way."""

import contextlib
import fcntl
import os
import socket
import stat
from pathlib import Path
from typing import Self

from leuko.errors import ServiceError

_OWNER_AND_GROUP = 0o660
_CALLERS_WAITING = 16


class SocketFile:
    """A listening Unix socket that its owner and the owner's group may use.

    A lock beside it, which the kernel lets go of when its holder dies, tells a living service
    from the socket file that a dead one left.
    """

    def __init__(self, path: Path) -> None:
        """Take the place and listen.

        Raises:
            ServiceError: another service has it, or it cannot be taken.
        """
        self._path = path
        with contextlib.ExitStack() as undo:
            try:
                self._lock = undo.enter_context(contextlib.closing(_Lock(path)))
                self.listener = undo.enter_context(_listening(path))
            except OSError as error:
                # Python's own check of the length; the system's errors have numbers.
                remedy = (
                    "choose a shorter path"
                    if error.errno is None
                    else "make its folder writable for the service or choose another place"
                )
                raise ServiceError(
                    f"cannot listen at {path}: {error.strerror or error}; {remedy}"
                ) from error
            undo.pop_all()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Stop listening and remove the file; later calls do nothing."""
        if self.listener.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            # Only this wakes a thread that waits for callers.
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._lock.close()


def refuse_second_service(path: Path) -> None:
    """Refuse to start beside a living service, before anything of its is touched.

    Args:
        path: the socket; what else is wrong with it is told when it is opened.

    Raises:
        ServiceError: another service listens there.
    """
    with contextlib.suppress(OSError):
        _Lock(path).close()


class _Lock:
    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise ServiceError(
                f"a service runs at {path} already; stop it with: systemctl stop leuko, or with "
                "Ctrl-C in its terminal"
            ) from error

    def close(self) -> None:
        os.close(self._descriptor)


def _listening(path: Path) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ServiceError(f"{path} is no socket; remove it or choose another place")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        # Nobody can connect before listen(), so nobody slips in under the wider first mode.
        path.chmod(_OWNER_AND_GROUP)
        listener.listen(_CALLERS_WAITING)
    except OSError:
        listener.close()
        raise
    return listener
