"""How a running service is told what to do: socket, keypad and buttons.

The service answers at a Unix socket whose mode and group say who may ask. One line of JSON is a
request, one line the reply; ``leuko session`` is the client. A keypad, a keyboard, a scanner of
bar codes or buttons on GPIO pins do the same at the bench.
"""

from leuko.control._answers import Answer, Answers, PressTaker
from leuko.control._bench import Action, Bench, Press
from leuko.control._buttons import Buttons, parse_buttons
from leuko.control._client import ControlClient
from leuko.control._controls import Archive, Controls, SeenSlide
from leuko.control._keypad import AUTO, Keypad
from leuko.control._messages import (
    Differential,
    OverviewReply,
    SessionEntry,
    SessionReply,
    StatusReply,
)
from leuko.control._queue import CommandQueue
from leuko.control._running import is_service_running
from leuko.control._server import DEFAULT_SOCKET, ControlServer
from leuko.control._socket_file import refuse_second_service
from leuko.control._target import next_target, parse_target

__all__ = [
    "AUTO",
    "DEFAULT_SOCKET",
    "Action",
    "Answer",
    "Answers",
    "Archive",
    "Bench",
    "Buttons",
    "CommandQueue",
    "ControlClient",
    "ControlServer",
    "Controls",
    "Differential",
    "Keypad",
    "OverviewReply",
    "Press",
    "PressTaker",
    "SeenSlide",
    "SessionEntry",
    "SessionReply",
    "StatusReply",
    "is_service_running",
    "next_target",
    "parse_buttons",
    "parse_target",
    "refuse_second_service",
]
