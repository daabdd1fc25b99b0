"""Whether a service runs, for those that would take what it holds."""

import os
import socket
from contextlib import closing
from pathlib import Path

_ANSWER_S = 2.0


def is_service_running(path: Path) -> bool:
    """Return whether a service listens at a socket, be it one that this user may not ask.

    Args:
        path: where it would listen.
    """
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as caller:
        caller.settimeout(_ANSWER_S)
        try:
            caller.connect(os.fspath(path))
        # Somebody is there who lets this user in, or anybody for now, not.
        except (PermissionError, TimeoutError, BlockingIOError):
            return True
        except OSError:
            return False
    return True
