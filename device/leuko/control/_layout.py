"""The signs on the keys of a US keyboard, as scanners of bar codes are set when they are sold."""

UNREAD = "\N{REPLACEMENT CHARACTER}"
"""Stands for a sign that cannot be read."""

# The codes of linux/input-event-codes.h; each row as it is, and with Shift.
_ROWS = {
    2: ("1234567890-=", "!@#$%^&*()_+"),
    16: ("qwertyuiop[]", "QWERTYUIOP{}"),
    30: ("asdfghjkl;'`", 'ASDFGHJKL:"~'),
    43: ("\\zxcvbnm,./", "|ZXCVBNM<>?"),
    57: (" ", " "),
    71: ("789", "789"),
    75: ("456", "456"),
    79: ("1230", "1230"),
}
_SIGNS = {
    first + place: signs
    for first, row in _ROWS.items()
    for place, signs in enumerate(zip(*row, strict=True))
}
_KEYPAD_SIGNS = {55: "*", 74: "-", 78: "+", 83: ".", 98: "/"}
_TAB = 15
# 102ND, RO to MUHENKAN, KPEQUAL, KPPLUSMINUS, KPCOMMA, YEN, KPLEFTPAREN, KPRIGHTPAREN, UNKNOWN:
# what they print differs from country to country.
_PRINTS_OTHERS = {86, 89, 92, 93, 94, 117, 118, 121, 124, 179, 180, 240}


def sign_of(code: int, *, is_shifted: bool, is_caps: bool) -> str:
    """Return what a key prints: one sign, `UNREAD` if nobody knows which, empty if none.

    The keypad's star, dot, slash, plus and minus print nothing here: see `keypad_sign`.

    >>> sign_of(12, is_shifted=True, is_caps=False)
    '_'

    Args:
        code: of the key.
        is_shifted: whether Shift is down.
        is_caps: whether Caps Lock is on, which changes letters only.
    """
    if code == _TAB:
        return " "
    if code not in _SIGNS:
        return UNREAD if code in _PRINTS_OTHERS else ""
    plain, shifted = _SIGNS[code]
    return shifted if is_shifted != (is_caps and plain.isalpha()) else plain


def keypad_sign(code: int) -> str:
    """Return the sign on a key of the keypad that means something else outside of an id.

    >>> keypad_sign(74)
    '-'
    """
    return _KEYPAD_SIGNS.get(code, "")
