"""Buttons on the pins that gpiozero itself ships for trying things out."""

import queue
from collections.abc import Generator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from leuko.control import Action, Bench, Buttons, parse_buttons
from leuko.errors import SettingsError
from leuko.status import Level

Asked = queue.SimpleQueue[str]


@pytest.fixture
def pins() -> Generator[MockFactory]:
    earlier = Device.pin_factory
    Device.pin_factory = MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = earlier


def press(pin: MockPin) -> None:
    """Buttons connect their pin to ground."""
    pin.drive_low()
    pin.drive_high()


def test_a_button_does_what_its_pin_is_set_for(
    pins: MockFactory, bench: Bench, asked: Asked
) -> None:
    with Buttons(bench, {Action.GO: "5", Action.TARGET_UP: "GPIO6"}) as buttons:
        press(pins.pin(5))
        press(pins.pin(6))
        assert asked.get(timeout=30) == "start '' for '' by button GPIO5"
        assert asked.get(timeout=30) == "target 200 by button GPIO6"
        assert buttons.health.text == "2 buttons ready"


def test_one_button_pauses_when_pressed_and_finishes_when_held(
    pins: MockFactory, bench: Bench, asked: Asked
) -> None:
    with Buttons(bench, {Action.GO: "5", Action.FINISH: "5"}, hold_s=0.1):
        press(pins.pin(5))
        press(pins.pin(5))
        pins.pin(5).drive_low()
        lines = [asked.get(timeout=30).split(" by ")[0] for _ in range(3)]
        pins.pin(5).drive_high()
        press(pins.pin(5))
        lines.append(asked.get(timeout=30).split(" by ")[0])
    assert lines == ["start '' for ''", "pause", "finish", "start '' for ''"]


def test_two_actions_that_one_press_cannot_tell_apart_are_refused(bench: Bench) -> None:
    with pytest.raises(SettingsError, match="pin 5 is set for both start and target_up"):
        Buttons(bench, {Action.GO: "5", Action.TARGET_UP: "5"})


def test_a_pin_that_does_not_exist_is_a_fault_and_stops_nothing(
    pins: MockFactory, bench: Bench
) -> None:
    with Buttons(bench, {Action.GO: "5", Action.FINISH: "99"}) as buttons:
        assert buttons.health.level is Level.FAULT
        assert "99" in buttons.health.text
    with Buttons(bench, {Action.GO: "5"}) as again:
        assert again.health.level is Level.OK
    assert pins.pin(5).function == "input"


def test_without_pins_nothing_is_opened(bench: Bench) -> None:
    with Buttons(bench, {}) as buttons:
        assert buttons.health.text == "no buttons"


def test_a_target_button_goes_round(pins: MockFactory, bench: Bench, asked: Asked) -> None:
    with Buttons(bench, parse_buttons("start=5, target=GPIO6")):
        press(pins.pin(5))
        for _ in range(3):
            press(pins.pin(6))
        lines = [asked.get(timeout=30).split(" by ")[0] for _ in range(4)]
    assert lines[1:] == ["target 200", "target 400", "target 100"]


@pytest.mark.parametrize("text", ["explode=5", "start", "start=", "=5", "start=5,start=6"])
def test_a_setting_that_names_no_button_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is no button; give each of start, target, "):
        parse_buttons(text)


def test_an_empty_setting_is_no_button() -> None:
    assert parse_buttons("") == {}
