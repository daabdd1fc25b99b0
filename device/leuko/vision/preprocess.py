"""What every image goes through before a model sees it, in training as on the device.

The background is brought to one level and colour, then the field, or a window of it,
is resampled to the scale that the model was trained at.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import Mask, RGBImage

BACKGROUND_LEVEL = 235
"""Grey level of the cell-free background after `white_balance`; leaves room for noise above."""

_SIDE_FOR_BACKGROUND = 256
"""Pixels of the longer side at which the background is judged; more changes nothing but time."""


@dataclass(frozen=True, slots=True)
class Window:
    """A square view of a field at a model's scale.

    Attributes:
        x: left edge, in pixels of the field; may lie outside it.
        y: top edge, in pixels of the field; may lie outside it.
        side: side length in pixels of the field.
        size: side length in pixels of the view.
    """

    x: int
    y: int
    side: int
    size: int


def background_colour(rgb: RGBImage) -> NDArray[np.float64]:
    """Return the colour of the cell-free background, ``(3,)`` float64, RGB, 1 to 255.

    Bright pixels (Otsu, IEEE Trans. SMC 9:62, 1979) are background and, in pale smears, red
    cells; the upper half of them is background. The brightest twentieth is left out, for a
    lamp's flare is brighter than the background it lies on.
    """
    small = _shrunk_to(rgb, _SIDE_FOR_BACKGROUND)
    luminance = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    threshold, _ = cv2.threshold(luminance, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    counts = _histogram(luminance)
    counts[: int(threshold)] = 0
    low, high = _level(counts, 0.5), _level(counts, 0.95)
    chosen = np.asarray(cv2.inRange(luminance, low, high), np.uint8)
    levels = [_level(_histogram(small, channel, among=chosen), 0.5) for channel in range(3)]
    return np.maximum(np.array(levels, np.float64), 1)


def coarse_view(
    rgb: RGBImage, *, um_per_px: float, to_um_per_px: float
) -> tuple[RGBImage, NDArray[np.float64]]:
    """Return the field at a coarse scale, not yet balanced, and its background's colour.

    The background is judged on the coarse view in training as on the device, for fine pixels
    hold more noise and more of the bright rims of cells.
    """
    coarse = resample(rgb, um_per_px=um_per_px, to_um_per_px=to_um_per_px)
    return coarse, background_colour(coarse)


def white_balance(rgb: RGBImage, background: NDArray[np.float64]) -> RGBImage:
    """Return the image with its background at `BACKGROUND_LEVEL` in every channel.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB; left as it is.
        background: ``(3,)`` colour to be made neutral, as `background_colour` returns it.
    """
    return np.asarray(cv2.LUT(rgb, _balancing(tuple(background.tolist()))), dtype=np.uint8)


def resample(rgb: RGBImage, *, um_per_px: float, to_um_per_px: float) -> RGBImage:
    """Return the whole image at another scale, at least one pixel a side."""
    factor = um_per_px / to_um_per_px
    height, width = rgb.shape[:2]
    return _resized(rgb, max(1, round(height * factor)), max(1, round(width * factor)))


def window_around(
    row: float, column: float, *, um_per_px: float, to_um_per_px: float, size: int
) -> Window:
    """Return the window of ``size`` pixels at the model's scale around a point of the field."""
    exact = size * to_um_per_px / um_per_px
    # A side that halves evenly, within 0.4 %: averaging over odd areas takes ten times as long.
    step = 1 << max(0, int(exact / size).bit_length() - 1)
    side = max(1, step * round(exact / step))
    return Window(x=round(column - side / 2), y=round(row - side / 2), side=side, size=size)


def cut_window(rgb: RGBImage, window: Window) -> RGBImage:
    """Return the window's pixels at the model's scale, ``(size, size, 3)`` uint8.

    What lies outside the field is filled with `BACKGROUND_LEVEL`, so the image must have been
    white balanced. For a raw field `cut_balanced_window` is cheaper than balancing it whole.
    """
    return _cut(rgb, window, (BACKGROUND_LEVEL,) * 3)


def cut_balanced_window(rgb: RGBImage, window: Window, background: NDArray[np.float64]) -> RGBImage:
    """Return the window of a raw field at the model's scale, white balanced."""
    filling = tuple(round(float(level)) for level in background)
    return white_balance(_cut(rgb, window, filling), background)


