"""Keys, buttons and terminal while a person is asked what a cell is."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from leuko.cells import CellClass, RGBImage
from leuko.control import Action, Answers, Press
from leuko.review import Turn
from leuko.shown import ReviewStep, Shown
from leuko.wizard import GUIDES, KeyNames, ReviewScreen, TypedAnswers, Wizard

NO_KEYS = KeyNames()
KEYPAD = KeyNames("[Enter]", "[+]", "hold [/]", "[-]")
BUTTONS = KeyNames("[start]", "[target]", "hold [finish]")


class Fingers(Answers):
    """Presses what comes together at once, and the next only when that was waited for in vain."""

    def __init__(self, *together: list[Press]) -> None:
        super().__init__()
        self._together = list(together)

    def next_press(self, timeout_s: float) -> Press | None:
        if (queued := super().next_press(0.0)) or not timeout_s or not self._together:
            return queued
        if self._together[0]:
            return self._together[0].pop(0)
        self._together.pop(0)
        return None


@dataclass
class Bench:
    """A display and a terminal that are lists."""

    keys: KeyNames = NO_KEYS
    typed: str = ""
    answers: Answers = field(default_factory=Answers)
    too_soon: list[Press] = field(default_factory=list)
    shown: list[ReviewStep] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def show(self, shown: Shown) -> None:
        if isinstance(shown, ReviewStep):
            self.shown.append(shown)
            for press in self.too_soon:
                self.answers.press(press, on="keypad")

    @contextmanager
    def screen(self) -> Generator[ReviewScreen]:
        reading, writing = os.pipe()
        os.write(writing, self.typed.encode())
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as terminal:
            wizard = Wizard(
                GUIDES["review"],
                self.show,
                self.said.append,
                self.answers,
                lambda: self.keys,
                TypedAnswers(terminal),
            )
            yield ReviewScreen(wizard, lambda _: None, settle_s=0.0)


@pytest.fixture
def step(grey: Callable[[int], RGBImage]) -> ReviewStep:
    return ReviewStep(grey(90), 3, 10, CellClass.MONOCYTE, "60 %", {}, 20, "")


@pytest.mark.parametrize(
    ("press", "answer"),
    [
        (Press(Action.GO), CellClass.MONOCYTE),
        (Press(Action.GO, "2"), CellClass.LYMPHOCYTE),
        (Press(Action.GO, "8"), CellClass.PLATELET_OR_ARTEFACT),
        (Press(Action.GO, "0"), Turn.SKIP),
        (Press(Action.TARGET_UP), Turn.SKIP),
        (Press(Action.GO, "-"), Turn.BACK),
        (Press(Action.TARGET_DOWN), Turn.BACK),
        (Press(Action.DISCARD), Turn.STOP),
        (Press(Action.FINISH), Turn.STOP),
    ],
)
def test_keys_say_what_a_cell_is(step: ReviewStep, press: Press, answer: CellClass | Turn) -> None:
    bench = Bench(KEYPAD, answers=Fingers([press]))
    with bench.screen() as screen:
        assert screen.ask(step) == answer
    told = "[Enter] yes · [0] skip · [-] back · hold [/] stop"
    assert [one.answers for one in bench.shown] == [told]


def test_what_is_pressed_before_a_cell_can_be_seen_says_nothing_of_it(step: ReviewStep) -> None:
    bench = Bench(
        KEYPAD,
        answers=Fingers([Press(Action.GO, "4")]),
        too_soon=[Press(Action.GO, "1"), Press(Action.GO)],
    )
    with bench.screen() as screen:
        assert screen.ask(step) is CellClass.EOSINOPHIL


def test_what_is_no_key_is_asked_again(step: ReviewStep) -> None:
    fingers = Fingers([Press(Action.GO, "9")], [Press(Action.GO, "12")], [Press(Action.GO)])
    bench = Bench(KEYPAD, answers=fingers)
    with bench.screen() as screen:
        assert screen.ask(step) is CellClass.MONOCYTE
    assert [said.split(";")[0] for said in bench.said] == [
        "leuko: no class is called '9'",
        "leuko: no class is called '12'",
    ]


def test_an_id_that_a_wand_reads_says_nothing_of_a_cell(step: ReviewStep) -> None:
    wand = [*(Press(Action.GO, digit) for digit in "4006381333931"), Press(Action.GO)]
    bench = Bench(KEYPAD, answers=Fingers(wand, [Press(Action.GO, "5")]))
    with bench.screen() as screen:
        assert screen.ask(step) is CellClass.BASOPHIL
    assert bench.said == ["leuko: keys that come together say nothing of a cell; press one alone"]


def test_buttons_agree_skip_and_stop_and_are_named(step: ReviewStep) -> None:
    bench = Bench(BUTTONS, answers=Fingers([Press(Action.TARGET)]))
    with bench.screen() as screen:
        assert screen.ask(step) is Turn.SKIP
    assert bench.shown[0].answers == "[start] yes · [target] skip · hold [finish] stop"


def test_a_button_that_is_not_there_is_not_named(step: ReviewStep) -> None:
    bench = Bench(KeyNames("[start]"), answers=Fingers([Press(Action.GO)]))
    with bench.screen() as screen:
        assert screen.ask(step) is CellClass.MONOCYTE
    assert bench.shown[0].answers == "[start] yes"


def test_lines_of_a_script_are_answers_one_after_the_other_and_its_end_stops(
    step: ReviewStep,
) -> None:
    bench = Bench(typed="1\n\nBasophils\nskip\nback\n")
    with bench.screen() as screen:
        said = [screen.ask(step) for _ in range(6)]
    names = [CellClass.NEUTROPHIL, CellClass.MONOCYTE, CellClass.BASOPHIL]
    assert said == [*names, Turn.SKIP, Turn.BACK, Turn.STOP]
