"""A calibration on display, keys and terminal: step, picture, numbers, and what is asked."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from leuko.calibration import Shot
from leuko.cells import RGBImage
from leuko.control import Answer, Answers
from leuko.errors import CalibrationError
from leuko.shown import CalibrationStep, Shown, TrendChart
from leuko.wizard._guides import Guide
from leuko.wizard._keys import KeyNames
from leuko.wizard._number import MOST, NumberAnswer
from leuko.wizard._picture import reduced
from leuko.wizard._typing import TypedAnswers

_TICK_S = 0.1
_FIRST_KEYS_S = 1.0
"""A keypad is found as soon, where nobody can type."""
_QUESTION = "keep it?"
_PATIENCE_S = 900.0
"""How long an answer is waited for; whoever asks has camera, display and keys meanwhile."""


@dataclass(slots=True)
class Wizard:
    """Shows a calibration's steps and asks; without display and keys it is the terminal alone.

    Attributes:
        guide: the words.
        show: has a step shown soon; fails never.
        say: writes a line for the person at the terminal.
        answers: of keypad and buttons.
        keys: names those that can be pressed now; each empty if missing.
        typed: of the terminal.
        longest_s: how long it is waited for a number, or whether something is kept or tried again.
    """

    guide: Guide
    show: Callable[[Shown], None]
    say: Callable[[str], None]
    answers: Answers
    keys: Callable[[], KeyNames]
    typed: TypedAnswers
    longest_s: float = field(default_factory=lambda: _PATIENCE_S)
    _step: CalibrationStep = field(init=False)
    _pictures: int = 0

    def __post_init__(self) -> None:
        """Show what is to be done."""
        self.turn_to(self.guide)

    def turn_to(self, guide: Guide) -> None:
        """Begin with something else to be done, and show it.

        Args:
            guide: the words for it.
        """
        self.guide, self._pictures = guide, 0
        number = f"step 1 of {guide.steps}" if guide.steps > 1 else ""
        self._step = CalibrationStep(guide.title, number, guide.instruction)
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
            raise CalibrationError(self.guide.stopped)
        self._pictures += 1
        self._step = replace(self._step, picture=reduced(rgb))
        self.tell(*(figures or (f"picture {self._pictures}",)))

    def tell(self, *figures: str) -> None:
        """Show what is measured beside the picture that was shown last."""
        self._step = replace(self._step, figures=figures)
        self.show(self._step)

    def instruct(self, instruction: str = "") -> None:
        """Say what is to be put right before anything is measured.

        Args:
            instruction: a few words; empty where all is well, so that the guide's own stand.
        """
        told = instruction or self.guide.instruction
        if told == self._step.instruction:
            return
        self._step = replace(self._step, instruction=told, is_urgent=bool(instruction))
        self.show(self._step)
        self.say(f"leuko: {told}")

    def ask_number(self, question: str, what: str, *figures: str, start: int = 0) -> int | None:
        """Return a number that a person sees in the picture shown last.

        Args:
            question: what is asked, in the few words that a display has room for.
            what: is counted, one word.
            *figures: what was measured, a line each.
            start: what the number is before anything is pressed.

        Returns:
            The number; None if nobody answers in time, or can.

        Raises:
            CalibrationError: the person has stopped it.
        """
        given = NumberAnswer(start)
        shown: tuple[str, ...] = ()
        step = replace(
            self._step,
            instruction=question,
            answers=self.keys().told_of_number() or "answer in the terminal",
            is_about_picture=True,
        )
        self.answers.forget()
        self.say(f"{question} [{start}] ")
        until_s = time.monotonic() + self.longest_s
        while not given.is_given and self.is_answerable and time.monotonic() < until_s:
            told = given.told(what, typed=self.answers.typed)
            if (*told, given.refused) != shown:
                shown = (*told, given.refused)
                self.show(replace(step, figures=(*told, *figures)))
            self._take_number(given)
        return given.number if given.is_given else None

    def ask(self, question: str, *figures: str) -> Answer | None:
        """Return what a person answers, on keys or in the terminal.

        Args:
            question: what is asked in the terminal; the display has less room.
            *figures: what was measured, a line each.

        Returns:
            The answer; None if nobody answers in time, or can.
        """
        step = replace(
            self._step,
            number=f"step {self.guide.steps} of {self.guide.steps}" if self.guide.steps > 1 else "",
            instruction=_QUESTION,
            figures=figures or self._step.figures,
            answers=self.keys().told("yes", "again", "no") or "answer in the terminal",
        )
        return self._asked(step, f"{question} [y/N/again] ")

    def ask_beside(self, chart: TrendChart, question: str) -> Answer | None:
        """Return what a person answers who is shown trends; see `ask`."""
        answers = self.keys().told("keep", "again", "no")
        return self._asked(replace(chart, answers=answers), f"{question} [y/N/again] ")

    @property
    def is_answerable(self) -> bool:
        """Whether an answer may come, by a key or in the terminal."""
        return bool(self.keys().yes) or self.typed.is_open

    def asks_to_begin(
        self, number: str, shots: Iterator[Shot], *, longest_s: float
    ) -> Answer | None:
        """Return whether a person wants to begin with what the guide says.

        Args:
            number: which part of how many.
            shots: of the camera, shown meanwhile, so that the slide can be put in its place.
            longest_s: how long an answer is waited for.

        Returns:
            The answer, no to skip it; None if nobody answers.

        Raises:
            CalibrationError: the camera fails.
        """
        step = replace(self._step, number=number, answers=self._told_beginning())
        prompt = f"{number}, {self.guide.title}: {self.guide.instruction}; begin? [y/N] "
        self.answers.forget()
        self.show(step)
        self.say(prompt)
        asked_s = time.monotonic()
        while (waited_s := time.monotonic() - asked_s) < longest_s:
            if waited_s > _FIRST_KEYS_S and not self.is_answerable:
                return None
            if answer := self.answers.next(_TICK_S) or self.typed.next_answer(prompt, self.say):
                return answer
            step = self._shown_beginning(step, next(shots, None))
        return None

    def _shown_beginning(self, step: CalibrationStep, shot: Shot | None) -> CalibrationStep:
        """Return a step with the camera's picture and the keys there are, shown if new."""
        answers = self._told_beginning()
        if shot is None and answers == step.answers:
            return step
        picture = reduced(shot.rgb) if shot else step.picture
        step = replace(step, answers=answers, picture=picture)
        self.show(step)
        return step

    def _told_beginning(self) -> str:
        return self.keys().told("begin", "", "skip") or "answer in the terminal"

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
            answers=self.keys().told("again", "", "stop"),
            refusal=refusal,
        )
        self.say(f"leuko: {refusal}")
        return self._asked(step, "try again? [y/N] ") not in {None, Answer.NO}

    def _take_number(self, given: NumberAnswer) -> None:
        if press := self.answers.next_press(_TICK_S):
            given.press(press)
        elif (line := self.typed.next_line(0.0)) is not None:
            given.give(line)
        else:
            return
        if given.refused:
            self.say(f"{given.refused[:40]!r} is no number of cells; give 0 to {MOST} ")
        if given.is_stopped:
            raise CalibrationError(self.guide.stopped)

    def _asked(self, shown: Shown, prompt: str) -> Answer | None:
        self.answers.forget()
        self.show(shown)
        self.say(prompt)
        until_s = time.monotonic() + self.longest_s
        while self.is_answerable and time.monotonic() < until_s:
            if answer := self.answers.next(_TICK_S) or self.typed.next_answer(prompt, self.say):
                return answer
        return None
