"""The background of a picture as exposure and white balance have it: how bright, what colour."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.vision.preprocess import background_colour

FULL = 254
"""Level from which a channel is saturated."""
DIMMEST = 60.0
"""Level of a background's darkest channel below which nothing is measured by it: noise and rounding
colour it, and one step of 8 bits is more than the 2 % to which light is to be evened."""

_SIDE = 256
"""Pixels of the longer side at which levels are compared; noise is averaged away."""
_ALIKE = 0.10
"""Logarithm within which a pixel has the background's colour; light may be that uneven."""
_BRIGHTEST = 0.995


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What a picture shows of its background.

    Attributes:
        levels: its red, green and blue, 0 to 255.
        brightest: level that only 0.5 % of the picture exceeds, in the brightest channel.
        share: of the picture that is background.
        clipped: share of the pixels that are saturated, in red, green and blue.
    """

    levels: tuple[float, float, float]
    brightest: float
    share: float
    clipped: tuple[float, float, float]

    @property
    def level(self) -> float:
        """Level of its brightest channel."""
        return max(self.levels)


def read_backdrop(rgb: RGBImage) -> Backdrop:
    """Return what a picture shows of its background.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it.
    """
    colour = background_colour(rgb)
    small = _reduced(rgb)
    distance = np.abs(np.log(np.maximum(small, 1) / colour))
    clipped = np.mean(rgb[::4, ::4] >= FULL, axis=(0, 1))
    return Backdrop(
        levels=_three(colour),
        brightest=float(np.quantile(small, _BRIGHTEST, axis=(0, 1)).max()),
        share=float(np.mean((distance < _ALIKE).all(axis=2))),
        clipped=_three(clipped),
    )


def mean_backdrop(backdrops: list[Backdrop]) -> Backdrop:
    """Return the mean of what several pictures show, which a lamp's flicker moves less."""

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    return Backdrop(
        levels=_three(np.mean([one.levels for one in backdrops], axis=0)),
        brightest=mean([one.brightest for one in backdrops]),
        share=mean([one.share for one in backdrops]),
        clipped=_three(np.mean([one.clipped for one in backdrops], axis=0)),
    )


def _reduced(rgb: RGBImage) -> NDArray[np.float64]:
    factor = min(1.0, _SIDE / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float64)


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
