"""Round bodies of a field that may be red cells, over all sizes from 10 pixels up."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.vision._disc_votes import SMALLEST_RADIUS_PX, find_disc_candidates
from leuko.vision._outlines import trace_outlines

Floats = NDArray[np.float32]

_LEAST_SIDE_PX = 28
"""Side of the smallest level searched: the largest disc of a level just fits in it."""
_WINDOW_PX = 576
"""Levels larger than this are searched in their middle only; there are cells enough."""
_LEAST_SUPPORT = 0.75
_LEAST_VISIBLE = 0.7
_LEAST_ROUNDNESS = 0.86
_ENOUGH_CELLS = 24
_ENOUGH_COVER = 0.15
"""Cells of one size, and the share of the field they cover, from which finer levels are idle."""


@dataclass(frozen=True, slots=True)
class RoundBodies:
    """Round dark bodies of one field; all arrays ``(n,)`` float32, lengths in its pixels.

    One body may appear more than once, at about the same place and size.

    Attributes:
        x: centre column.
        y: centre row.
        diameter: of the circle of equal area.
        quality: support times roundness of the outline, 0 to 1.
        red_density: logarithm of the red light held back, against the field's brightest tenth.
        steepness: share of the density's range that falls at the outline, 0 to 1.
    """

    x: Floats
    y: Floats
    diameter: Floats
    quality: Floats
    red_density: Floats
    steepness: Floats

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "RoundBodies":
        """The bodies that ``which`` indexes."""
        return RoundBodies(
            self.x[which],
            self.y[which],
            self.diameter[which],
            self.quality[which],
            self.red_density[which],
            self.steepness[which],
        )


_NONE = RoundBodies(*(np.zeros(0, np.float32) for _ in range(6)))


def find_round_bodies(field: RGBImage) -> RoundBodies:
    """Round dark bodies of all sizes in one field, leukocytes and debris among them.

    Args:
        field: ``(height, width, 3)`` uint8, RGB.
    """
    levels = [field]
    while min(levels[-1].shape[:2]) >= 2 * _LEAST_SIDE_PX:
        half = cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, np.uint8))
    bodies, last_level = _NONE, 0
    for level in range(len(levels) - 1, -1, -1):
        found = _bodies_of_level(levels, level)
        bodies = join([bodies, found])
        if level <= last_level:
            break
        if last_level == 0 and _are_enough(bodies, field):
            last_level = level - 1
    return bodies


def join(parts: list[RoundBodies]) -> RoundBodies:
    """All bodies of several searches, in order."""
    parts = [_NONE, *parts]
    return RoundBodies(
        x=np.concatenate([part.x for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        diameter=np.concatenate([part.diameter for part in parts]),
        quality=np.concatenate([part.quality for part in parts]),
        red_density=np.concatenate([part.red_density for part in parts]),
        steepness=np.concatenate([part.steepness for part in parts]),
    )


def without_repeats(bodies: RoundBodies) -> RoundBodies:
    """Each body once, by its best outline; a body inside one of another size stays."""
    kept: list[int] = []
    for i in np.argsort(-bodies.quality, kind="stable"):
        larger = np.maximum(bodies.diameter[kept], bodies.diameter[i])
        smaller = np.minimum(bodies.diameter[kept], bodies.diameter[i])
        gap = np.hypot(bodies.x[kept] - bodies.x[i], bodies.y[kept] - bodies.y[i])
        if not np.any((gap < 0.3 * larger) & (larger < 1.5 * smaller)):
            kept.append(int(i))
    return bodies.chosen(np.array(kept, np.intp))


def searched_area(shape: tuple[int, int], diameter: float) -> float:
    """Pixels of a field of that height and width in which bodies of a diameter were looked for."""
    level = max(math.floor(math.log2(diameter / (2 * SMALLEST_RADIUS_PX))), 0)
    height, width = shape
    reach = _WINDOW_PX * 2.0**level
    return float(min(height, reach) * min(width, reach))


def _are_enough(bodies: RoundBodies, field: RGBImage) -> bool:
    if len(bodies.diameter) < _ENOUGH_CELLS:
        return False
    middle = np.median(bodies.diameter)
    alike = without_repeats(bodies.chosen(np.abs(np.log(bodies.diameter / middle)) < 0.25))
    cover = np.pi / 4 * np.sum(alike.diameter**2) / (field.shape[0] * field.shape[1])
    return len(alike.diameter) >= _ENOUGH_CELLS and float(cover) >= _ENOUGH_COVER


def _bodies_of_level(levels: list[RGBImage], level: int) -> RoundBodies:
    """Bodies of 10 to 20 pixels of ``levels[level]``, measured one level finer."""
    coarse, origin_x, origin_y = _middle(levels[level])
    candidates = find_disc_candidates(_density(coarse[..., 1]))
    if not len(candidates.x):
        return _NONE
    finer = max(level - 1, 0)
    zoom = 2 ** (level - finer)
    height, width = coarse.shape[0] * zoom, coarse.shape[1] * zoom
    fine = levels[finer][zoom * origin_y :, zoom * origin_x :][:height, :width]
    outlines = trace_outlines(
        _density(fine[..., 1]),
        x=(candidates.x + 0.5) * zoom - 0.5,
        y=(candidates.y + 0.5) * zoom - 0.5,
        radius=candidates.radius * zoom,
    )
    to_field = np.float32(2**finer)
    bodies = RoundBodies(
        x=(outlines.x + zoom * origin_x + 0.5) * to_field - 0.5,
        y=(outlines.y + zoom * origin_y + 0.5) * to_field - 0.5,
        diameter=outlines.diameter * to_field,
        quality=outlines.support * outlines.roundness,
        red_density=_red_density(fine, outlines.x, outlines.y, outlines.diameter),
        steepness=outlines.steepness,
    )
    return bodies.chosen(
        (outlines.support >= _LEAST_SUPPORT)
        & (outlines.visible >= _LEAST_VISIBLE)
        & (outlines.roundness >= _LEAST_ROUNDNESS)
    )


def _middle(level: RGBImage) -> tuple[RGBImage, int, int]:
    """The searched window of a level and its origin ``(x, y)``."""
    height, width = level.shape[:2]
    x, y = max(width - _WINDOW_PX, 0) // 2, max(height - _WINDOW_PX, 0) // 2
    return level[y : y + _WINDOW_PX, x : x + _WINDOW_PX], x, y


def _density(channel: NDArray[np.uint8]) -> Floats:
    """Logarithm of the light held back; the offset keeps black pixels from drowning all else."""
    table = -np.log(np.arange(256, dtype=np.float32) + 8)
    return np.asarray(cv2.LUT(np.ascontiguousarray(channel), table), np.float32)


def _red_density(level: RGBImage, x: Floats, y: Floats, diameter: Floats) -> Floats:
    """Density of red light half way out of each body; nuclei hold back most of it."""
    red = _density(level[..., 0])
    angle = np.arange(8, dtype=np.float32) * np.float32(np.pi / 4)
    reach = diameter[:, None] * np.float32(0.3)
    samples = cv2.remap(
        red,
        x[:, None] + reach * np.cos(angle),
        y[:, None] + reach * np.sin(angle),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    clear = np.quantile(red[::4, ::4], 0.1)
    return np.asarray(samples.mean(axis=1) - clear, np.float32)
