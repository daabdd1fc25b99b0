"""The scale of a microscope field, found by itself from its red cells.

The red cells of a smear are the best ruler in it: their median diameter lies near 7.2 µm
whoever the donor is. The size of round dark bodies that covers most of the field is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leuko.cells import RGBImage
from leuko.errors import ScaleError
from leuko.vision._red_cells import (
    RoundBodies,
    find_round_bodies,
    join,
    searched_area,
    without_repeats,
)

RED_CELL_UM = 7.2
"""Median diameter of a red cell on a dried smear, in µm."""

_FEWEST_CELLS = 4
_SMALLEST_PX = 10.0
"""Diameter below which an outline says more about the pixels than about the cell."""
_ALIKE = float(np.log(1.25))
"""Red cells lie this close to their median, in log diameter."""
_KERNEL = 0.07
"""Width of the density estimate of log diameters; about the spread of healthy red cells."""
_MOST_RED_DENSITY = 0.85
"""Nuclei hold back more red light than this (0.9 to 1.3), red cells less (0.1 to 0.8)."""
_EXTRA_RED_DENSITY = 0.3
"""Red density above the cells' median from which a body of their size is a nucleus."""
_LEAST_COVER = 0.035
"""Share of the searched field under red cells; screenshots and photographs stay below."""
_LEAST_STEEPNESS = 0.45
"""Red cells have an edge (0.5 to 0.95 on real fields), the blots of a texture fade (0.4)."""
_LEAST_EXTENT = 3.2
"""Diameters over which a few cells must be scattered: lobes of one nucleus are within 3."""
_FEW_CELLS = 8
_LEAST_SPREAD = 0.033
"""Relative spread of diameter below which many bodies are print: red cells vary by 4 to 12 %."""
_ENOUGH_TO_VARY = 30
_RIVAL_SHARE = 0.75
"""Area of a second size, against that of the first, from which the two contradict."""


@dataclass(frozen=True, slots=True)
class ScaleEstimate:
    """The scale of a camera's fields.

    Attributes:
        um_per_px: µm per pixel of the original fields.
        confidence: 0 to 1; grows with the number of red cells, their share among the round
            bodies and the steepness of their edges.
        red_cells: how many red cells were measured.
    """

    um_per_px: float
    confidence: float
    red_cells: int


@dataclass(frozen=True, slots=True)
class MeasuredField:
    """What one field has to say of its scale.

    Attributes:
        bodies: its round bodies that may be red cells.
        shape: its height and width in pixels.
    """

    bodies: RoundBodies
    shape: tuple[int, int]


def measure_field(field: RGBImage) -> MeasuredField:
    """Return the round bodies of a field, to be kept in its place.

    Args:
        field: ``(height, width, 3)`` uint8, RGB.
    """
    return MeasuredField(_pale_bodies(field), (field.shape[0], field.shape[1]))


def estimate_scale(fields: Sequence[RGBImage]) -> ScaleEstimate:
    """The scale that makes the median red cell of the fields 7.2 µm wide.

    Args:
        fields: fields of one camera at one magnification, each ``(height, width, 3)`` uint8,
            RGB. More fields make a better estimate; one is enough if it shows ten red cells.

    Returns:
        The scale with its confidence.

    Raises:
        ScaleError: the fields show no red cells, too few, or sizes that contradict each other.
    """
    return scale_of([measure_field(field) for field in fields])


def scale_of(fields: Sequence[MeasuredField]) -> ScaleEstimate:
    """The scale of fields that were measured one by one, as of `estimate_scale`.

    Raises:
        ScaleError: the fields show no red cells, too few, or sizes that contradict each other.
    """
    bodies = join([field.bodies for field in fields])
    if len(bodies.diameter) < _FEWEST_CELLS:
        raise ScaleError(_too_few(len(bodies.diameter)))
    cells = _red_cells(bodies)
    diameter = float(np.median(cells.diameter))
    _check_that_they_are_red_cells(cells, fields)
    _check_that_sizes_agree(cells, bodies)
    return ScaleEstimate(
        um_per_px=RED_CELL_UM / diameter,
        confidence=_confidence(cells, bodies),
        red_cells=len(cells.diameter),
    )


def _pale_bodies(field: RGBImage) -> RoundBodies:
    bodies = find_round_bodies(field)
    return without_repeats(bodies.chosen(bodies.red_density < _MOST_RED_DENSITY))


