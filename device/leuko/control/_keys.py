"""What the keys of a keypad, a keyboard or a scanner of bar codes mean."""

from leuko.control._bench import Action, Press
from leuko.control._layout import UNREAD, keypad_sign, sign_of

HOLD_S = 1.5
"""How long a key or button is held for what must not happen by a slip."""
FORGET_S = 20.0
"""An id whose typing stopped so long ago was none."""
LONGEST_ID = 64
"""Characters of an id."""
_MOST_KEPT = 4 * LONGEST_ID
"""Characters of what is no id any more; a person takes back no more of them, one by one."""

# The codes of linux/input-event-codes.h.
_ESC, _BACKSPACE, _ENTER, _CAPS_LOCK = 1, 14, 28, 58
_KEYPAD_DOT, _KEYPAD_ENTER, _KEYPAD_SLASH = 83, 96, 98
_SHIFTS = {42, 54}
# Control, Alt and Meta, left and right: with one of them a key prints something else, or nothing.
_COMMANDS = {29, 97, 56, 100, 125, 126}
ENTER_KEYS = (_ENTER, _KEYPAD_ENTER)
"""What has one of them is a keypad or a keyboard."""

_TALLY_KEYS = (55, 57)
"""The keypad's star, and the space bar of a keyboard without a keypad."""

_PRESSED = {78: Action.TARGET_UP, 74: Action.TARGET_DOWN} | dict.fromkeys(ENTER_KEYS, Action.GO)
_ENDS = {
    _BACKSPACE: Action.FINISH,
    _KEYPAD_DOT: Action.FINISH,
    _ESC: Action.DISCARD,
    _KEYPAD_SLASH: Action.DISCARD,
}
_HELD = _ENDS | dict.fromkeys(_TALLY_KEYS, Action.SMUDGE_BACK)


class Keys:
    """Turns the going down and up of keys into presses. Times are seconds of any one clock.

    Whatever a US keyboard prints is a specimen's id, which Enter starts; Enter alone
    starts, pauses or resumes; plus and minus of the keypad change the target; Backspace or the
    keypad's dot, held, finishes; Esc or the keypad's slash, held, discards. Pressed shortly,
    Backspace takes back a character and Esc the whole id. The keypad's star or the space bar
    tallies a smudge cell, held it takes the last one back. Once an id has begun, the keypad's
    signs and the space bar are part of it. An id with a sign that cannot be read, or one that is
    too long, is refused: nothing may start under a name that is not the specimen's.
    """

    def __init__(self, *, hold_s: float = HOLD_S, at_once: str = "") -> None:
        """Begin with no key down, and Caps Lock off.

        Args:
            hold_s: how long a key is held to finish or to discard.
            at_once: characters that do not wait for Enter, each an id of its own.
        """
        self._hold_s = hold_s
        self._at_once = at_once
        self._typed = ""
        self._typed_s = 0.0
        self._held: tuple[int, float] | None = None
        self._modifiers: set[int] = set()
        self._is_caps = False

    @property
    def typed(self) -> str:
        """The id as far as it is typed, `UNREAD` for each sign that cannot be read."""
        return self._typed

    def down(self, code: int, *, now_s: float) -> Press | None:
        """Return what a key that goes down asks for; the keyboard's repeats are left out."""
        self.forget(now_s=now_s)
        if code in _SHIFTS | _COMMANDS:
            self._modifiers.add(code)
        elif code == _CAPS_LOCK:
            self._is_caps = not self._is_caps
        elif sign := self._sign(code):
            self._held = (code, now_s) if code in _ENDS else None
            return self._signed(sign, now_s)
        elif code in _HELD:
            self._held = code, now_s
            self._take_back(code)
        elif code in _PRESSED:
            return self._pressed(_PRESSED[code])
        return None

    def up(self, code: int) -> Press | None:
        """Return what a key that goes up before it was held asks for."""
        self._modifiers.discard(code)
        if self._held is None or self._held[0] != code:
            return None
        self._held = None
        return self._pressed(Action.SMUDGE) if code in _TALLY_KEYS else None

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

    def release_all(self, *, now_s: float) -> None:
        """Take all keys for up: events were lost, and with them perhaps a part of an id."""
        self._held = None
        self._modifiers.clear()
        self._type(UNREAD, now_s)

    def _sign(self, code: int) -> str:
        """Return what a key adds to the id; empty for one that does something else."""
        if not self._typed and (code in _TALLY_KEYS or keypad_sign(code)):
            return ""
        is_shifted = bool(self._modifiers & _SHIFTS)
        sign = keypad_sign(code) or sign_of(code, is_shifted=is_shifted, is_caps=self._is_caps)
        return UNREAD if sign and self._modifiers & _COMMANDS else sign

    def _signed(self, sign: str, now_s: float) -> Press | None:
        if sign in self._at_once:
            return Press(Action.GO, sign)
        self._type(sign, now_s)
        return None

    def _pressed(self, action: Action) -> Press:
        typed, self._typed = self._typed.rstrip(), ""
        if action is not Action.GO:
            return Press(action)
        refusal = _refusal(typed)
        return Press(action, "" if refusal else typed, refusal)

    def _take_back(self, code: int) -> None:
        if code == _BACKSPACE:
            self._typed = self._typed[:-1]
        elif code == _ESC:
            self._typed = ""

    def _type(self, sign: str, now_s: float) -> None:
        # An id neither begins with a blank nor is one.
        self._typed = (self._typed + sign).lstrip()[:_MOST_KEPT]
        self._typed_s = now_s


def _refusal(typed: str) -> str:
    """Return why what was typed cannot be taken for an id, a sentence; empty if it can."""
    if UNREAD in typed:
        return "the id has a sign that leuko does not read; type it"
    if len(typed) > LONGEST_ID:
        return f"the id is longer than {LONGEST_ID} signs; type a shorter one"
    return ""
