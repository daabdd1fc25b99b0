"""A cell on the display and in the terminal, and the key that says what it is."""

import time
from collections.abc import Callable
from dataclasses import replace

from leuko.calibration import class_named
from leuko.cells import CellClass
from leuko.control import Action, Press
from leuko.errors import CalibrationError
from leuko.review import Turn
from leuko.shown import ReviewStep
from leuko.wizard._keys import KeyNames
from leuko.wizard._wizard import Wizard

AT_ONCE = "123456780-"
"""Keys of a keypad that answer without Enter."""

_TICK_S = 0.1
_SETTLE_S = 0.3
"""A display takes as long; what is pressed sooner was meant for the cell before."""

_ALONE_S = 0.06
"""Keys that come sooner one after the other are a wand's that reads an id, or two of a slip."""
_FIRST_KEYS_S = 1.0
"""A keypad is found as soon, where nobody can type."""

_SKIP = "[0]"
_TYPED = KeyNames("[Enter]", _SKIP, "[q]", "[-]")

_TURNS = {"0": Turn.SKIP, "skip": Turn.SKIP, "-": Turn.BACK, "back": Turn.BACK}
_STOPS = {"q": Turn.STOP, "stop": Turn.STOP}
_OF_ACTIONS = {
    Action.TARGET: Turn.SKIP,
    Action.TARGET_UP: Turn.SKIP,
    Action.TARGET_DOWN: Turn.BACK,
    Action.FINISH: Turn.STOP,
    Action.DISCARD: Turn.STOP,
}


class ReviewScreen:
    """Asks what one cell after the other is."""

    def __init__(
        self,
        wizard: Wizard,
        tell: Callable[[ReviewStep], None],
        *,
        settle_s: float = _SETTLE_S,
    ) -> None:
        """Take the bench.

        Args:
            wizard: has the display, the keys and the terminal.
            tell: shows a cell in the terminal.
            settle_s: how long keys are dropped once a cell is shown.
        """
        self._wizard = wizard
        self._tell = tell
        self._settle_s = settle_s
        self._begun_s = time.monotonic()

    def ask(self, step: ReviewStep) -> CellClass | Turn:
        """Return what a person says a cell is; that it was enough if nobody can answer."""
        shown = ""
        while self._can_be_answered():
            # A keypad may be found, or pulled out, while a cell is shown.
            if (answers := self._answers()) != shown:
                self._show(replace(step, answers=answers), is_new=not shown)
                shown = answers
            if answer := self._typed(step) or self._pressed(step):
                return answer
        return Turn.STOP

    def _can_be_answered(self) -> bool:
        is_early = time.monotonic() < self._begun_s + _FIRST_KEYS_S
        return self._wizard.is_answerable or is_early

    def _answers(self) -> str:
        keys = self._wizard.keys()
        if not keys.yes:
            keys = _TYPED
        elif keys.less:
            keys = keys._replace(again=_SKIP)
        named = {"yes": keys.yes, "skip": keys.again, "back": keys.less, "stop": keys.no}
        return " · ".join(f"{key} {meaning}" for meaning, key in named.items() if key)

    def _show(self, step: ReviewStep, *, is_new: bool) -> None:
        wizard = self._wizard
        wizard.show(step)
        if is_new:
            self._tell(step)
        stream = wizard.typed.stream
        if wizard.keys().yes or (stream is not None and stream.isatty()):
            time.sleep(self._settle_s)
        wizard.answers.forget()
        wizard.typed.forget()

    def _pressed(self, step: ReviewStep) -> CellClass | Turn | None:
        answers = self._wizard.answers
        if (press := answers.next_press(_TICK_S)) is None:
            return None
        if answers.next_press(_ALONE_S) is None:
            return self._meant(_text(press), step)
        while answers.next_press(_ALONE_S) is not None:
            pass
        self._wizard.say("leuko: keys that come together say nothing of a cell; press one alone")
        return None

    def _typed(self, step: ReviewStep) -> CellClass | Turn | None:
        line = self._wizard.typed.next_line(0.0)
        return None if line is None else self._meant(line.lower(), step)

    def _meant(self, text: str, step: ReviewStep) -> CellClass | Turn | None:
        """Return what was answered; a slip throws nothing away, it is asked again."""
        if not text:
            return step.proposed
        if turn := (_TURNS | _STOPS).get(text):
            return turn
        if text.isdecimal() and 1 <= int(text[:2]) <= len(CellClass):
            return list(CellClass)[int(text[:2]) - 1]
        try:
            return class_named(text)
        except CalibrationError as error:
            self._wizard.say(f"leuko: {error}; or press 1 to {len(CellClass)}")
            return None


def _text(press: Press) -> str:
    return press.specimen.lower() if press.action is Action.GO else _OF_ACTIONS[press.action]
