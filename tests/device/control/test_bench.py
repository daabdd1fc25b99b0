"""The bench ends when it is told to, whatever is pressed meanwhile."""

import threading
from collections.abc import Callable

from leuko.control import Action, Bench, CommandQueue, Press

Eventually = Callable[[Callable[[], bool]], bool]


def test_it_ends_with_presses_waiting_and_a_count_that_hangs(eventually: Eventually) -> None:
    others = set(threading.enumerate())
    commands = CommandQueue(answer_s=30)
    bench = Bench(commands)
    for _ in range(100):
        bench.press(Press(Action.GO), on="a keypad")
    bench.close(timeout_s=0.01)
    commands.close()
    assert eventually(lambda: set(threading.enumerate()) <= others)
    bench.close()
