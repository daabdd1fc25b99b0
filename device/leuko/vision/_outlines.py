"""Closed outlines of round dark bodies, found along rays from a guessed centre.

The outline is the closed path through the steepest way out of the dark on every ray: a
shortest-path snake in polar coordinates, solved by dynamic programming. It bridges the gaps
where a neighbour touches, and needs no threshold of darkness.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_NEAREST = 0.55
_FARTHEST = 1.75
"""Range of the rays, in guessed radii."""
_BEND_COST = 0.15
"""Price of one step of radius between neighbouring rays, in strengths of a clear edge."""
_EDGE_STEPS = 4
"""Half width of an outline's edge in steps of the fine fan, a sixth of the radius."""
_CLEAR_EDGE = 0.3
"""Strength from which an edge supports the outline; 1 is the body's own clear edge."""


@dataclass(frozen=True, slots=True)
class Outlines:
    """Outlines of ``n`` bodies; all arrays ``(n,)`` float32, lengths in pixels.

    Attributes:
        x: column of the centre of gravity.
        y: row of the centre of gravity.
        diameter: of the circle of equal area.
        support: share of the rays within the image that end on a clear edge.
        visible: share of the outline within the image.
        roundness: 4 pi area / perimeter², 1 for a circle.
        steepness: share of the density's range along a ray that falls at the outline.
    """

    x: Floats
    y: Floats
    diameter: Floats
    support: Floats
    visible: Floats
    roundness: Floats
    steepness: Floats


@dataclass(frozen=True, slots=True)
class _Fan:
    """Rays from each centre: cosine and sine of each, and the radii tried in guessed radii."""

    cosine: Floats
    sine: Floats
    reach: Floats

    @classmethod
    def of(cls, *, rays: int, steps: int) -> "_Fan":
        angle = np.arange(rays) * (2 * np.pi / rays)
        half_step = (_FARTHEST / _NEAREST) ** (0.5 / (steps - 1))
        reach = np.geomspace(_NEAREST / half_step, _FARTHEST * half_step, steps + 1)
        cosine, sine = np.cos(angle), np.sin(angle)
        return cls(*(part.astype(np.float32) for part in (cosine, sine, reach)))


_COARSE_FAN = _Fan.of(rays=16, steps=16)
_FINE_FAN = _Fan.of(rays=32, steps=28)


def trace_outlines(density: Floats, *, x: Floats, y: Floats, radius: Floats) -> Outlines:
    """Outlines of the bodies guessed at ``x``, ``y`` with ``radius``.

    Args:
        density: ``(height, width)`` float32, logarithm of the light held back.
        x: ``(n,)`` guessed centre columns.
        y: ``(n,)`` guessed centre rows.
        radius: ``(n,)`` guessed radii, right to a factor of about 1.5.

    Returns:
        One outline a guess, in the same order; it is for the caller to judge them.
    """
    rough = _trace(density, x, y, radius, fan=_COARSE_FAN)
    return _trace(density, rough.x, rough.y, np.float32(0.5) * rough.diameter, fan=_FINE_FAN)


def _trace(density: Floats, x: Floats, y: Floats, radius: Floats, *, fan: _Fan) -> Outlines:
    falls, inside = _falls_along_rays(density, x, y, radius, fan=fan)
    clear = np.quantile(np.maximum(falls, 0).max(axis=2), 0.7, axis=1)[:, None, None]
    strength = np.clip(falls / (clear + np.float32(1e-6)), -0.5, 1)
    path = _best_closed_paths(strength)
    found = np.take_along_axis(strength, path[..., None], 2)[..., 0]
    seen = np.take_along_axis(inside, path[..., None], 2)[..., 0]
    clear_and_seen = ((found > _CLEAR_EDGE) & seen).sum(axis=1)
    growth = np.float32(np.log(fan.reach[1] / fan.reach[0]))
    steps = path.astype(np.float32) + _subpixel(strength, path)
    reach = np.sqrt(fan.reach[0] * fan.reach[1]) * np.exp(growth * steps)
    area, perimeter, shift_x, shift_y = _polygons(radius[:, None] * reach, fan)
    return Outlines(
        x=x + shift_x,
        y=y + shift_y,
        diameter=np.float32(2 / np.sqrt(np.pi)) * np.sqrt(area),
        support=(clear_and_seen / np.maximum(seen.sum(axis=1), 1)).astype(np.float32),
        visible=seen.mean(axis=1, dtype=np.float32),
        roundness=np.float32(4 * np.pi) * area / perimeter**2,
        steepness=_steepness(falls, path),
    )


