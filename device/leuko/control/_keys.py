"""What the keys of a keypad, a keyboard or a scanner of bar codes mean."""

from leuko.control._bench import Action, Press

HOLD_S = 1.5
"""How long a key or button is held for what must not happen by a slip."""
FORGET_S = 20.0
"""An id whose typing stopped so long ago was none."""
LONGEST_ID = 64
"""Characters of an id."""

# The codes of linux/input-event-codes.h.
_ESC, _BACKSPACE, _ENTER = 1, 14, 28
_KEYPAD_DOT, _KEYPAD_ENTER, _KEYPAD_SLASH = 83, 96, 98
_SHIFTS = (42, 54)
ENTER_KEYS = (_ENTER, _KEYPAD_ENTER)
"""What has one of them is a keypad or a keyboard."""

_TALLY_KEYS = (55, 57)
"""The keypad's star, and the space bar of a keyboard without a keypad."""

_PRESSED = {78: Action.TARGET_UP, 74: Action.TARGET_DOWN} | dict.fromkeys(ENTER_KEYS, Action.GO)
_HELD = {
    _BACKSPACE: Action.FINISH,
    _KEYPAD_DOT: Action.FINISH,
    _ESC: Action.DISCARD,
    _KEYPAD_SLASH: Action.DISCARD,
} | dict.fromkeys(_TALLY_KEYS, Action.SMUDGE_BACK)
_ROWS = {
    2: "1234567890-",
    16: "qwertyuiop",
    30: "asdfghjkl",
    44: "zxcvbnm",
    52: "./",
    71: "789",
    75: "456",
    79: "1230",
}
# Where a US keyboard has them, as scanners are set when they are sold.
_CHARACTERS = {
    first + place: character for first, row in _ROWS.items() for place, character in enumerate(row)
}


class Keys:
    """Turns the going down and up of keys into presses. Times are seconds of any one clock.

    Digits, letters, ``-``, ``.`` and ``/`` are a specimen's id, which Enter starts; Enter alone
    starts, pauses or resumes; plus and minus of the keypad change the target; Backspace or the
    keypad's dot, held, finishes; Esc or the keypad's slash, held, discards. Pressed shortly,
    Backspace takes back a character and Esc the whole id. The keypad's star or the space bar
    tallies a smudge cell, held it takes the last one back; neither does while an id is typed.
    """

    def __init__(self, *, hold_s: float = HOLD_S, at_once: str = "") -> None:
        """Begin with no key down.

        Args:
            hold_s: how long a key is held to finish or to discard.
            at_once: characters that do not wait for Enter, each an id of its own.
        """
        self._hold_s = hold_s
        self._at_once = at_once
        self._typed = ""
        self._typed_s = 0.0
        self._held: tuple[int, float] | None = None
        self._shifts: set[int] = set()

    @property
    def typed(self) -> str:
        """The id as far as it is typed."""
        return self._typed

    def down(self, code: int, *, now_s: float) -> Press | None:
        """Return what a key that goes down asks for; the keyboard's repeats are left out."""
        self.forget(now_s=now_s)
        if code in _SHIFTS:
            self._shifts.add(code)
        elif code in _TALLY_KEYS and self._typed:
            # A scanner may send them within an id.
            self._held = None
        elif code in _HELD:
            self._held = code, now_s
        elif code in _PRESSED:
            return self._pressed(_PRESSED[code])
        elif (character := _CHARACTERS.get(code, "")) and character in self._at_once:
            return Press(Action.GO, character)
        elif code in _CHARACTERS:
            self._type(_CHARACTERS[code], now_s)
        return None

    def up(self, code: int) -> Press | None:
        """Return what a key that goes up before it was held asks for."""
        self._shifts.discard(code)
        if self._held is None or self._held[0] != code:
            return None
        self._held = None
        if code in _TALLY_KEYS:
            return self._pressed(Action.SMUDGE)
        if code == _BACKSPACE:
            self._typed = self._typed[:-1]
        elif code == _ESC:
            self._typed = ""
        return None

    def held(self, *, now_s: float) -> Press | None:
        """Return what a key that is still down asks for, once, when it was down for long enough."""
        if self._held is None or now_s - self._held[1] < self._hold_s:
            return None
        code, self._held = self._held[0], None
        return self._pressed(_HELD[code])

    def forget(self, *, now_s: float) -> None:
        """Drop an id whose typing has stopped."""
        if now_s - self._typed_s > FORGET_S:
            self._typed = ""

    def release_all(self) -> None:
        """Take all keys for up: events were lost."""
        self._held = None
        self._shifts.clear()

    def _pressed(self, action: Action) -> Press:
        typed, self._typed = self._typed, ""
        return Press(action, typed if action is Action.GO else "")

    def _type(self, character: str, now_s: float) -> None:
        upper = character.upper() if self._shifts else character
        self._typed = (self._typed + upper)[:LONGEST_ID]
        self._typed_s = now_s
