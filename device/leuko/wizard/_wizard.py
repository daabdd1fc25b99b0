"""A calibration on display, keys and terminal: step, picture, numbers, and what is asked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import cv2
import numpy as np

from leuko.calibration import Shot
from leuko.cells import RGBImage
from leuko.control import Answer, Answers
from leuko.errors import CalibrationError
from leuko.status import CalibrationStep, Shown
from leuko.wizard._guides import Guide
from leuko.wizard._typing import TypedAnswers

_WIDEST = 400
"""Columns of the picture that is shown; no display gives it more."""
_TICK_S = 0.1
_QUESTION = "keep it?"


class KeyNames(NamedTuple):
    """What is pressed for an answer, in the words that stand on the key; empty without a key."""

    yes: str = ""
    again: str = ""
    no: str = ""


@dataclass(slots=True)
class Wizard:
    """Shows a calibration's steps and asks; without display and keys it is the terminal alone.

    Attributes:
        guide: the words.
        show: has a step shown soon; fails never.
        say: writes a line for the person at the terminal.
        answers: of keypad and buttons.
        keys: names those that can be pressed now, for yes, again and no; each empty if missing.
        typed: of the terminal.
    """

    guide: Guide
    show: Callable[[Shown], None]
    say: Callable[[str], None]
    answers: Answers
    keys: Callable[[], KeyNames]
    typed: TypedAnswers
    _step: CalibrationStep = field(init=False)
    _pictures: int = 0

    def __post_init__(self) -> None:
        """Show what is to be done."""
        self._step = CalibrationStep(self.guide.title, "step 1 of 2", self.guide.instruction)
        self.show(self._step)

    def watched(self, shots: Iterator[Shot]) -> Iterator[Shot]:
        """Yield pictures on, each shown.

        Raises:
            CalibrationError: the person has stopped it.
        """
        for shot in shots:
            self.see(shot.rgb)
            yield shot

    def see(self, rgb: RGBImage, *figures: str) -> None:
        """Show a picture that is measured, with what is known of it.

        Raises:
            CalibrationError: the person has stopped it.
        """
        # A keyboard that answers reaches no terminal, and so cannot interrupt there.
        if self.answers.next(0.0) is Answer.NO:
            raise CalibrationError("a press has stopped it and nothing is kept; begin anew")
        self._pictures += 1
        told = figures or (f"picture {self._pictures}",)
        self._step = replace(self._step, picture=_reduced(rgb), figures=told)
        self.show(self._step)

    def tell(self, *figures: str) -> None:
        """Show what is measured beside the picture that was shown last."""
        self._step = replace(self._step, figures=figures)
        self.show(self._step)

    def ask(self, question: str, *figures: str) -> Answer:
        """Return what a person answers, on keys or in the terminal.

        Args:
            question: what is asked in the terminal; the display has less room.
            *figures: what was measured, a line each.

        Returns:
            The answer; no if nobody can answer.
        """
        step = replace(
            self._step,
            number="step 2 of 2",
            instruction=_QUESTION,
            figures=figures or self._step.figures,
            answers=self._told_keys("yes", "again", "no") or "answer in the terminal",
        )
        return self._asked(step, f"{question} [y/N/again] ")

    def asks_again(self, refusal: str) -> bool:
        """Return whether to measure again what was refused; never without keys.

        Args:
            refusal: the reason, a sentence.
        """
        if not self.keys().yes:
            return False
        step = replace(
            self._step,
            number="refused",
            instruction="try again?",
            answers=self._told_keys("again", "", "stop"),
            refusal=refusal,
        )
        self.say(f"leuko: {refusal}")
        return self._asked(step, "try again? [y/N] ") is not Answer.NO

    def _told_keys(self, *meanings: str) -> str:
        named = zip(self.keys(), meanings, strict=True)
        return " · ".join(f"{key} {meaning}" for key, meaning in named if key and meaning)

    def _asked(self, step: CalibrationStep, prompt: str) -> Answer:
        self.answers.forget()
        self.show(step)
        self.say(prompt)
        while self.keys().yes or self.typed.is_open:
            if answer := self._next():
                return answer
        return Answer.NO

    def _next(self) -> Answer | None:
        return self.answers.next(_TICK_S) or self.typed.next(0.0)


def _reduced(rgb: RGBImage) -> RGBImage:
    """Return a picture no wider than a display shows, the caller's frame left alone."""
    step = max(1, rgb.shape[1] // _WIDEST)
    if step == 1:
        return rgb
    size = (rgb.shape[1] // step, rgb.shape[0] // step)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
