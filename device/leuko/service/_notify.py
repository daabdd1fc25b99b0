"""What the service tells systemd: that it is ready, that it is alive, that it stops."""

import contextlib
import os
import socket


class Notifier:
    """Speaks to the service manager that started this process; silent if there is none.

    The protocol is one datagram a message (sd_notify(3), "Notes").
    """

    def __init__(self) -> None:
        """Take the manager's address from the environment."""
        address = os.environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the abstract namespace.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self) -> None:
        """Say that the service does its work from now on."""
        self._send("READY=1")

    def alive(self, status: str) -> None:
        """Feed the watchdog; called for a finished frame and for nothing else.

        Args:
            status: one line for ``systemctl status``.
        """
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def says(self, status: str) -> None:
        """Change the line that ``systemctl status`` shows, without feeding the watchdog."""
        self._send(f"STATUS={status}")

    def stopping(self) -> None:
        """Say that the service has begun to stop."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A manager that does not listen is no reason to lose the count.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        ):
            manager.sendto(message.encode(), self._address)
