"""Keypad and buttons, where the settings name any."""

from collections.abc import Iterator

from leuko.control import Answers, Buttons, Keypad, parse_buttons
from leuko.doctor._finding import Finding, broken
from leuko.errors import SettingsError
from leuko.settings import Settings


def examine_bench(settings: Settings) -> Iterator[Finding]:
    """Look at keypad and buttons, each that is set.

    Args:
        settings: which keypad, which pins.
    """
    if settings.keypad != "none":
        yield examine_keypad(settings)
    if settings.buttons:
        yield examine_buttons(settings)


def examine_keypad(settings: Settings) -> Finding:
    """Look for the keypad, which no running service has taken."""
    part = "keypad"
    # Nothing asks, so what is pressed meanwhile answers nothing.
    with Keypad(Answers(), settings.keypad) as keypad:
        return Finding(part, keypad.health)


def examine_buttons(settings: Settings) -> Finding:
    """Open the pins, which no running service has taken."""
    part = "buttons"
    try:
        pins = parse_buttons(settings.buttons)
        with Buttons(Answers(), pins) as buttons:
            return Finding(part, buttons.health)
    except SettingsError as error:
        return broken(part, str(error))
