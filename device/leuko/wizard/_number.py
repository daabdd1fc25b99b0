"""A number that a person gives with the keys of a keypad, with buttons, or in the terminal."""

from dataclasses import dataclass

from leuko.control import Action, Press

MOST = 1000
"""What a person counts is less; a wand that reads the next slide's id gives more."""

_MORE, _LESS = (Action.TARGET, Action.TARGET_UP), (Action.TARGET_DOWN,)


@dataclass(slots=True)
class NumberAnswer:
    """What was given so far.

    Attributes:
        number: so far, 0 or more.
        is_given: whether it stands.
        refused: what was typed last and is no number of 0 to `MOST`; empty if nothing was.
        is_stopped: whether the person has stopped it all.
    """

    number: int = 0
    is_given: bool = False
    refused: str = ""
    is_stopped: bool = False

    def told(self, what: str, *, typed: str) -> tuple[str, ...]:
        """Return what is shown of the number, a line each.

        Args:
            what: is counted, one word.
            typed: digits that were typed so far and not yet given.
        """
        too_large = (f"{MOST} at most",) if self.refused else ()
        return (f"{what} {typed or self.number}", *too_large)

    def press(self, press: Press) -> None:
        """Take a press: start gives the number, or the digits typed before; plus and minus."""
        self.refused = ""
        if press.action is Action.GO:
            self.give(press.specimen)
        elif press.action in _MORE:
            self.number = max(self.number, min(MOST, self.number + 1))
        elif press.action in _LESS:
            self.number = max(0, self.number - 1)
        else:
            self.is_stopped = True

    def give(self, digits: str) -> None:
        """Take what was typed; nothing gives the number so far, and what is refused no number."""
        self.refused = ""
        if not digits:
            self.is_given = True
        elif digits.isdecimal() and len(digits) <= len(str(MOST)) and int(digits) <= MOST:
            self.number, self.is_given = int(digits), True
        else:
            self.refused = digits
