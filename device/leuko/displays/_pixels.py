"""Letters of single pixels, for displays on which a smooth typeface would be torn."""

import functools
from enum import StrEnum

from PIL import Image, ImageChops

ABOVE = 7
"""Rows above the baseline."""
BELOW = 2
"""Rows below it."""

_NEAREST = Image.Resampling.NEAREST

_ALPHABET = """
A     B     C     D     E     F     G     H     I   J     K     L     M     N     O     P
.###. ####. .###. ####. ##### ##### .###. #...# ### ..### #...# #.... #...# #...# .###. ####.
#...# #...# #...# #...# #.... #.... #...# #...# .#. ...#. #..#. #.... ##.## ##..# #...# #...#
#...# #...# #.... #...# #.... #.... #.... #...# .#. ...#. #.#.. #.... #.#.# #.#.# #...# #...#
##### ####. #.... #...# ####. ####. #.### ##### .#. ...#. ##... #.... #.#.# #.#.# #...# ####.
#...# #...# #.... #...# #.... #.... #...# #...# .#. ...#. #.#.. #.... #...# #..## #...# #....
#...# #...# #...# #...# #.... #.... #...# #...# .#. #..#. #..#. #.... #...# #...# #...# #....
#...# ####. .###. ####. ##### #.... .###. #...# ### .##.. #...# ##### #...# #...# .###. #....
..... ..... ..... ..... ..... ..... ..... ..... ... ..... ..... ..... ..... ..... ..... .....
..... ..... ..... ..... ..... ..... ..... ..... ... ..... ..... ..... ..... ..... ..... .....

Q     R     S     T     U     V     W     X     Y     Z     %     &     @     #     a     b
.###. ####. .#### ##### #...# #...# #...# #...# #...# ##### ##..# .##.. .###. .#.#. ..... #....
#...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# ##..# #..#. #...# .#.#. ..... #....
#...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. ...#. #.#.. #.### ##### .###. ####.
#...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. ..#.. .#... #.#.# .#.#. ....# #...#
#.#.# #.#.. ....# ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#... .#... #.#.# #.##. ##### .#### #...#
#..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #.... #..## #..#. #.... .#.#. #...# #...#
.##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. ##### #..## .##.# .###. .#.#. .#### ####.
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....

c    d     e     f    g     h     i j   k    l  m     n     o     p     q     r    s     t
.... ....# ..... ..## ..... #.... # ..# #... #. ..... ..... ..... ..... ..... .... ..... ....
.... ....# ..... .#.. ..... #.... . ... #... #. ..... ..... ..... ..... ..... .... ..... .#..
.### .#### .###. ###. .#### #.##. # ..# #..# #. ##.#. #.##. .###. ####. .#### #.## .#### ###.
#... #...# #...# .#.. #...# ##..# # ..# #.#. #. #.#.# ##..# #...# #...# #...# ##.. #.... .#..
#... #...# ##### .#.. #...# #...# # ..# ##.. #. #.#.# #...# #...# #...# #...# #... .###. .#..
#... #...# #.... .#.. #...# #...# # ..# #.#. #. #.#.# #...# #...# #...# #...# #... ....# .#..
.### .#### .###. .#.. .#### #...# # ..# #..# .# #.#.# #...# .###. ####. .#### #... ####. ..##
.... ..... ..... .... ....# ..... . ..# .... .. ..... ..... ..... #.... ....# .... ..... ....
.... ..... ..... .... .###. ..... . ##. .... .. ..... ..... ..... #.... ....# .... ..... ....

u     v     w     x     y     z     . ,  : ;  ! ?     ' "   -   _     +     =    *     /
..... ..... ..... ..... ..... ..... . .. . .. # .###. # #.# ... ..... ..... .... ..... ....#
..... ..... ..... ..... ..... ..... . .. . .. # #...# # #.# ... ..... ..... .... ..#.. ....#
#...# #...# #.#.# #...# #...# ##### . .. # .# # ....# # #.# ... ..... ..#.. #### #.#.# ...#.
#...# #...# #.#.# .#.#. #...# ...#. . .. . .. # ...#. . ... ### ..... ..#.. .... .###. ..#..
#...# #...# #.#.# ..#.. #...# ..#.. . .. . .. # ..#.. . ... ... ..... ##### #### #.#.# .#...
#..## .#.#. #.#.# .#.#. #...# .#... . .. . .. . ..... . ... ... ..... ..#.. .... ..#.. #....
.##.# ..#.. .#.#. #...# .#### ##### # .# # .# # ..#.. . ... ... ..... ..#.. .... ..... #....
..... ..... ..... ..... ....# ..... . #. . #. . ..... . ... ... ##### ..... .... ..... .....
..... ..... ..... ..... .###. ..... . .. . .. . ..... . ... ... ..... ..... .... ..... .....

\\     0     1     2     3     4     5     6     7     8     9     (  )  [  ]  {   }   <    >
#.... .###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###. .# #. ## ## ..# #.. ...# #...
#.... #...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...# #. .# #. .# .#. .#. ..#. .#..
.#... #...# ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...# #. .# #. .# .#. .#. .#.. ..#.
..#.. #...# ..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .#### #. .# #. .# #.. ..# #... ...#
...#. #...# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....# #. .# #. .# .#. .#. .#.. ..#.
....# #...# ..#.. .#... #...# ...#. #...# #...# ..#.. #...# ...#. #. .# #. .# .#. .#. ..#. .#..
....# .###. .###. ##### .###. ...#. .###. .###. ..#.. .###. .##.. .# #. ## ## ..# #.. ...# #...
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .. .. .. .. ... ... .... ....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .. .. .. .. ... ... .... ....

| ~     ^     $     ±     · …     ✓       ▲       ✗
# ..... ..#.. ..#.. ..... . ..... ......# ...#... ##...##
# ..... .#.#. .#### ..#.. . ..... .....## ..###.. ###.###
# .#... #...# #.#.. ..#.. . ..... #...##. ..#.#.. .#####.
# #.#.# ..... .###. ##### # ..... ##.##.. .##.##. ..###..
# ...#. ..... ..#.# ..#.. . ..... .####.. .##.##. .#####.
# ..... ..... ####. ..#.. . ..... ..##... ####### ###.###
# ..... ..... ..#.. ##### . #.#.# ...#... ###.### ##...##
# ..... ..... ..... ..... . ..... ....... ....... .......
# ..... ..... ..... ..... . ..... ....... ....... .......
"""

