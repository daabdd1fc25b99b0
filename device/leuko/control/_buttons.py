"""Push buttons on GPIO pins, through gpiozero, which is imported only when there are any."""

import importlib
import sys
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Protocol, Self

from leuko.control._answers import PressTaker
from leuko.control._bench import Action, Press
from leuko.control._keys import HOLD_S
from leuko.errors import SettingsError
from leuko.status import Health, Level

_BOUNCE_S = 0.02


def parse_buttons(text: str) -> dict[Action, str]:
    """Return the pin of each action that a setting names.

    >>> parse_buttons("start=17, finish=17")
    {<Action.GO: 'start'>: '17', <Action.FINISH: 'finish'>: '17'}

    Raises:
        SettingsError: it names no action, no pin, or one action twice.
    """
    pins: dict[Action, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, pin = (word.strip() for word in part.partition("="))
        if name not in set(Action) or not pin or name in pins:
            raise SettingsError(
                f"{part!r} is no button; give each of {', '.join(Action)} at most one pin, "
                "such as start=17"
            )
        pins[Action(name)] = pin
    return pins


class Buttons:
    """Push buttons, each between a pin and ground; a fault of theirs is a `health`.

    A pin may have one action that is pressed and one that is held.
    """

    def __init__(
        self, bench: PressTaker, pins: Mapping[Action, str], *, hold_s: float = HOLD_S
    ) -> None:
        """Listen from now on.

        Args:
            bench: what takes the presses.
            pins: the pin of each action, as gpiozero names it: ``17``, ``GPIO17``, ``BOARD11``.
            hold_s: how long a button is held to finish or to discard.

        Raises:
            SettingsError: a pin has two actions that are told apart by nothing.
        """
        _refuse_shared_pins(pins)
        self._bench = bench
        self._hold_s = hold_s
        self._open: list[_Button] = []
        self.health = Health(Level.OK, "no buttons")
        if pins:
            self.health = self._opened(pins)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the pins; later calls do nothing."""
        while self._open:
            self._open.pop().device.close()

    def _opened(self, pins: Mapping[Action, str]) -> Health:
        try:
            gpiozero = importlib.import_module("gpiozero")
        except ImportError:
            return Health(Level.FAULT, "buttons need gpiozero; install python3-gpiozero")
        try:
            # It warns of every pin library that it tries; what counts is whether one worked.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for pin in dict.fromkeys(pins.values()):
                    actions = [action for action in pins if pins[action] == pin]
                    self._open.append(self._button(gpiozero, pin, actions))
        except _errors_of(gpiozero) as error:
            self.close()
            reason = str(error).rstrip("!.")
            return Health(Level.FAULT, f"buttons do not work: {reason}; check pins and permission")
        return Health(Level.OK, f"{len(self._open)} buttons ready")

    def _button(self, gpiozero: ModuleType, pin: str, actions: list[Action]) -> "_Button":
        device = gpiozero.Button(
            int(pin) if pin.isdecimal() else pin, bounce_time=_BOUNCE_S, hold_time=self._hold_s
        )
        return _Button(device, self._bench, actions)


class _Device(Protocol):
    """What is used of ``gpiozero.Button``."""

    pin: object
    when_pressed: Callable[[], None]
    when_held: Callable[[], None]
    when_released: Callable[[], None]

    def close(self) -> None:
        """Let go of the pin."""


class _Button:
    def __init__(self, device: _Device, bench: PressTaker, actions: list[Action]) -> None:
        self.device = device
        self._bench = bench
        self._was_held = False
        self._short = next((action for action in actions if not action.is_held), None)
        self._long = next((action for action in actions if action.is_held), None)
        device.when_pressed = self._go_down
        device.when_held = self._hold
        device.when_released = self._go_up

    def _go_down(self) -> None:
        self._was_held = False
        if self._long is None:
            self._press(self._short)

    def _hold(self) -> None:
        self._was_held = True
        self._press(self._long)

    def _go_up(self) -> None:
        # Only the release tells a press from the beginning of a hold.
        if self._long is not None and not self._was_held:
            self._press(self._short)

    def _press(self, action: Action | None) -> None:
        if action is not None:
            self._bench.press(Press(action), on=f"button {self.device.pin}")


def _errors_of(gpiozero: ModuleType) -> tuple[type[Exception], ...]:
    # gpiozero lets the errors of the pin library below it through: lgpio's own, RPi.GPIO's
    # RuntimeError.
    below = [sys.modules["lgpio"].error] if "lgpio" in sys.modules else []
    return (gpiozero.GPIOZeroError, OSError, RuntimeError, *below)


def _refuse_shared_pins(pins: Mapping[Action, str]) -> None:
    taken: dict[tuple[str, bool], Action] = {}
    for action, pin in pins.items():
        other = taken.setdefault((pin, action.is_held), action)
        if other is not action:
            raise SettingsError(
                f"pin {pin} is set for both {other} and {action}; give each a pin of its own"
            )
