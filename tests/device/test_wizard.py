"""Calibrations at the bench: steps on the display, answers on keys, and the terminal without."""

import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.calibration import CalibrationHistory, FrameUsed, Shot
from leuko.cells import RGBImage
from leuko.cli import main
from leuko.control import Action, Answer, Answers, Press
from leuko.displays import DisplayOptions
from leuko.errors import CalibrationError
from leuko.settings import Settings
from leuko.shown import CalibrationStep, Shown
from leuko.wizard import GUIDES, KeyNames, TypedAnswers, Wizard, open_wizard

ENTER, KP_PLUS = 28, 78
NO_KEYS = KeyNames()
NAMES = KeyNames("[Enter]", "[+]", "hold [/]")
LONG_S = 30.0

Hand = Callable[[Path, list[int]], AbstractContextManager[None]]


def field_of(level: int) -> RGBImage:
    return np.full((120, 160, 3), level, np.uint8)


@dataclass
class Bench:
    """A wizard whose display and terminal are lists."""

    keys: KeyNames = NO_KEYS
    typed: str = ""
    pressed: list[Action] = field(default_factory=list)
    shown: list[CalibrationStep] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)

    def show(self, shown: Shown) -> None:
        assert isinstance(shown, CalibrationStep)
        self.shown.append(shown)
        if shown.answers and self.pressed:
            self.answers.press(Press(self.pressed.pop(0)), on="keypad")

    @contextmanager
    def wizard(self) -> Generator[Wizard]:
        reading, writing = os.pipe()
        os.write(writing, self.typed.encode())
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as terminal:
            typed = TypedAnswers(terminal)
            say, keys = self.said.append, lambda: self.keys
            yield Wizard(GUIDES["focus"], self.show, say, self.answers, keys, typed)


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        (Action.GO, Answer.YES),
        (Action.TARGET_UP, Answer.AGAIN),
        (Action.TARGET, Answer.AGAIN),
        (Action.FINISH, Answer.NO),
        (Action.DISCARD, Answer.NO),
    ],
)
def test_the_keys_of_a_count_answer_a_calibration(action: Action, answer: Answer) -> None:
    bench = Bench(NAMES, pressed=[action])
    with bench.wizard() as wizard:
        assert wizard.ask("keep this calibration?", "in focus 2.31") is answer
    asked = bench.shown[-1]
    assert (asked.number, asked.figures) == ("step 2 of 2", ("in focus 2.31",))
    assert asked.answers == "[Enter] yes · [+] again · hold [/] no"


def test_a_key_that_only_a_count_knows_answers_nothing() -> None:
    answers = Answers()
    for action in (Action.SMUDGE, Action.SMUDGE_BACK, Action.GO):
        answers.press(Press(action), on="keypad")
    assert answers.next(LONG_S) is Answer.YES


def test_what_was_pressed_before_the_question_answers_nothing() -> None:
    bench = Bench(NAMES, pressed=[Action.FINISH])
    with bench.wizard() as wizard:
        bench.answers.press(Press(Action.GO), on="keypad")
        assert wizard.ask("keep this calibration?") is Answer.NO


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("y\n", Answer.YES),
        ("again\n", Answer.AGAIN),
        ("n\n", Answer.NO),
        ("No\n", Answer.NO),
        ("\n", Answer.NO),
        ("", None),
    ],
)
def test_without_keys_the_terminal_answers(typed: str, answer: Answer | None) -> None:
    bench = Bench(typed=typed)
    with bench.wizard() as wizard:
        assert wizard.ask("keep this calibration?") is answer
    assert bench.said == ["keep this calibration? [y/N/again] "]


def test_whether_to_keep_it_is_not_waited_for_without_end() -> None:
    bench = Bench(NAMES)
    with bench.wizard() as wizard:
        wizard.longest_s = 0.3
        assert wizard.ask("keep this calibration?") is None
        assert not wizard.asks_again("too dim; turn it up")


def test_a_mistyped_word_is_asked_again_and_throws_nothing_away() -> None:
    bench = Bench(typed="yy\nja\ny\n")
    with bench.wizard() as wizard:
        assert wizard.ask("keep this check?") is Answer.YES
    assert bench.said == [
        "keep this check? [y/N/again] ",
        "'yy' is no answer; keep this check? [y/N/again] ",
        "'ja' is no answer; keep this check? [y/N/again] ",
    ]


