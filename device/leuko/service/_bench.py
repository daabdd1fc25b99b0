"""What stands at the bench beside the camera: keypad, buttons and display, and how they are."""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from leuko.control import Action, Archive, Bench, Buttons, CommandQueue, Keypad
from leuko.displays import DisplayThread
from leuko.settings import Settings
from leuko.status import Health, Level

logger = logging.getLogger(__name__)

Looks = Mapping[str, Callable[[], Health]]
"""What looks at each part of the bench, by its name."""


def open_bench(
    settings: Settings,
    pins: Mapping[Action, str],
    *,
    commands: CommandQueue,
    archive: Archive,
    stack: ExitStack,
) -> tuple[Bench, Looks]:
    """Return what carries out the presses, and what looks at keypad and buttons that are set.

    Args:
        settings: which keypad, and who counts.
        pins: the pin of each button; empty without any.
        commands: what the presses go to.
        archive: the sessions that can be exported.
        stack: closes what was opened.
    """
    looks: dict[str, Callable[[], Health]] = {}
    bench = stack.enter_context(Bench(commands, operator=settings.operator, archive=archive))
    if settings.keypad != "none":
        keypad = stack.enter_context(Keypad(bench, settings.keypad))
        looks["keypad"] = lambda: keypad.health
    if pins:
        buttons = stack.enter_context(Buttons(bench, pins))
        looks["buttons"] = lambda: buttons.health
        if buttons.health.level is not Level.OK:
            logger.warning("%s", buttons.health.text)
    return bench, looks


def bench_health(looks: Looks, display: DisplayThread | None) -> dict[str, Health]:
    """Return how keypad, buttons and display are, by name, those that are set.

    Args:
        looks: at keypad and buttons.
        display: None without one.
    """
    told = {name: look() for name, look in looks.items()}
    return told | {"display": display.health} if display else told
