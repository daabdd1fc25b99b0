"""How commands get from other threads to the main loop."""

import queue
import threading
from collections.abc import Callable

import pytest

from leuko.control import CommandQueue, Controls
from leuko.errors import ServiceError, SessionError
from leuko.status import LiveStatus, SessionState

Eventually = Callable[[Callable[[], bool]], bool]


class Asking(threading.Thread):
    """Asks on a thread of its own and keeps what came of it."""

    def __init__(self, ask: Callable[[], LiveStatus]) -> None:
        super().__init__()
        self._ask = ask
        self.status: LiveStatus | None = None
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.status = self._ask()
        except (ServiceError, SessionError) as error:
            self.error = error


def run_until_answered(commands: CommandQueue, count: Controls, asking: Asking) -> None:
    while asking.is_alive():
        commands.run_pending(count)
        asking.join(0.002)


def test_a_command_waits_for_the_main_loop(count: Controls) -> None:
    commands = CommandQueue()
    asking = Asking(lambda: commands.start("H-1", operator="", target=None, asked_by="x"))
    asking.join(0.05)
    assert asking.is_alive()
    assert count.status().state is SessionState.IDLE
    run_until_answered(commands, count, asking)
    assert asking.status is not None
    assert asking.status.specimen == "H-1"


def test_a_refusal_reaches_the_one_who_asked_and_not_the_main_loop(count: Controls) -> None:
    commands = CommandQueue()
    asking = Asking(lambda: commands.pause(asked_by="x"))
    run_until_answered(commands, count, asking)
    assert isinstance(asking.error, SessionError)


def test_a_command_that_came_too_late_is_never_carried_out(
    count: Controls, asked: queue.SimpleQueue[str]
) -> None:
    commands = CommandQueue(answer_s=0.01)
    with pytest.raises(ServiceError, match=r"did not answer within 0\.01 s; .* dropped; ask again"):
        commands.start("H-1", operator="", target=None, asked_by="x")
    commands.run_pending(count)
    assert asked.empty()


def test_a_command_that_takes_too_long_may_yet_be_carried_out(slow_count: Controls) -> None:
    commands = CommandQueue(answer_s=0.1)
    asking = Asking(commands.status)
    run_until_answered(commands, slow_count, asking)
    assert "may still be carried out; look at its status" in str(asking.error)


def test_a_bug_is_raised_in_the_main_loop_and_the_one_who_asked_is_told(
    broken_count: Controls,
) -> None:
    commands = CommandQueue()
    asking = Asking(commands.status)
    with pytest.raises(ZeroDivisionError):
        run_until_answered(commands, broken_count, asking)
    asking.join()
    assert "the service failed at this command; look at its log" in str(asking.error)


def test_closing_refuses_those_waiting_and_those_to_come(eventually: Eventually) -> None:
    commands = CommandQueue()
    asking = [Asking(commands.status) for _ in range(3)]
    assert eventually(lambda: all(one.is_alive() for one in asking))
    commands.close()
    with pytest.raises(ServiceError, match="the service is stopping"):
        commands.status()
    for one in asking:
        one.join()
        assert "the service is stopping" in str(one.error)


def test_too_many_waiting_commands_are_refused() -> None:
    commands = CommandQueue()
    asking = [Asking(commands.status) for _ in range(33)]
    commands_refused = [one for one in asking if _has_ended(one)]
    commands.close()
    for one in asking:
        one.join()
    assert [str(one.error) for one in commands_refused] == [
        "too many commands are waiting; try again in a moment"
    ]


def _has_ended(asking: Asking) -> bool:
    asking.join(0.02)
    return not asking.is_alive()
