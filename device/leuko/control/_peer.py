"""Who is at the other end of a Unix socket."""

import pwd
import socket
import struct

# The kernel's ``struct ucred``, see unix(7): process, user and group.
_CREDENTIALS = struct.Struct("3i")


def peer_name(peer: socket.socket) -> str:
    """Return the user at the other end, as the kernel vouches for it.

    Raises:
        OSError: the connection is lost.
    """
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(raw)
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
