"""What of one view of a smear can be recognised in another.

Cells are told from light by the logarithm of the green channel, which is additive in what lies in
the light (Beer-Lambert), so that lamp and exposure only add a constant. What is kept of it is the
relief that a small high-pass leaves: edges of cells.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage

Plane = NDArray[np.float32]
"""``(rows, columns)`` float32."""

COLUMNS: Final = 160
"""Columns of the fine relief; an eighth of a camera's 1280."""

_DARKEST = 8.0
"""Added to grey levels before the logarithm, which would make noise of the darkest ones."""
_HIGH_PASS_PX = 1.5
"""Standard deviation of the blur that is taken off, in pixels of the relief's own level."""
_LIMIT = 3.0
"""Relief is cut off here, in standard deviations: a nucleus shall not outweigh fifty red cells."""
_STORED_STEPS = 70.0
"""Grey levels per unit of the logarithm in stored planes."""


@dataclass(frozen=True, slots=True, eq=False)
class Imprint:
    """What of a view can be recognised elsewhere.

    Attributes:
        high: ``(rows, 160)`` float32, what the high-pass left of the density.
        fine: the same as relief: about unit variance, cut off.
        spectrum: Fourier transform of the coarse relief on twice its sides, real half.
        norm: root of the coarse relief's energy.
        contrast: standard deviation of ``high``, in units of the logarithm; falls as the view
            blurs, and is near 0 on empty glass.
    """

    high: Plane
    fine: Plane
    spectrum: NDArray[np.complex64]
    norm: float
    contrast: float


def shrunk_density(rgb: RGBImage) -> Plane:
    """Return the logarithm of the green light, shrunk to 160 columns.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB; at least 160 columns.

    Returns:
        ``(rows, 160)`` float32; rows are a multiple of 4. A new array.
    """
    height, width = rgb.shape[:2]
    # Every second pixel is enough: 0.6 ms of a 1280 x 960 frame instead of 1.5 ms.
    step = 2 if width >= 4 * COLUMNS else 1
    green = np.ascontiguousarray(rgb[::step, ::step, 1])
    rows = 4 * max(1, round(height * COLUMNS / width / 4))
    small = cv2.resize(green, (COLUMNS, rows), interpolation=cv2.INTER_AREA)
    density: Plane = np.log(small.astype(np.float32) + np.float32(_DARKEST))
    return density


def stored(density: Plane) -> NDArray[np.uint8]:
    """Return a density as bytes, for `restored`."""
    offset = np.float32(np.log(_DARKEST))
    steps = (density - offset) * np.float32(_STORED_STEPS)
    plane: NDArray[np.uint8] = np.clip(np.rint(steps), 0, 255).astype(np.uint8)
    return plane


def restored(plane: NDArray[np.uint8]) -> Plane:
    """Return the density, but for a constant, that `stored` was given."""
    return plane.astype(np.float32) * np.float32(1 / _STORED_STEPS)


def imprint(density: Plane) -> Imprint:
    """Return what can be recognised of a view with that density."""
    high = _high_passed(density)
    contrast = _deviation(high)
    coarse = _relief(_high_passed(_halved(density)))
    rows, columns = coarse.shape
    spectrum = np.fft.rfft2(coarse, (2 * rows, 2 * columns)).astype(np.complex64, copy=False)
    return Imprint(high, _relief(high), spectrum, float(cv2.norm(coarse)), contrast)


def sketch(density: Plane) -> Plane:
    """Return the coarsest relief, ``(rows / 4, 40)``, for a search among many views."""
    return _relief(_high_passed(_halved(_halved(density))))


def _high_passed(plane: Plane) -> Plane:
    return plane - cv2.GaussianBlur(plane, (0, 0), _HIGH_PASS_PX)


def _relief(high: Plane) -> Plane:
    scale = np.float32(1 / max(_deviation(high), 1e-6))
    cut_off: Plane = np.clip(high * scale, -_LIMIT, _LIMIT)
    return cut_off


def _deviation(high: Plane) -> float:
    return cv2.norm(high) / float(np.sqrt(high.size))


def _halved(plane: Plane) -> Plane:
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
