"""The display that the settings choose: what can never work is refused, the rest is tried."""

from contextlib import ExitStack
from functools import partial

from leuko.displays import (
    SMALLEST_SIZE,
    DisplayOptions,
    DisplayThread,
    list_displays,
    load_display,
)
from leuko.errors import SettingsError
from leuko.settings import Settings

_TEXT = "terminal"
"""A terminal knows its own size; what the settings say of it is not looked at."""


def display_options(settings: Settings) -> DisplayOptions:
    """Return how the settings want the display opened."""
    return DisplayOptions(
        device=settings.display_device,
        model=settings.display_model,
        width=settings.display_width,
        height=settings.display_height,
        rotate=settings.display_rotate,
    )


def check_display(settings: Settings) -> None:
    """Refuse what would be tried in vain for ever, before anything is opened.

    Raises:
        SettingsError: there is no such driver, or nothing that can be read fits into the size.
    """
    if settings.display == "none":
        return
    if settings.display not in (known := list_displays()):
        raise SettingsError(
            f"there is no display driver {settings.display!r}; choose one of none, "
            f"{', '.join(known)}"
        )
    if settings.display != _TEXT:
        _refuse_unreadable(settings)


def open_display(settings: Settings, stack: ExitStack) -> DisplayThread | None:
    """Return the display, which may be missing or fail without harm; None if none is chosen.

    Args:
        settings: that `check_display` has let pass.
        stack: closes it.
    """
    if settings.display == "none":
        return None
    options = display_options(settings)
    return stack.enter_context(DisplayThread(partial(load_display, settings.display, options)))


def _refuse_unreadable(settings: Settings) -> None:
    # The settings tell the size before the display is turned.
    width, height = SMALLEST_SIZE[::-1] if settings.display_rotate % 2 else SMALLEST_SIZE
    sizes = {
        "display_width": (settings.display_width, width),
        "display_height": (settings.display_height, height),
    }
    small = [f"{name} = {given}" for name, (given, least) in sizes.items() if 0 < given < least]
    if small:
        raise SettingsError(
            f"the display is too small to read: {' and '.join(small)}; "
            f"set at least {width} x {height}, or 0 to ask the driver"
        )
