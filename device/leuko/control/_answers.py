"""Answers from the bench: what the keys mean while a person is asked something."""

import queue
from enum import StrEnum
from typing import Protocol

from leuko.control._bench import Action, Press

_MOST_WAITING = 16


class Answer(StrEnum):
    """What a person answers."""

    YES = "yes"
    """Keep it."""
    AGAIN = "again"
    """Measure it once more."""
    NO = "no"
    """Leave everything as it was."""


class PressTaker(Protocol):
    """What presses on keypads and buttons go to: `Bench`, or `Answers`."""

    def press(self, press: Press, *, on: str) -> None:
        """Take a press.

        Args:
            press: what was pressed.
            on: what it was pressed on, for the log.
        """

    def show_typed(self, typed: str) -> None:
        """Show an id while it is typed; empty when that is over."""


_MEANINGS = {
    Action.GO: Answer.YES,
    Action.TARGET: Answer.AGAIN,
    Action.TARGET_UP: Answer.AGAIN,
    Action.TARGET_DOWN: Answer.AGAIN,
    Action.FINISH: Answer.NO,
    Action.DISCARD: Answer.NO,
}


class Answers:
    """Takes presses for answers; may be pressed from any thread.

    Attributes:
        typed: digits that are being typed; empty if none are.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._given: queue.Queue[Press] = queue.Queue(_MOST_WAITING)
        self.typed = ""

    def press(self, press: Press, *, on: str) -> None:
        """See `PressTaker`; drops what answers nothing, and those of a hand that hammers away."""
        del on
        if press.action in _MEANINGS and not press.refusal and not self._given.full():
            self._given.put_nowait(press)

    def show_typed(self, typed: str) -> None:
        """See `PressTaker`."""
        self.typed = typed

    def forget(self) -> None:
        """Drop what was pressed before anything was asked."""
        while self.next_press(0.0) is not None:
            pass

    def next(self, timeout_s: float) -> Answer | None:
        """Return the next answer; None if none comes in time."""
        press = self.next_press(timeout_s)
        return _MEANINGS[press.action] if press else None

    def next_press(self, timeout_s: float) -> Press | None:
        """Return the next press, for a question that more than `Answer` answers."""
        try:
            return self._given.get(timeout=timeout_s) if timeout_s else self._given.get_nowait()
        except queue.Empty:
            return None
