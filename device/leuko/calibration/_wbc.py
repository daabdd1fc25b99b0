"""From leukocytes in a field to leukocytes in blood: an estimate, and never more than that.

How many leukocytes a field shows depends on the objective, the camera and how the film was spread;
laboratories therefore find a factor of their own from specimens that an analyser has counted.
"""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from leuko.calibration._circumstances import Circumstances
from leuko.calibration._origin import FrameUsed
from leuko.calibration._record import WBCFactorPart
from leuko.calibration._shots import Shot
from leuko.cells import Cell, CellClass, RGBImage
from leuko.counting import DifferentialCount, Entry
from leuko.errors import CalibrationError
from leuko.plurals import counted

FEWEST_CELLS, FEWEST_FIELDS = 30, 10
"""Fewer leukocytes or fields make no factor and no estimate: 30 alone leave a third in doubt."""

_SPREAD_95 = 1.96

_SAME_SCALE = 0.03
"""Relative difference of two scales up to which fields show the same ground, within 6 %."""

FindCells = Callable[[RGBImage], tuple[Cell, ...]]
"""Finds the leukocytes of a field."""


def measure_wbc_factor(
    shots: Iterable[Shot],
    circumstances: Circumstances,
    *,
    find: FindCells,
    known: float,
    um_per_px: float,
) -> WBCFactorPart:
    """Return what one leukocyte a field stands for.

    Args:
        shots: fields of one specimen, taken without looking for leukocytes.
        circumstances: who measures, when and with what.
        find: finds the leukocytes of a field.
        known: 10⁹ leukocytes a litre in that specimen's blood.
        um_per_px: scale of the fields.

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
            f"{counted(seen, 'leukocyte')} in {counted(len(frames), 'field')} are too few for a "
            f"factor; give fields with {FEWEST_CELLS} or more in {FEWEST_FIELDS} or more"
        )
    return WBCFactorPart(
        origin=circumstances.origin(frames, shape=shape),
        per_cell=round(known * len(frames) / seen, 4),
        within_percent=round(_by_chance_percent(seen), 2),
        cells=seen,
        fields=len(frames),
        um_per_px=um_per_px,
    )


@dataclass(frozen=True, slots=True)
class WBCEstimate:
    """What a count lets one guess of the leukocytes in blood.

    Attributes:
        per_litre: 10⁹ leukocytes a litre; None where nothing can be said.
        within_percent: half width of the 95 % interval that chance alone leaves; None likewise.
        cells: leukocytes that were counted.
        fields: in how many fields, or on as much ground; None where that is not known.
        reason: why nothing can be said, a sentence's end; empty where there is an estimate.
    """

    per_litre: float | None
    within_percent: float | None
    cells: int
    fields: float | None
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What a person is told."""
        if self.per_litre is None or self.fields is None:
            return f"no estimate of the leukocytes a litre: {self.reason}"
        return (
            f"about {self.per_litre:.1f} × 10⁹ leukocytes a litre, a mere estimate: "
            f"{self.cells} in {self.fields:.0f} fields, ±{self.within_percent:.0f} % by chance "
            "alone; true only of fields that were not chosen for their cells"
        )

    @property
    def detail(self) -> dict[str, bool | float | str | None]:
        """What is kept of it and written."""
        return {
            "is_estimate": True,
            "per_litre_1e9": None if self.per_litre is None else round(self.per_litre, 2),
            "within_percent": None if self.within_percent is None else round(self.within_percent),
            "cells": self.cells,
            "fields": None if self.fields is None else round(self.fields, 1),
            "text": self.sentence,
        }


def estimated_wbc(
    factor: WBCFactorPart,
    count: DifferentialCount,
    *,
    fields: float | None,
    scales: Collection[float],
    bundle_sha256: str,
) -> WBCEstimate:
    """Return what a count lets one guess of the leukocytes in blood, or why it lets nothing.

    Args:
        factor: of the camera.
        count: of all fields.
        fields: how many, taken without looking for leukocytes; None if that is not known.
        scales: of the fields, in µm per pixel.
        bundle_sha256: hash of the manifest of the bundle that counted.
    """
    seen = _leukocytes(count)
    reason = _unlike(factor, scales, bundle_sha256) or _too_few(seen, fields)
    if reason:
        return WBCEstimate(None, None, seen, fields, reason)
    within = math.hypot(factor.within_percent, _by_chance_percent(seen))
    return WBCEstimate(factor.per_cell * seen / (fields or 1), within, seen, fields)


def _unlike(factor: WBCFactorPart, scales: Collection[float], bundle_sha256: str) -> str:
    if factor.origin.bundle_sha256 != bundle_sha256:
        return (
            f"the factor was measured with the bundle {factor.origin.bundle}; run leuko calibrate "
            "wbc-factor again"
        )
    measured = factor.um_per_px
    if measured is None:
        return (
            "the factor does not say at what scale it holds; run leuko calibrate wbc-factor again"
        )
    farthest = max(scales, key=lambda scale: abs(scale - measured), default=measured)
    if abs(farthest / measured - 1) > _SAME_SCALE:
        return (
            f"the fields have {farthest:.4g} µm per pixel and the factor was measured at "
            f"{measured:.4g}; check the objective, or run leuko calibrate wbc-factor again"
        )
    return ""


def _too_few(seen: int, fields: float | None) -> str:
    if fields is None:
        return "the count was interrupted, and what ground it had searched is not known"
    if fields < FEWEST_FIELDS:
        return f"{fields:.1f} fields are too few, {FEWEST_FIELDS} are needed"
    if seen < FEWEST_CELLS:
        return f"fewer than {FEWEST_CELLS} leukocytes were counted ({seen})"
    return ""


def _leukocytes(count: DifferentialCount) -> int:
    immature = count.beside[CellClass.IMMATURE_GRANULOCYTE]
    return count.n + count.unclassified + immature


def _by_chance_percent(cells: int) -> float:
    """Return the half width of the 95 % interval of a Poisson count, in percent of it."""
    return 100 * _SPREAD_95 / math.sqrt(cells)