def _red_cells(bodies: RoundBodies) -> RoundBodies:
    """Bodies of the commonest size, without nuclei of that size."""
    diameter = _commonest_diameter(bodies)
    cells = bodies
    for _ in range(3):
        cells = _alike(bodies, diameter)
        palest = np.median(cells.red_density) + _EXTRA_RED_DENSITY
        cells = cells.chosen(cells.red_density < palest)
        diameter = float(np.median(cells.diameter))
    return cells


def _commonest_diameter(bodies: RoundBodies) -> float:
    """Where the density of log diameters peaks, each body weighing as much as it covers."""
    logs = np.log(bodies.diameter)
    grid = np.arange(logs.min(), logs.max() + 0.02, 0.01)
    kernel = np.exp(-0.5 * ((grid[:, None] - logs) / _KERNEL) ** 2)
    return float(np.exp(grid[np.argmax(kernel @ (bodies.quality * bodies.diameter**2))]))


def _alike(bodies: RoundBodies, diameter: float) -> RoundBodies:
    return bodies.chosen(np.abs(np.log(bodies.diameter / diameter)) < _ALIKE)


def _area(bodies: RoundBodies) -> float:
    return float(np.pi / 4 * np.sum(bodies.diameter**2))


def _spread(cells: RoundBodies) -> float:
    """Robust standard deviation of log diameter."""
    logs = np.log(cells.diameter)
    return float(1.4826 * np.median(np.abs(logs - np.median(logs))))


def _check_that_they_are_red_cells(cells: RoundBodies, fields: Sequence[MeasuredField]) -> None:
    count, diameter = len(cells.diameter), float(np.median(cells.diameter))
    cover = _area(cells) / sum(searched_area(field.shape, diameter) for field in fields)
    extent = float(np.hypot(np.ptp(cells.x), np.ptp(cells.y))) if count else 0.0
    huddled = count < _FEW_CELLS and extent < _LEAST_EXTENT * diameter
    if count < _FEWEST_CELLS or cover < _LEAST_COVER or huddled:
        raise ScaleError(_too_few(count))
    steepness = float(np.median(cells.steepness))
    if steepness < _LEAST_STEEPNESS:
        message = (
            f"no red cells to take the scale from: the {count} round bodies have no clear edge "
            f"(steepness {steepness:.2f}, red cells {_LEAST_STEEPNESS} or more); state the "
            "scale in µm per pixel or give sharper fields"
        )
        raise ScaleError(message)
    if diameter < _SMALLEST_PX:
        message = (
            f"the scale cannot be told from red cells of {diameter:.0f} pixels (10 or more are "
            "needed); state it in µm per pixel or give fields of a higher magnification"
        )
        raise ScaleError(message)
    if count >= _ENOUGH_TO_VARY and _spread(cells) < _LEAST_SPREAD:
        message = (
            f"the {count} round bodies are too much alike for red cells (diameters vary by "
            f"{100 * _spread(cells):.1f} %, red cells by 4 or more); state the scale in µm per "
            "pixel or give fields of a blood smear"
        )
        raise ScaleError(message)


def _check_that_sizes_agree(cells: RoundBodies, bodies: RoundBodies) -> None:
    diameter = float(np.median(cells.diameter))
    others = bodies.chosen(np.abs(np.log(bodies.diameter / diameter)) > 1.5 * _ALIKE)
    if len(others.diameter) < _FEWEST_CELLS:
        return
    rival_diameter = _commonest_diameter(others)
    rivals = _alike(others, rival_diameter)
    if len(rivals.diameter) < _FEWEST_CELLS or _area(rivals) < _RIVAL_SHARE * _area(cells):
        return
    message = (
        f"the red cells contradict each other: {len(cells.diameter)} are about "
        f"{diameter:.0f} pixels wide and {len(rivals.diameter)} about {rival_diameter:.0f}; "
        "give fields of one camera and magnification, or state the scale in µm per pixel"
    )
    raise ScaleError(message)


def _too_few(count: int) -> str:
    return (
        f"too few red cells to take the scale from ({count} usable); state the scale in µm per "
        "pixel or give more fields of the same camera"
    )


def _confidence(cells: RoundBodies, bodies: RoundBodies) -> float:
    """Product of three shares: enough cells, few other bodies, edges as steep as in focus."""
    count = len(cells.diameter)
    enough = count / (count + 5)
    alone = min(1.0, _area(cells) / (0.7 * _area(bodies)))
    steep = np.clip((float(np.median(cells.steepness)) - 0.4) / 0.35, 0.0, 1.0)
    return float(enough * alone * steep)