def _falls_along_rays(
    density: Floats, x: Floats, y: Floats, radius: Floats, *, fan: _Fan
) -> tuple[Floats, NDArray[np.bool_]]:
    """Fall of density from step to step, and which steps lie in the image: ``(n, rays, steps)``."""
    height, width = density.shape
    distance = radius[:, None, None] * fan.reach
    column = x[:, None, None] + distance * fan.cosine[:, None]
    row = y[:, None, None] + distance * fan.sine[:, None]
    flat = (len(x), -1)
    samples = cv2.remap(
        density,
        column.reshape(flat),
        row.reshape(flat),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).reshape(column.shape)
    column, row = column[..., 1:], row[..., 1:]
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return (samples[..., :-1] - samples[..., 1:]) * inside, inside


def _best_closed_paths(strength: Floats) -> NDArray[np.intp]:
    """Step of each ray ``(n, rays)`` on the strongest smooth path.

    The path runs one and a half turns and its later turn is kept, which closes it.
    """
    bodies, rays, steps = strength.shape
    turns = np.arange(rays // 2, 2 * rays) % rays
    score = strength[:, turns[0]].copy()
    moves = np.zeros((len(turns), bodies, steps), np.int8)
    for k, ray in enumerate(turns[1:], start=1):
        best = score.copy()
        outward, inward = score[:, :-1] - _BEND_COST, score[:, 1:] - _BEND_COST
        moves[k, :, 1:][outward > best[:, 1:]] = -1
        np.maximum(best[:, 1:], outward, out=best[:, 1:])
        rising = inward > best[:, :-1]
        moves[k, :, :-1][rising] = 1
        np.maximum(best[:, :-1], inward, out=best[:, :-1])
        score = best + strength[:, ray]
    return _walk_back(score.argmax(axis=1), moves, turns=turns, rays=rays)


def _walk_back(
    last: NDArray[np.intp], moves: NDArray[np.int8], *, turns: NDArray[np.intp], rays: int
) -> NDArray[np.intp]:
    path = np.empty((len(last), rays), np.intp)
    bodies = np.arange(len(last))
    step = last
    for k in range(len(turns) - 1, len(turns) - 1 - rays, -1):
        path[:, turns[k]] = step
        step = step + moves[k, bodies, step]
    return path


def _subpixel(strength: Floats, path: NDArray[np.intp]) -> Floats:
    """Offset in steps, -0.5 to 0.5, of the top of the parabola through three steps."""
    middle = np.clip(path, 1, strength.shape[2] - 2)
    before, top, after = (
        np.take_along_axis(strength, (middle + k)[..., None], 2)[..., 0] for k in (-1, 0, 1)
    )
    curvature = np.minimum(before - 2 * top + after, np.float32(-1e-3))
    offset = np.clip((before - after) / (2 * curvature), -0.5, 0.5)
    return np.where(path == middle, offset, np.float32(0))


def _steepness(falls: Floats, path: NDArray[np.intp]) -> Floats:
    """Share of the density's range that falls close to the path, ``(n,)``."""
    level = np.cumsum(falls, axis=2)
    last = falls.shape[2] - 1
    above = np.take_along_axis(level, np.clip(path - _EDGE_STEPS, 0, last)[..., None], 2)
    below = np.take_along_axis(level, np.clip(path + _EDGE_STEPS, 0, last)[..., None], 2)
    share = (below - above)[..., 0] / (np.ptp(level, axis=2) + np.float32(1e-6))
    return np.asarray(np.median(share, axis=1), np.float32)


def _polygons(radii: Floats, fan: _Fan) -> tuple[Floats, Floats, Floats, Floats]:
    """Area, perimeter and centre of gravity (x, y) of the polygons through the ray ends."""
    x, y = radii * fan.cosine, radii * fan.sine
    next_x, next_y = np.roll(x, -1, 1), np.roll(y, -1, 1)
    cross = x * next_y - next_x * y
    area = cross.sum(axis=1) / 2
    perimeter = np.hypot(next_x - x, next_y - y).sum(axis=1)
    shift_x = ((x + next_x) * cross).sum(axis=1) / (6 * area)
    shift_y = ((y + next_y) * cross).sum(axis=1) / (6 * area)
    return area, perimeter, shift_x, shift_y
