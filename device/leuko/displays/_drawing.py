"""From a status to a picture of a display's size."""

from PIL import Image

from leuko.displays._colour import draw_colour
from leuko.displays._layouts import layout_for
from leuko.displays._mono import MONO_SIZE, draw_mono
from leuko.displays._review import draw_review, draw_review_mono
from leuko.displays._steps import draw_step, draw_step_mono
from leuko.displays._trends import draw_trends, draw_trends_mono
from leuko.errors import DisplayError
from leuko.shown import CalibrationStep, ReviewStep, Shown, TrendChart

SMALLEST_SIZE = MONO_SIZE
"""Width and height in pixels, as a person sees them, below which nothing can be read."""


def draw(shown: Shown, size: tuple[int, int], *, is_mono: bool) -> Image.Image:
    """Return what a display shows of a running count or a calibration.

    There are layouts for several sizes; a display between them gets the next smaller one,
    enlarged in proportion.

    Args:
        shown: how the count or the calibration stands.
        size: width and height of the display in pixels.
        is_mono: whether a pixel is lit or not, and nothing between.

    Returns:
        A picture of that size, mode ``RGB`` or, where mono, ``1``.

    Raises:
        DisplayError: nothing that can be read fits into the size.
    """
    if min(size[0] - SMALLEST_SIZE[0], size[1] - SMALLEST_SIZE[1]) < 0:
        raise DisplayError(
            f"a display of {size[0]}x{size[1]} pixels is too small to read; "
            f"choose one of at least {SMALLEST_SIZE[0]}x{SMALLEST_SIZE[1]}"
        )
    if not is_mono and (layout := layout_for(size)):
        if isinstance(shown, CalibrationStep):
            return draw_step(shown, size)
        if isinstance(shown, TrendChart):
            return draw_trends(shown, size)
        if isinstance(shown, ReviewStep):
            return draw_review(shown, size)
        return draw_colour(shown, layout)
    return _enlarged(_small(shown), size, "1" if is_mono else "RGB")


def _small(shown: Shown) -> Image.Image:
    if isinstance(shown, CalibrationStep):
        return draw_step_mono(shown)
    if isinstance(shown, ReviewStep):
        return draw_review_mono(shown)
    return draw_trends_mono(shown) if isinstance(shown, TrendChart) else draw_mono(shown)


def draw_turned(
    shown: Shown, size: tuple[int, int], *, is_mono: bool, quarter_turns: int
) -> Image.Image:
    """Return the drawing for a display that hangs turned clockwise, turned the same way.

    Args:
        shown: how the count or the calibration stands.
        size: width and height of the picture returned.
        is_mono: as in `draw`.
        quarter_turns: 0 to 3.

    Raises:
        DisplayError: as in `draw`.
    """
    width, height = size
    seen = (height, width) if quarter_turns % 2 else (width, height)
    picture = draw(shown, seen, is_mono=is_mono)
    turn = _TURNS[quarter_turns % 4]
    return picture if turn is None else picture.transpose(turn)


# Pillow turns the other way round.
_TURNS = (
    None,
    Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_90,
)


def _enlarged(picture: Image.Image, size: tuple[int, int], mode: str) -> Image.Image:
    scale = min(size[0] // picture.width, size[1] // picture.height)
    large = picture.resize(
        (scale * picture.width, scale * picture.height), Image.Resampling.NEAREST
    )
    whole = Image.new(mode, size)
    whole.paste(large.convert(mode), ((size[0] - large.width) // 2, (size[1] - large.height) // 2))
    return whole
