"""Keypad and buttons, where the settings name any."""

from collections.abc import Callable, Iterator
from functools import partial

from leuko.control import Answers, Buttons, ControlClient, Keypad, parse_buttons
from leuko.doctor._finding import Finding, broken
from leuko.errors import LeukoError, SettingsError
from leuko.settings import Settings
from leuko.status import Health


def bench_looks(settings: Settings) -> Iterator[Callable[[], Finding]]:
    """Yield what examines keypad and buttons, for each that is set.

    Args:
        settings: which keypad, which pins.
    """
    if settings.keypad != "none":
        yield partial(examine_keypad, settings)
    if settings.buttons:
        yield partial(examine_buttons, settings)


def examine_keypad(settings: Settings) -> Finding:
    """Look for the keypad; what a running service has taken, that tells of itself."""
    part = "keypad"
    if served := _served(settings, part):
        return Finding(part, served)
    # Nothing asks, so what is pressed meanwhile answers nothing.
    with Keypad(Answers(), settings.keypad) as keypad:
        return Finding(part, keypad.health)


def examine_buttons(settings: Settings) -> Finding:
    """Open the pins; those that a running service has taken, that tells of itself."""
    part = "buttons"
    try:
        pins = parse_buttons(settings.buttons)
        if served := _served(settings, part):
            return Finding(part, served)
        with Buttons(Answers(), pins) as buttons:
            return Finding(part, buttons.health)
    except SettingsError as error:
        return broken(part, str(error))


def _served(settings: Settings, part: str) -> Health | None:
    """Return what a running service says of a part; None without one, or if it has no such part."""
    try:
        return ControlClient(settings.control_socket).status().bench.get(part)
    except LeukoError:
        # Why it cannot be asked is said where the doctor looks at the service.
        return None
