"""Keys, buttons and terminal while a person is asked what a cell is."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from leuko.cells import CellClass, RGBImage
from leuko.control import Action, Answers, Press
from leuko.review import Turn
from leuko.status import ReviewStep, Shown
from leuko.wizard import GUIDES, KeyNames, ReviewScreen, TypedAnswers, Wizard

NO_KEYS = KeyNames()
KEYPAD = KeyNames("Enter", "+", "hold /", "-")
BUTTONS = KeyNames("start", "target", "hold finish")


@dataclass
class Bench:
    """Display and terminal that are lists; presses come while a cell is shown, or before."""

    keys: KeyNames = NO_KEYS
    typed: str = ""
    pressed: list[Press] = field(default_factory=list)
    pressed_too_soon: list[Press] = field(default_factory=list)
    shown: list[ReviewStep] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)

    def show(self, shown: Shown) -> None:
        if isinstance(shown, ReviewStep):
            self.shown.append(shown)
            for press in self.pressed_too_soon:
                self.answers.press(press, on="keypad")

    def key_names(self) -> KeyNames:
        # Asked after what came too soon was dropped, and before anything is waited for.
        if self.shown and self.pressed and self.is_settled:
            self.answers.press(self.pressed.pop(0), on="keypad")
        self.is_settled = bool(self.shown)
        return self.keys

    is_settled: bool = False

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
                self.key_names,
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
    bench = Bench(KEYPAD, pressed=[press])
    with bench.screen() as screen:
        assert screen.ask(step) == answer
    assert [one.answers for one in bench.shown] == ["Enter yes · 0 skip · - back · hold / stop"]


def test_what_is_pressed_before_a_cell_can_be_seen_says_nothing_of_it(step: ReviewStep) -> None:
    bench = Bench(
        KEYPAD,
        pressed=[Press(Action.GO, "4")],
        pressed_too_soon=[Press(Action.GO, "1"), Press(Action.GO)],
    )
    with bench.screen() as screen:
        assert screen.ask(step) is CellClass.EOSINOPHIL


def test_what_is_no_key_is_asked_again(step: ReviewStep) -> None:
    bench = Bench(KEYPAD, pressed=[Press(Action.GO, "9"), Press(Action.GO, "12"), Press(Action.GO)])
    with bench.screen() as screen:
        assert screen.ask(step) is CellClass.MONOCYTE
    assert [said.split(";")[0] for said in bench.said] == [
        "leuko: no class is called '9'",
        "leuko: no class is called '12'",
    ]


def test_buttons_agree_skip_and_stop_and_are_named(step: ReviewStep) -> None:
    bench = Bench(BUTTONS, pressed=[Press(Action.TARGET)])
    with bench.screen() as screen:
        assert screen.ask(step) is Turn.SKIP
    assert bench.shown[0].answers == "start yes · target skip · hold finish stop"


def test_lines_of_a_script_are_answers_one_after_the_other_and_its_end_stops(
    step: ReviewStep,
) -> None:
    bench = Bench(typed="1\n\nBasophils\nskip\nback\n")
    with bench.screen() as screen:
        said = [screen.ask(step) for _ in range(6)]
    names = [CellClass.NEUTROPHIL, CellClass.MONOCYTE, CellClass.BASOPHIL]
    assert said == [*names, Turn.SKIP, Turn.BACK, Turn.STOP]
