"""The wizard put together from the settings; what of it does not work is said and left out."""

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from leuko.control import Action, Answers, Buttons, Keypad, parse_buttons
from leuko.displays import DisplayOptions, DisplayThread, load_display
from leuko.errors import LeukoError
from leuko.settings import Settings
from leuko.shown import Shown
from leuko.status import Level
from leuko.wizard._guides import OTHER, Guide
from leuko.wizard._keys import KeyNames
from leuko.wizard._typing import TypedAnswers
from leuko.wizard._wizard import Wizard

_TERMINAL = "terminal"
_KEYPAD = KeyNames("[Enter]", "[+]", "hold [/]", "[-]")
_AGAIN = (Action.TARGET, Action.TARGET_UP, Action.TARGET_DOWN)
_NO = (Action.FINISH, Action.DISCARD)


@contextmanager
def open_wizard(
    settings: Settings,
    display: DisplayOptions,
    guide: Guide | None,
    *,
    say: Callable[[str], None],
    is_asked: bool,
    at_once: str = "",
) -> Generator[Wizard]:
    """Yield a wizard on the display and keys that the settings name.

    A display that fails, a keypad that is not there and pins that are taken are no reason to stop.

    Args:
        settings: which display, keypad and buttons.
        display: how the display is opened.
        guide: the words; None for the general ones.
        say: writes a line for the person at the terminal.
        is_asked: whether anything will be asked; without that no keys are taken.
        at_once: characters of a keypad that answer without Enter.
    """
    with ExitStack() as stack:
        show: Callable[[Shown], None] = _nowhere
        # The terminal that the command was started in is the person's own.
        is_own = settings.display == _TERMINAL and not settings.display_device
        if settings.display != "none" and not is_own:
            thread = DisplayThread(partial(load_display, settings.display, display))
            show = stack.enter_context(thread).show
        answers = Answers()
        keys = _listening(answers, settings, stack, say, at_once=at_once) if is_asked else KeyNames
        yield Wizard(guide or OTHER, show, say, answers, keys, TypedAnswers.of_terminal())


def _nowhere(shown: Shown) -> None:
    del shown


def _listening(
    answers: Answers,
    settings: Settings,
    stack: ExitStack,
    say: Callable[[str], None],
    *,
    at_once: str,
) -> Callable[[], KeyNames]:
    """Listen to keypad and buttons; return what names those that can be pressed."""
    is_taken = settings.keypad != "none"
    keypad = Keypad(answers, settings.keypad, at_once=at_once) if is_taken else None
    if keypad:
        stack.enter_context(keypad)
    buttons = _buttons(answers, settings, stack, say)
    return lambda: _KEYPAD if keypad and keypad.is_ready else buttons


def _buttons(
    answers: Answers, settings: Settings, stack: ExitStack, say: Callable[[str], None]
) -> KeyNames:
    """Listen to buttons; return what names them, nothing where there are none that work."""
    try:
        pins = parse_buttons(settings.buttons)
        health = stack.enter_context(Buttons(answers, pins)).health
    except LeukoError as error:
        say(f"leuko: going on without buttons: {error}")
        return KeyNames()
    if health.level is not Level.OK:
        say(f"leuko: going on without buttons: {health.text}")
        return KeyNames()
    return _named(pins)


def _named(pins: Mapping[Action, str]) -> KeyNames:
    """Return the names of buttons, as the settings call them."""
    again = next((action for action in _AGAIN if action in pins), "")
    no = next((action for action in _NO if action in pins), "")
    yes = Action.GO if Action.GO in pins else ""
    return KeyNames(
        f"[{yes}]" if yes else "", f"[{again}]" if again else "", f"hold [{no}]" if no else ""
    )