_TALL_ALPHABET = """
m       w
....... .......
....... .......
######. #..#..#
#..#..# #..#..#
#..#..# #..#..#
#..#..# #..#..#
#..#..# .##.##.
....... .......
....... .......
"""
"""Letters whose eyes would close in the tall style."""


class Style(StrEnum):
    """How the letters are drawn."""

    PLAIN = "plain"
    """Capitals of 7 rows."""
    TALL = "tall"
    """Capitals of 14 rows with strokes of two pixels, hardly wider than the plain ones."""
    LARGE = "large"
    """Capitals of 14 rows, everything twice as large."""


@functools.lru_cache(maxsize=128)
def written(text: str, style: Style = Style.PLAIN) -> Image.Image:
    """Return a line of text as wide as it has to be, mode ``1``; nobody draws on it."""
    pieces = [_glyph(letter, style) for letter in text] or [_glyph(" ", style)]
    line = Image.new("1", (sum(piece.width for piece in pieces), pieces[0].height))
    left = 0
    for piece in pieces:
        line.paste(piece, (left, 0))
        left += piece.width
    return line


@functools.lru_cache(maxsize=128)
def shortened(text: str, columns: int, style: Style = Style.PLAIN) -> str:
    """Return a text that fits into so many columns, with an ellipsis for what is left out."""
    if written(text, style).width <= columns:
        return text
    ends = range(len(text) - 1, 0, -1)
    candidates = (text[:end].rstrip() + "…" for end in ends)
    return next((line for line in candidates if written(line, style).width <= columns), "")


@functools.lru_cache(maxsize=256)
def _glyph(letter: str, style: Style) -> Image.Image:
    """Return a letter with a blank column behind it."""
    alphabet = _alphabet(style)
    drawn = alphabet.get(letter) or alphabet["?"]
    width, height = drawn.size
    if style is Style.PLAIN:
        return drawn.crop((0, 0, width + 1, height))
    if style is Style.LARGE:
        large = drawn.resize((2 * width, 2 * height), _NEAREST)
        return large.crop((0, 0, 2 * width + 2, 2 * height))
    # What hangs below the baseline stays short, or it would meet the next line.
    tall = Image.new("1", (width + 2, 2 * ABOVE + BELOW))
    tall.paste(drawn.crop((0, 0, width, ABOVE)).resize((width, 2 * ABOVE), _NEAREST))
    tall.paste(drawn.crop((0, ABOVE, width, height)), (0, 2 * ABOVE))
    return ImageChops.logical_or(tall, ImageChops.offset(tall, 1, 0))


@functools.cache
def _alphabet(style: Style) -> dict[str, Image.Image]:
    letters = {" ": Image.new("1", (3, ABOVE + BELOW))} | _letters(_ALPHABET)
    return letters | _letters(_TALL_ALPHABET) if style is Style.TALL else letters


def _letters(art: str) -> dict[str, Image.Image]:
    letters = {}
    for block in art.strip().split("\n\n"):
        names, *rows = (line.split() for line in block.splitlines())
        for name, *pixels in zip(names, *rows, strict=True):
            letters[name] = Image.new("1", (len(pixels[0]), len(pixels)))
            letters[name].putdata([255 * (pixel == "#") for row in pixels for pixel in row])
    return letters
