"""Red cells: where they lie, what shape they have and how they look at any scale.

They are settled square by square, each square from its own seed, so that a slide of any size
costs only what is looked at.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.sim._stain import Plane
from leuko.sim._texture import at_angle, outline_radii, smooth_step

RED_CELL_UM: Final = 7.2
"""Median diameter of red cells on a dried film, in µm."""

TILE_UM: Final = 48.0
"""Side of the square that is settled at once."""

_ANISOCYTOSIS = 0.055
_CRENATED_SHARE = 0.03
_OVERLAP_SHARE = 0.22
_TRIES = 26


@dataclass(frozen=True, slots=True, eq=False)
class RedCell:
    """One red cell.

    Attributes:
        x_um: centre on the slide.
        y_um: centre on the slide.
        radius_um: radius of the disc of equal area.
        outline: ``(ANGLES,)`` float32, radius per direction, as a share of the mean.
        density: haemoglobin of the rim.
        pallor: how much paler the centre is, 0 to 1.
        pallor_width: radius of the pale centre as a share of the cell's.
        pallor_edge: half the width of its border, as a share of its radius; small is sharp.
        pallor_at: offset of the pale centre as a share of the radius, ``(x, y)``.
        pallor_stretch: elongation of the pale centre, 1 is round.
    """

    x_um: float
    y_um: float
    radius_um: float
    outline: NDArray[np.float32]
    density: float
    pallor: float
    pallor_width: float
    pallor_edge: float
    pallor_at: tuple[float, float]
    pallor_stretch: float


def settled(
    rng: np.random.Generator, corner_um: tuple[float, float], *, per_um2: float
) -> tuple[RedCell, ...]:
    """The red cells of one square of the slide: most apart or touching, some piled.

    Args:
        rng: source of places and shapes, the square's own.
        corner_um: ``(x, y)`` of its top left corner.
        per_um2: wanted density.

    Returns:
        The cells whose centres lie in the square.
    """
    wanted = rng.poisson(per_um2 * TILE_UM**2)
    radii = RED_CELL_UM / 2 * np.exp(rng.normal(0, _ANISOCYTOSIS, wanted))
    places: list[NDArray[np.float64]] = []
    flatness = rng.uniform(0.65, 1.05)
    for radius in radii:
        places.append(_free_place(rng, np.array(places).reshape(-1, 2), radii, float(radius)))
    return tuple(
        _red_cell(rng, place + np.array(corner_um), float(radius), flatness=flatness)
        for place, radius in zip(places, radii, strict=True)
    )


def _free_place(
    rng: np.random.Generator,
    taken: NDArray[np.float64],
    radii: NDArray[np.float64],
    radius: float,
) -> NDArray[np.float64]:
    """The first tried place that crowds nobody, else the least crowded one."""
    tries = rng.uniform(0, TILE_UM, (_TRIES, 2))
    if not len(taken):
        return np.asarray(tries[0])
    closest = rng.uniform(0.55, 0.95) if rng.uniform() < _OVERLAP_SHARE else 1.01
    gaps = np.hypot(*(tries[:, np.newaxis] - taken[np.newaxis]).transpose(2, 0, 1))
    crowding = np.min(gaps / (radii[: len(taken)] + radius), axis=1)
    free = np.flatnonzero(crowding >= closest)
    return np.asarray(tries[free[0]] if len(free) else tries[int(np.argmax(crowding))])


def _red_cell(
    rng: np.random.Generator, place_um: NDArray[np.float64], radius_um: float, *, flatness: float
) -> RedCell:
    crenated = rng.uniform() < _CRENATED_SHARE
    return RedCell(
        x_um=float(place_um[0]),
        y_um=float(place_um[1]),
        radius_um=radius_um,
        outline=outline_radii(
            rng,
            unevenness=float(0.02 + 0.05 * rng.beta(1.2, 3)),
            spicules=int(rng.integers(9, 15)) if crenated else 0,
        ),
        density=float(np.exp(rng.normal(np.log(0.44), 0.09))),
        pallor=float(np.clip(flatness * rng.normal(0.85, 0.2), 0.02, 0.95)),
        pallor_width=float(rng.uniform(0.36, 0.62)),
        pallor_edge=float(rng.uniform(0.22, 0.95)),
        pallor_at=(float(rng.normal(0, 0.06)), float(rng.normal(0, 0.06))),
        pallor_stretch=float(np.exp(rng.normal(0, 0.11))),
    )


def add_red_cell(
    plane: Plane, cell: RedCell, *, corner_um: tuple[float, float], um_per_px: float
) -> None:
    """Add one cell's haemoglobin to a view, in place.

    Args:
        plane: ``(height, width)`` float32, haemoglobin of the view.
        cell: what to draw.
        corner_um: ``(x, y)`` of the view's top left corner on the slide.
        um_per_px: scale of the view.
    """
    column, row = (cell.x_um - corner_um[0]) / um_per_px, (cell.y_um - corner_um[1]) / um_per_px
    reach = cell.radius_um * float(cell.outline.max()) / um_per_px + 2
    left, top = max(0, int(column - reach)), max(0, int(row - reach))
    # A negative end would count from the far side of the view.
    right, bottom = max(0, int(column + reach) + 1), max(0, int(row + reach) + 1)
    window = plane[top:bottom, left:right]
    if not window.size:
        return
    unit = np.float32(um_per_px / cell.radius_um)
    x = (np.arange(left, left + window.shape[1], dtype=np.float32) + 0.5 - column) * unit
    y = (np.arange(top, top + window.shape[0], dtype=np.float32) + 0.5 - row) * unit
    grid_x, grid_y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    window += _haemoglobin(cell, grid_x, grid_y, softness=float(unit))


def _haemoglobin(cell: RedCell, x: Plane, y: Plane, *, softness: float) -> Plane:
    """Haemoglobin at ``x, y`` in radii from the centre; the border is ``softness`` wide or more."""
    polar = cv2.cartToPolar(x, y)
    distance, angle = np.asarray(polar[0], np.float32), np.asarray(polar[1], np.float32)
    outline = at_angle(cell.outline, angle)
    inside = np.clip((outline - distance) / np.float32(max(0.06, softness)) + 0.5, 0, 1)
    distance /= outline
    stretch = np.float32(cell.pallor_stretch * cell.pallor_width)
    squeeze = np.float32(cell.pallor_width / cell.pallor_stretch)
    across = (x - np.float32(cell.pallor_at[0])) / stretch
    down = (y - np.float32(cell.pallor_at[1])) / squeeze
    pale = np.asarray(cv2.magnitude(across, down), np.float32)
    rim = smooth_step(pale, 1 - cell.pallor_edge, 1 + cell.pallor_edge)
    # A disc with a hollow: full at the rim, thinner by the pallor where the hollow lies.
    thickness = 1 - np.float32(cell.pallor) * (1 - rim)
    square = np.minimum(distance, 1) ** 2
    shoulder = np.float32(0.84) + np.float32(0.16) * square * square
    haemoglobin: Plane = np.float32(cell.density) * inside * shoulder * thickness
    return haemoglobin


def piled(haemoglobin: Plane) -> Plane:
    """Haemoglobin where cells may lie on each other: piled cells flatten, so it adds up short."""
    limit = np.float32(0.85)
    return limit * (1 - cv2.exp(-haemoglobin / limit)).astype(np.float32)
