"""What can be measured of one cell's size, colour, nucleus and granules.

A classifier for every laboratory has to be blind to the stain. Within one laboratory the stain's
colours tell much of a cell's class, and these are what an adaptation to it learns from.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL

TRAITS = 53
"""How many numbers `cell_traits` returns."""

_SIDE = 64
"""Side of the view that is measured: 0.32 µm per pixel, which a stored picture has, too."""
_FEWEST_PX = 20
_FEWEST_PX_OF_PART = 10
_SMALLEST_LOBE_PX = 6.0
_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
_BLURS_PX = (0.6, 1.2)

Density = NDArray[np.float32]
"""``(height, width, 3)`` or ``(pixels, 3)``: optical density, natural logarithm, RGB."""


def cell_traits(crop: RGBImage, mask: Mask) -> NDArray[np.float64]:
    """Return what is measured of a cell, ``(TRAITS,)``, on scales of their own.

    Area; mean, spread, quantiles and covariance of the optical density in each channel; the same
    mean and spread in nucleus and cytoplasm apart; the nucleus' share, lobes and outline; texture
    of both parts at two scales. Turning or mirroring the cell changes none of it.

    Args:
        crop: ``(size, size, 3)`` uint8, RGB, white balanced; the classifier's view.
        mask: ``(size, size)`` bool, true on the cell; all of the view where it has hardly a pixel.
    """
    small = np.asarray(cv2.resize(crop, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    grey = cv2.resize(mask.view(np.uint8) * 255, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    cell = np.asarray(grey > 127)
    if np.count_nonzero(cell) < _FEWEST_PX:
        cell = np.ones_like(cell)
    density = -np.log(np.maximum(small, 1).astype(np.float32) / np.float32(BACKGROUND_LEVEL))
    nucleus = cell & (small[..., 0] <= _nuclear_level(small[cell]))
    parts = (nucleus, cell & ~nucleus)
    found = [
        *_colours(density[cell]),
        np.count_nonzero(nucleus) / np.count_nonzero(cell),
        *(value for part in parts for value in _mean_and_spread(_pixels(density, part, cell))),
        *_outline(nucleus),
        *_texture(density, parts, cell),
    ]
    return np.array(found, np.float64)


def _nuclear_level(pixels: NDArray[np.uint8]) -> int:
    """Return the level of red up to which a cell's pixels are nucleus (Otsu): it is blue."""
    red = np.ascontiguousarray(pixels[:, :1])
    level, _ = cv2.threshold(red, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return int(level)


def _colours(pixels: Density) -> list[float]:
    red, green, blue = (pixels - pixels.mean(axis=0)).T
    ordered = np.sort(pixels, axis=0)
    quantiles = [ordered[int(share * (len(ordered) - 1))] for share in _SHARES]
    together = [np.mean(red * green), np.mean(green * blue), np.mean(red * blue)]
    area = np.log(len(pixels))
    return [area, *_mean_and_spread(pixels), *np.concatenate(quantiles).tolist(), *together]


def _mean_and_spread(pixels: Density) -> list[float]:
    return [*pixels.mean(axis=0).tolist(), *pixels.std(axis=0).tolist()]


def _pixels(values: Density, part: Mask, cell: Mask) -> Density:
    """Return the values in a part; those in the whole cell where it has hardly any."""
    is_enough = np.count_nonzero(part) > _FEWEST_PX_OF_PART
    return np.asarray(values[part if is_enough else cell])


def _outline(nucleus: Mask) -> list[float]:
    """Return the root of the number of lobes, compactness and solidity of the nucleus."""
    contours, _ = cv2.findContours(nucleus.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    lobes = [lobe for lobe in contours if cv2.contourArea(lobe) > _SMALLEST_LOBE_PX]
    area = 1 + sum(cv2.contourArea(lobe) for lobe in lobes)
    length = 1 + sum(cv2.arcLength(lobe, closed=True) for lobe in lobes)
    hull = 1 + cv2.contourArea(cv2.convexHull(np.concatenate(lobes))) if lobes else 1.0
    return [len(lobes) ** 0.5, float(np.log(length**2 / (4 * np.pi * area))), area / hull]


def _texture(density: Density, parts: tuple[Mask, ...], cell: Mask) -> list[float]:
    found: list[float] = []
    for blur in _BLURS_PX:
        edges = cv2.Laplacian(cv2.GaussianBlur(density, (0, 0), blur), cv2.CV_32F)
        for part in parts:
            spread = _pixels(np.asarray(edges, np.float32), part, cell).std(axis=0)
            found += np.log(spread + 1e-4).tolist()
    return found
