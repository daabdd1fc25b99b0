"""One line of JSON in, one line out, within bounds of size and time."""

import json
import reprlib
import socket
import time
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from leuko.control._messages import PROTOCOL, Message
from leuko.errors import ServiceError

M = TypeVar("M")

LONGEST_LINE = 1_000_000
"""Bytes of a request, its newline included."""
LONGEST_ANSWER = 8_000_000
"""Bytes of an answer; a picture of pure noise, 1024 pixels square, comes to 4.2 million."""


def receive_line(
    peer: socket.socket, *, within_s: float, longest: int = LONGEST_LINE
) -> bytes | None:
    """Return the next line without its newline; None when the other side has hung up.

    A peer sends one line and waits for the answer, so nothing can follow the newline.

    Args:
        peer: who sends it.
        within_s: how long the whole line may take.
        longest: bytes that it may have.

    Raises:
        ServiceError: the line is too long or broken off.
        TimeoutError: it has not come whole in time, however slowly its bytes trickle in.
        OSError: the connection is lost.
    """
    until_s = time.monotonic() + within_s
    line = bytearray()
    while not line.endswith(b"\n"):
        peer.settimeout(_left(until_s))
        part = peer.recv(65536)
        if not part and line:
            raise ServiceError("the message was broken off; send one JSON object a line")
        if not part:
            return None
        line += part
        if len(line) > longest:
            raise ServiceError(f"the message is longer than {longest} bytes; ask for less")
    return bytes(line[:-1])


def send_message(peer: socket.socket, message: Message, *, within_s: float) -> None:
    """Send a message as one line.

    Raises:
        ServiceError: it is too long.
        TimeoutError: the other side has not taken it in time.
        OSError: the connection is lost.
    """
    line = message.model_dump_json().encode() + b"\n"
    if len(line) > LONGEST_ANSWER:
        raise ServiceError(f"the answer is longer than {LONGEST_ANSWER} bytes; ask for less")
    # sendall() counts the whole sending against the socket's one timeout.
    peer.settimeout(within_s)
    peer.sendall(line)


def parse_message(line: bytes, messages: TypeAdapter[M]) -> M:
    """Return the message that a line holds.

    Raises:
        ServiceError: it is none of ``messages``, or of another version of them.
    """
    try:
        table = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ServiceError(f"the message is no JSON: {error}; send one object a line") from error
    version = table.get("version") if isinstance(table, dict) else None
    if version != PROTOCOL:
        raise ServiceError(
            f"the message has version {reprlib.repr(version)}, this leuko speaks {PROTOCOL}; "
            "install the same leuko for the service and its client"
        )
    try:
        return messages.validate_python(table)
    except ValidationError as error:
        raise ServiceError(f"the message is not understood: {problem_of(error)}") from error


def problem_of(error: ValidationError) -> str:
    """Return what is wrong with a message, named by its first wrong field."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"][1:])) or "command"
    # Pydantic's name for what our own validators say.
    said = first["msg"].removeprefix("Value error, ")
    return f"{place} is {reprlib.repr(first['input'])}, {said}"


def _left(until_s: float) -> float:
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("no whole line in time")
    return left_s
