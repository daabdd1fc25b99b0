"""What a press at the bench, on a keypad or a button, has the service do."""

import contextlib
import logging
import queue
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from leuko.control._controls import Controls
from leuko.control._target import STEPS, next_target
from leuko.errors import LeukoError, SessionError
from leuko.status import SessionState, Target

logger = logging.getLogger(__name__)

NOTICE_S = 10.0
"""How long a refusal is shown."""
_MOST_WAITING = 16


class Action(StrEnum):
    """What can be pressed."""

    GO = "start"
    """Start, pause or resume, whichever fits; with a specimen's id, start."""
    TARGET = "target"
    """The next larger target; after the largest, the smallest."""
    TARGET_UP = "target_up"
    """The next larger target."""
    TARGET_DOWN = "target_down"
    """The next smaller target."""
    FINISH = "finish"
    """Close the session."""
    DISCARD = "discard"
    """Close the session as not to be used."""
    SMUDGE = "smudge"
    """Tally a smudge cell."""
    SMUDGE_BACK = "smudge_back"
    """Take back the last smudge cell."""

    @property
    def is_held(self) -> bool:
        """Whether it takes a long press, lest a slip of the hand ends a session or a tally."""
        return self in {Action.FINISH, Action.DISCARD, Action.SMUDGE_BACK}


@dataclass(frozen=True, slots=True)
class Press:
    """An action that was pressed.

    Attributes:
        action: which one.
        specimen: an id that was typed or scanned before; empty if none was.
        refusal: why what was typed cannot be an id, a sentence; empty if it can.
    """

    action: Action
    specimen: str = ""
    refusal: str = ""


class Bench:
    """Carries out what is pressed, one after another, on a thread of its own."""

    def __init__(self, controls: Controls) -> None:
        """Wait for presses.

        Args:
            controls: the running count, callable from any thread: a `CommandQueue`.
        """
        self._controls = controls
        self._presses: queue.Queue[tuple[Press, str] | None] = queue.Queue(_MOST_WAITING)
        self._told, self._told_s = "", -NOTICE_S
        self._typed = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="leuko bench", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def notice(self) -> str:
        """What a person at the bench should see: an id being typed, or what came of a press."""
        if self._typed:
            return f"specimen {self._typed}"
        return self._told if time.monotonic() - self._told_s < NOTICE_S else ""

    def press(self, press: Press, *, on: str) -> None:
        """Have a press carried out soon; those of a hand that hammers away are dropped.

        Args:
            press: what was pressed.
            on: what it was pressed on, for the log.
        """
        with contextlib.suppress(queue.Full):
            self._presses.put_nowait((press, on))

    def show_typed(self, typed: str) -> None:
        """Show an id while it is typed; empty when that is over."""
        self._typed = typed

    def close(self, timeout_s: float = 2.0) -> None:
        """Carry out nothing more; give up on a press that hangs. Later calls do nothing."""
        self._ended.set()
        # A full queue wakes the thread as well.
        with contextlib.suppress(queue.Full):
            self._presses.put_nowait(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while (pressed := self._presses.get()) is not None and not self._ended.is_set():
            press, on = pressed
            logger.info("%s pressed for %s", on, press.action)
            try:
                told = self._carried_out(press, on)
            except LeukoError as error:
                told = str(error)
                logger.info("%s refused: %s", press.action, error)
            self._told, self._told_s = told, time.monotonic()

    def _carried_out(self, press: Press, on: str) -> str:
        """Carry out a press; return what is not to be seen otherwise, empty for nothing."""
        if press.refusal:
            raise SessionError(press.refusal)
        match press.action:
            case Action.SMUDGE | Action.SMUDGE_BACK:
                return self._tally(on, undo=press.action is Action.SMUDGE_BACK)
            case Action.GO if press.specimen:
                self._start(press.specimen, on)
            case Action.GO:
                self._go(on)
            case Action.FINISH:
                self._controls.finish(asked_by=on)
            case Action.DISCARD:
                self._controls.discard(asked_by=on)
            case _:
                self._step(press.action, on)
        return ""

    def _tally(self, on: str, *, undo: bool) -> str:
        # Small displays have no room for the tally; the press must be seen to have worked.
        status = self._controls.tally_smudge_cell(undo=undo, asked_by=on)
        return f"{status.count.smudge_cells} smudge cells, by eye"

    def _step(self, action: Action, on: str) -> None:
        target = self._controls.status().target
        stepped = next_target(target, up=action is not Action.TARGET_DOWN)
        if action is Action.TARGET and stepped == target:
            stepped = Target(cells=STEPS[0])
        self._controls.set_target(stepped, asked_by=on)

    def _go(self, on: str) -> None:
        state = self._controls.status().state
        if state is SessionState.PAUSED:
            self._controls.resume(asked_by=on)
        elif state is SessionState.COUNTING:
            self._controls.pause(asked_by=on)
        elif state is SessionState.REACHED:
            raise SessionError("the target is reached; raise it, or hold finish")
        else:
            self._start("", on)

    def _start(self, specimen: str, on: str) -> None:
        self._controls.start(specimen, operator="", target=None, asked_by=on)
