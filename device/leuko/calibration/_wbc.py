"""From leukocytes in a field to leukocytes in blood: an estimate, and never more than that.

How many leukocytes a field shows depends on the objective, the camera and how the film was spread;
laboratories therefore find a factor of their own from specimens that an analyser has counted.
"""

import math
from collections.abc import Callable, Iterable

from leuko.calibration._archive import Calibration
from leuko.calibration._circumstances import Circumstances
from leuko.calibration._record import FrameUsed, WBCFactorPart
from leuko.calibration._shots import Shot
from leuko.cells import Cell, RGBImage
from leuko.counting import DifferentialCount, Entry
from leuko.errors import CalibrationError

FEWEST_CELLS, FEWEST_FIELDS = 30, 10
"""Fewer leukocytes or fields make no factor: 30 alone leave a third in doubt."""

_SPREAD_95 = 1.96

FindCells = Callable[[RGBImage], tuple[Cell, ...]]
"""Finds the leukocytes of a field."""


def measure_wbc_factor(
    shots: Iterable[Shot], circumstances: Circumstances, *, find: FindCells, known: float
) -> WBCFactorPart:
    """Return what one leukocyte a field stands for.

    Args:
        shots: fields of one specimen, taken without looking for leukocytes.
        circumstances: who measures, when and with what.
        find: finds the leukocytes of a field.
        known: 10⁹ leukocytes a litre in that specimen's blood.

    Raises:
        CalibrationError: too few fields or leukocytes.
    """
    frames: list[FrameUsed] = []
    entries: list[Entry] = []
    shape = (0, 0)
    for shot in shots:
        frames.append(shot.used)
        shape = shot.shape
        cells = find(shot.rgb)
        entries += [Entry(c.cell_class, c.status, c.region.cut_by_border) for c in cells]
    seen = _leukocytes(DifferentialCount.from_entries(entries))
    if seen < FEWEST_CELLS or len(frames) < FEWEST_FIELDS:
        raise CalibrationError(
            f"{seen} leukocytes in {len(frames)} fields are too few for a factor; give fields "
            f"with {FEWEST_CELLS} or more in {FEWEST_FIELDS} or more"
        )
    return WBCFactorPart(
        origin=circumstances.origin(frames, shape=shape),
        per_cell=round(known * len(frames) / seen, 4),
        within_percent=round(_by_chance_percent(seen), 2),
        cells=seen,
        fields=len(frames),
    )


def estimated_wbc(calibration: Calibration, count: DifferentialCount, *, fields: int) -> str:
    """Return what a count lets one guess of the leukocytes in blood; empty without a factor.

    Args:
        calibration: of the camera.
        count: of all fields.
        fields: how many, taken without looking for leukocytes.
    """
    factor, seen = calibration.record.wbc_factor, _leukocytes(count)
    if factor is None or not seen or not fields:
        return ""
    within = math.hypot(factor.within_percent, _by_chance_percent(seen))
    return (
        f"about {factor.per_cell * seen / fields:.1f} × 10⁹ leukocytes a litre, a mere estimate: "
        f"{seen} in {fields} fields, ±{within:.0f} % by chance alone; true only of fields that "
        "were not chosen for their cells"
    )


def _leukocytes(count: DifferentialCount) -> int:
    return count.n + count.unclassified


def _by_chance_percent(cells: int) -> float:
    """Return the half width of the 95 % interval of a Poisson count, in percent of it."""
    return 100 * _SPREAD_95 / math.sqrt(cells)