def test_pictures_are_shown_with_what_is_measured() -> None:
    bench = Bench()
    shots = [Shot(field_of(level), FrameUsed(name="x", sha256="0" * 64)) for level in (9, 99)]
    with bench.wizard() as wizard:
        for number, shot in enumerate(wizard.watched(iter(shots)), start=1):
            assert shot is shots[number - 1]
            wizard.tell(f"sharpness {number}")
    first, *_, last = bench.shown
    assert (first.title, first.instruction) == ("sharpness", "turn the focus slowly")
    assert (first.number, first.picture) == ("step 1 of 2", None)
    assert last.figures == ("sharpness 2",)
    assert last.picture is not None
    assert last.picture[0, 0, 0] == 99


def test_a_long_press_stops_what_is_being_measured() -> None:
    bench = Bench(NAMES)
    with bench.wizard() as wizard:
        wizard.see(field_of(90))
        bench.answers.press(Press(Action.DISCARD), on="keypad")
        with pytest.raises(CalibrationError, match="a press has stopped it"):
            wizard.see(field_of(90))


def test_a_refusal_is_shown_and_tried_again_where_there_are_keys() -> None:
    bench = Bench(NAMES, pressed=[Action.GO])
    with bench.wizard() as wizard:
        assert wizard.asks_again("too dim; turn it up")
    assert bench.shown[-1].refusal == "too dim; turn it up"
    with Bench(typed="y\n").wizard() as without_keys:
        assert not without_keys.asks_again("too dim; turn it up")


@pytest.mark.parametrize(
    ("action", "answer"), [(Action.GO, Answer.YES), (Action.FINISH, Answer.NO)]
)
def test_a_part_is_begun_with_or_skipped_while_the_camera_shows_the_slide(
    action: Action, answer: Answer
) -> None:
    bench = Bench(NAMES)
    answers = bench.answers

    def shots() -> Generator[Shot]:
        yield Shot(field_of(99), FrameUsed(name="x", sha256="0" * 64))
        answers.press(Press(action), on="keypad")

    with bench.wizard() as wizard:
        assert wizard.asks_to_begin("part 5 of 6", shots(), longest_s=60) is answer
    asked = bench.shown[-1]
    assert (asked.number, asked.instruction) == ("part 5 of 6", "turn the focus slowly")
    assert asked.answers == "[Enter] begin · hold [/] skip"
    assert asked.picture is not None


def test_who_is_asked_to_begin_is_not_waited_for_without_end() -> None:
    with Bench(NAMES).wizard() as wizard:
        assert wizard.asks_to_begin("part 5 of 6", iter(()), longest_s=0.2) is None
        assert wizard.is_answerable


