"""Letters: the typeface that comes with Pillow, and texts that fit into their place.

Pillow carries a part of the typeface Aileron: printable ASCII and a few signs more. So no font
file has to be found on the device, and a drawing is the same wherever Pillow is.
"""

import functools
import math
import string
import unicodedata

from PIL import Image, ImageDraw, ImageFont

from leuko.errors import DisplayError

_SIGNS = frozenset(string.digits + string.ascii_letters + string.punctuation + " " + "±°·…‘’“”")
_REPLACED = str.maketrans({"–": "-", "—": "-", "−": "-", "µ": "u", "×": "x", "⁹": "^9", "ß": "ss"})
_BOLD_FROM = 22
"""Size in pixels below which a stroke would close the letters' eyes."""


@functools.lru_cache(maxsize=64)
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """Return the typeface at a size in pixels.

    Raises:
        DisplayError: Pillow cannot draw it.
    """
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        # Pillow falls back to a bitmap of one size when it was built without FreeType.
        raise DisplayError("Pillow was built without FreeType; install Pillow from its wheel")
    return font


@functools.lru_cache(maxsize=64)
def cap_height(size: int) -> int:
    """Return the height of a capital letter in pixels."""
    return -int(typeface(size).getbbox("H", anchor="ls")[1])


def stroke(size: int, *, is_bold: bool) -> int:
    """Return by how many pixels letters are thickened on each side."""
    return max(1, size // 36) if is_bold and size >= _BOLD_FROM else 0


@functools.lru_cache(maxsize=512)
def width(text: str, size: int, *, is_bold: bool = False) -> int:
    """Return how many columns a text takes."""
    return _pen_columns(text, size, is_bold=is_bold) + 1


# Rendering takes most of a drawing's time, and most texts stay: 6 ms become 2 at 320x240.
@functools.lru_cache(maxsize=128)
def mask(text: str, size: int, *, is_bold: bool, is_mono: bool) -> tuple[Image.Image, int]:
    """Return a text as a mask to paint through, and how many of its rows are above the baseline.

    The mask has mode ``1`` if it is for a mono display, else ``L``; nobody draws on it.
    """
    thickness = stroke(size, is_bold=is_bold)
    above, below = size + thickness, size // 2 + thickness
    columns = width(text, size, is_bold=is_bold)
    drawn = Image.new("1" if is_mono else "L", (columns, above + below))
    pen = ImageDraw.Draw(drawn)
    pieces = (
        [(0, text)]
        if not thickness
        else [
            (_pen_columns(text[:index], size, is_bold=True), letter)
            for index, letter in enumerate(text)
        ]
    )
    for left, piece in pieces:
        pen.text(
            (left + thickness, above),
            piece,
            fill=255,
            font=typeface(size),
            anchor="ls",
            stroke_width=thickness,
        )
    return drawn, above


@functools.lru_cache(maxsize=256)
def printable(text: str) -> str:
    """Return a text in the signs that the typeface has, on one line.

    >>> printable("Müller – 3")
    'Muller - 3'
    >>> printable("4.2 × 10⁹")
    '4.2 x 10^9'
    """
    plain = unicodedata.normalize("NFKD", text.translate(_REPLACED))
    letters = (sign for sign in plain if not unicodedata.combining(sign))
    return " ".join("".join(_sign(sign) for sign in letters).split())


@functools.lru_cache(maxsize=256)
def shortened(text: str, columns: int, size: int, *, is_bold: bool = False) -> str:
    """Return a text that fits into so many columns, with an ellipsis for what is left out."""
    if width(text, size, is_bold=is_bold) <= columns:
        return text
    for end in range(len(text), 0, -1):
        candidate = text[:end].rstrip() + "…"
        if width(candidate, size, is_bold=is_bold) <= columns:
            return candidate
    return ""


@functools.lru_cache(maxsize=256)
def fitting_size(text: str, columns: int, size: int, *, least: int, is_bold: bool = False) -> int:
    """Return the largest size up to ``size`` at which a text fits, but never below ``least``."""
    # A first guess in proportion spares most of the sizes between from being loaded.
    size = max(least, min(size, size * columns // max(1, width(text, size, is_bold=is_bold)) + 1))
    while size > least and width(text, size, is_bold=is_bold) > columns:
        size -= 1
    return size


@functools.lru_cache(maxsize=64)
def wrapped(text: str, columns: int, size: int, *, lines: int) -> tuple[str, ...]:
    """Return a text broken between words into at most so many lines, the last one shortened."""
    words = text.split()
    end = len(words)
    while lines > 1 and end > 1 and width(" ".join(words[:end]), size) > columns:
        end -= 1
    first = shortened(" ".join(words[:end]), columns, size)
    if end == len(words):
        return (first,)
    return (first, *wrapped(" ".join(words[end:]), columns, size, lines=lines - 1))


@functools.lru_cache(maxsize=64)
def two_lines(text: str) -> tuple[str, ...]:
    """Return a text broken between words so that the longer line is as short as can be."""
    words = text.split()
    breaks = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    return min(breaks, key=lambda lines: max(map(len, lines)), default=(text,))


def _pen_columns(text: str, size: int, *, is_bold: bool) -> int:
    # Thickened letters need the room that their strokes take.
    gaps = stroke(size, is_bold=is_bold) * (len(text) + 1)
    return math.ceil(typeface(size).getlength(text)) + gaps


def _sign(sign: str) -> str:
    return sign if sign in _SIGNS else " " if sign.isspace() else "?"