def padded_square(
    image: NDArray[np.uint8], x: int, y: int, side: int, *, filling: int | tuple[int, ...]
) -> NDArray[np.uint8]:
    """Return a square of an image, ``(side, side)`` or ``(side, side, channels)`` uint8.

    Args:
        image: ``(height, width)`` or ``(height, width, channels)`` uint8.
        x: left edge in pixels; may lie outside the image.
        y: top edge in pixels; may lie outside the image.
        side: side length in pixels.
        filling: what stands where there is no image.
    """
    height, width = image.shape[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + side, width), min(y + side, height)
    patch = image[top : max(bottom, top), left : max(right, left)]
    if patch.shape[:2] == (side, side):
        return patch
    if not patch.size:
        return np.full((side, side, *image.shape[2:]), filling, np.uint8)
    above, before = top - y, left - x
    below, after = side - patch.shape[0] - above, side - patch.shape[1] - before
    # Fifty times as fast as NumPy's filling with three levels.
    constant = cv2.BORDER_CONSTANT
    whole = cv2.copyMakeBorder(patch, above, below, before, after, constant, value=filling)
    return np.asarray(whole, np.uint8)


def isolate(crop: RGBImage, mask: Mask, *, margin: int) -> RGBImage:
    """Return the crop with everything but one cell and a soft rim painted as background.

    A classifier that sees red cells and stain around the cell learns the laboratory instead.

    Args:
        crop: ``(height, width, 3)`` uint8, RGB, white balanced; left as it is.
        mask: ``(height, width)`` bool, true on the cell.
        margin: width in pixels of the rim that stays visible around the mask.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1,) * 2)
    kept = cv2.dilate(mask.view(np.uint8) * np.uint8(255), kernel)
    weight = cv2.blur(kept, (margin + 1, margin + 1))
    painted = (255 - weight) * np.uint16(BACKGROUND_LEVEL) + np.uint16(127)
    # Channel by channel: NumPy repeats one weight over three channels four times as slowly.
    mixed = np.multiply(crop, cv2.merge([weight] * 3), dtype=np.uint16)
    mixed += cv2.merge([painted] * 3)
    return (mixed // 255).astype(np.uint8)


@lru_cache(maxsize=4)
def _balancing(background: tuple[float, ...]) -> NDArray[np.uint8]:
    """Return what each level becomes, ``(256, 1, 3)``: the windows of a field share it."""
    levels = np.arange(256)[:, None] * (BACKGROUND_LEVEL / np.array(background))[None, :]
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8).reshape(256, 1, 3)


def _histogram(
    image: NDArray[np.uint8], channel: int = 0, *, among: NDArray[np.uint8] | None = None
) -> NDArray[np.float32]:
    """Return how many of the pixels chosen have each grey level, ``(256,)``, whole numbers."""
    counts = cv2.calcHist([image], [channel], among, [256], [0, 256])
    return np.asarray(counts, np.float32).ravel()


def _level(counts: NDArray[np.float32], share: float) -> int:
    """Return the grey level below or at which that share of the counted pixels lies."""
    summed = np.cumsum(counts, dtype=np.float64)
    return int(np.searchsorted(summed, share * summed[-1]))


def _cut(rgb: RGBImage, window: Window, filling: tuple[int, ...]) -> RGBImage:
    patch = padded_square(rgb, window.x, window.y, window.side, filling=filling)
    return _resized(patch, window.size, window.size)


def _resized(rgb: RGBImage, height: int, width: int) -> RGBImage:
    # Averaging before shrinking keeps thin granules from flickering. Halving, then less than
    # halving once more, is seven times as fast as one average over odd areas.
    while rgb.shape[0] >= 2 * height and rgb.shape[1] >= 2 * width:
        half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        rgb = np.asarray(cv2.resize(rgb, half, interpolation=cv2.INTER_AREA), np.uint8)
    # Exact, for OpenCV's other bilinear rounds otherwise on arm64: up to a level off, and brighter.
    size, exact = (width, height), cv2.INTER_LINEAR_EXACT
    return np.asarray(cv2.resize(rgb, size, interpolation=exact), np.uint8)


def _shrunk_to(rgb: RGBImage, side: int) -> RGBImage:
    factor = side / max(rgb.shape[:2])
    # Nearly the size is near enough: shrinking by a little costs more than the statistics.
    return resample(rgb, um_per_px=factor, to_um_per_px=1.0) if factor < 0.75 else rgb
