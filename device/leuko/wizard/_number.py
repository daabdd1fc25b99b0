"""A number that a person gives with the keys of a keypad, with buttons, or in the terminal."""

from dataclasses import dataclass

from leuko.control import Action, Press

_MORE, _LESS = (Action.TARGET, Action.TARGET_UP), (Action.TARGET_DOWN,)


@dataclass(slots=True)
class NumberAnswer:
    """What was given so far.

    Attributes:
        number: so far, 0 or more.
        is_given: whether it stands.
        is_stopped: whether the person has stopped it all.
    """

    number: int = 0
    is_given: bool = False
    is_stopped: bool = False

    def press(self, press: Press) -> None:
        """Take a press: start gives the number, or the digits typed before; plus and minus."""
        if press.action is Action.GO:
            self.give(press.specimen or str(self.number))
        elif press.action in _MORE:
            self.number += 1
        elif press.action in _LESS:
            self.number = max(0, self.number - 1)
        else:
            self.is_stopped = True

    def give(self, digits: str) -> None:
        """Take what was typed; what is no whole number from 0 gives nothing."""
        if digits.isdecimal():
            self.number, self.is_given = int(digits), True