def test_neither_display_nor_buttons_that_fail_stop_a_calibration(tmp_path: Path) -> None:
    said: list[str] = []
    settings = Settings(
        display="framebuffer",
        display_device=str(tmp_path / "none"),
        keypad=str(tmp_path / "nothing"),
        buttons="start=17,start=18",
    )
    options = DisplayOptions(device=settings.display_device)
    with open_wizard(settings, options, None, say=said.append, is_asked=True) as wizard:
        wizard.see(field_of(100))
        assert wizard.keys() == KeyNames()
    assert len(said) == 1
    assert "going on without buttons: 'start=18' is no button" in said[0]


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """Two pictures of empty glass, darker on the right."""
    folder = tmp_path / "glass"
    folder.mkdir()
    fall = np.linspace(1, 0.8, 160)[None, :, None]
    for seed in range(2):
        rng = np.random.default_rng(seed)
        rgb = np.clip(200 * fall + rng.normal(0, 2, (120, 160, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(rgb).save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def calibrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    bench = {
        "STATE_DIR": str(tmp_path / "state"),
        "DISPLAY": "png",
        "DISPLAY_DEVICE": str(tmp_path / "shown"),
        "DISPLAY_WIDTH": "320",
        "DISPLAY_HEIGHT": "240",
        "KEYPAD": str(tmp_path / "keypad"),
    }
    for name, value in bench.items():
        monkeypatch.setenv(f"LEUKO_{name}", value)

    def run(*arguments: object) -> object:
        with pytest.raises(SystemExit) as left:
            main(["calibrate", *map(str, arguments)])
        return left.value.code or 0

    return run


def test_a_press_keeps_what_a_command_has_measured(
    calibrate: Callable[..., object], hand: Hand, fields: Path, tmp_path: Path
) -> None:
    with hand(tmp_path / "keypad", [ENTER]):
        assert calibrate("flat-field", "--from", fields, "--fields", "2") == 0
    kept = CalibrationHistory(tmp_path / "state" / "calibration").current()
    assert kept is not None
    assert list(kept.record.parts) == ["flat_field"]
    with Image.open(tmp_path / "shown" / "display.png") as picture:
        assert picture.size == (320, 240)


def test_a_press_has_it_measured_again(
    calibrate: Callable[..., object], hand: Hand, fields: Path, tmp_path: Path
) -> None:
    history = CalibrationHistory(tmp_path / "state" / "calibration")
    keys = [KP_PLUS]
    kept_before: list[object] = []

    def relent() -> None:
        # The picture is written anew for every step.
        seen: set[int] = set()
        until = time.monotonic() + LONG_S
        while len(seen) < 6 and time.monotonic() < until:
            seen |= {path.stat().st_mtime_ns for path in (tmp_path / "shown").glob("*.png")}
            time.sleep(0.02)
        kept_before.append(history.current())
        keys[:] = [ENTER]

    relenting = threading.Thread(target=relent)
    relenting.start()
    with hand(tmp_path / "keypad", keys):
        assert calibrate("flat-field", "--from", fields, "--fields", "2") == 0
    relenting.join()
    assert kept_before == [None]
    assert history.current() is not None


@pytest.mark.parametrize(
    ("pressed", "number"),
    [
        ([Action.GO], 0),
        ([Action.TARGET_UP, Action.TARGET, Action.TARGET_DOWN, Action.GO], 1),
    ],
)
def test_a_number_is_counted_up_and_down_by_keys(pressed: list[Action], number: int) -> None:
    bench = Bench(NAMES._replace(less="[-]"), pressed=[*pressed])
    with bench.wizard() as wizard:
        assert wizard.ask_number("how many were missed?", "missed", "seen 3") == number
    asked = bench.shown[-1]
    assert asked.figures == (f"missed {number}", "seen 3")
    assert asked.answers == "[Enter] ok · [+][-] set · hold [/] stop"


def test_a_number_is_typed_on_a_keypad_and_shown_while_it_is() -> None:
    bench = Bench(NAMES)
    bench.answers.show_typed("12")
    with bench.wizard() as wizard:
        show = wizard.show

        def show_and_press(shown: Shown) -> None:
            show(shown)
            bench.answers.press(Press(Action.GO, "12"), on="keypad")

        wizard.show = show_and_press
        assert wizard.ask_number("how many were missed?", "missed") == 12
    assert bench.shown[-1].figures == ("missed 12",)


def test_a_slides_id_that_a_wand_reads_is_no_number_and_display_and_terminal_say_so() -> None:
    bench = Bench(NAMES)
    scanned = [Press(Action.GO, "4006381333931"), Press(Action.GO, "1001"), Press(Action.GO, "3")]
    with bench.wizard() as wizard:
        show = wizard.show

        def show_and_press(shown: Shown) -> None:
            show(shown)
            bench.answers.press(scanned.pop(0), on="keypad")

        wizard.show = show_and_press
        assert wizard.ask_number("how many were missed?", "missed", "seen 3") == 3
    assert bench.shown[-1].figures == ("missed 0", "1000 at most", "seen 3")
    assert bench.said[1:] == [
        "'4006381333931' is no number of cells; give 0 to 1000 ",
        "'1001' is no number of cells; give 0 to 1000 ",
    ]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("4\n", 4),
        ("four\n-2\n2\n", 2),
        ("4006381333931\n1001\n1000\n", 1000),
        pytest.param("9" * 5000 + "\n7\n", 7, id="more digits than Python takes"),
        ("", None),
    ],
)
def test_without_keys_a_number_is_typed_in_the_terminal(typed: str, number: int | None) -> None:
    bench = Bench(typed=typed)
    with bench.wizard() as wizard:
        assert wizard.ask_number("how many were missed?", "missed") == number
    assert sum("is no number" in line for line in bench.said) == typed.count("\n") - bool(typed)


def test_a_number_is_not_waited_for_without_end() -> None:
    bench = Bench(NAMES)
    with bench.wizard() as wizard:
        wizard.longest_s = 0.3
        assert wizard.ask_number("how many were missed?", "missed") is None


def test_a_long_press_stops_while_a_number_is_asked_for() -> None:
    bench = Bench(NAMES, pressed=[Action.DISCARD])
    with bench.wizard() as wizard, pytest.raises(CalibrationError, match="a press has stopped it"):
        wizard.ask_number("how many were missed?", "missed")


def test_an_instruction_is_shown_as_urgent_and_said_once_until_it_is_followed() -> None:
    bench = Bench()
    with bench.wizard() as wizard:
        for instruction in ("", "slower", "slower", ""):
            wizard.instruct(instruction)
    assert [(one.instruction, one.is_urgent) for one in bench.shown[1:]] == [
        ("slower", True),
        ("turn the focus slowly", False),
    ]
    assert bench.said == ["leuko: slower", "leuko: turn the focus slowly"]
