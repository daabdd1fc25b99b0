"""Where one view of a smear lies on another: correlation of their fine structure.

The edges of cells make a correlation peak a pixel or two wide, as edge-enhanced images do (Ott,
Cytometry 28, 1997), so that even half an overlap stands far above chance. All shifts are tried at
once on a coarse relief; the best few are tried on the fine one by normalised correlation of the
true overlap, and measured to a fraction of a pixel.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from leuko.vision.imprints import Imprint, Plane

_SMALLEST_OVERLAP = 0.25
"""Share of the frame; less structure than that is told from chance too rarely to be tried."""
_BARE = 1e-2
"""Norm of a part without any structure."""
_PEAKS = 3
_COARSE_EVIDENCE = 12.0
"""Peaks below are not looked at; on real fields chance reaches 11, and half an overlap 31."""
_REACH = 2
"""Fine pixels around a coarse peak in which the true one is looked for."""
_STILL_PX = 1.5
_STILL_CORRELATION = 0.6
"""Noise of 24 grey levels, or a blur of 8 pixels of the camera, leave 0.74 at rest."""
_SHARPER = 2.6
"""Views whose sharpness differs more are not compared: when the one is smeared over 80 pixels of
the camera (2.3) the peak is 20 pixels too broad to be placed, at 160 (3.3) it is 60."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Where a view's upper left corner lies on another view.

    Attributes:
        dx: to the right, in pixels of the fine relief.
        dy: downwards, in pixels of the fine relief.
        correlation: normalised correlation of the reliefs where they overlap, -1 to 1.
        overlap: share of the frame that both show, 0 to 1.
        evidence: correlation times the root of the number of pixels compared; about 1 for two
            planes of white noise.
        sharpness: contrast of the view over the reference's where they overlap; below 1 if the
            view is the more blurred one.
    """

    dx: float
    dy: float
    correlation: float
    overlap: float
    evidence: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Demand:
    """How sure a match has to be.

    Attributes:
        correlation: least normalised correlation.
        evidence: least evidence.
    """

    correlation: float
    evidence: float


FOLLOWING: Final = Demand(correlation=0.32, evidence=30.0)
"""For a view that is expected near: on real fields, strangers reach 0.22 and 14."""
SEARCHING: Final = Demand(correlation=0.4, evidence=36.0)
"""For a view that may be one of thousands."""


def match(reference: Imprint, view: Imprint, demand: Demand = FOLLOWING) -> Shift | None:
    """Return where a view lies on another one; None if that cannot be said surely.

    Args:
        reference: the view whose place is known.
        view: the view that is looked for; of the same size.
        demand: how sure the answer has to be.
    """
    found = [
        shift
        for dx, dy in _peaks(reference, view)
        if (shift := _measured(reference, view, (2 * dx, 2 * dy)))
        and 1 / _SHARPER < shift.sharpness < _SHARPER
        and shift.correlation >= demand.correlation
        and shift.evidence >= demand.evidence
    ]
    # What is fixed in the optics (dust, flare) agrees without any shift whatever the stage does.
    # If the views agree elsewhere too, that other place is the slide's; and to be believed at rest
    # they must agree in more than the dust, which is all that a defocused frame shows clearly.
    moved = [shift for shift in found if max(abs(shift.dx), abs(shift.dy)) > _STILL_PX]
    still = [shift for shift in found if shift.correlation >= _STILL_CORRELATION]
    return max(moved or still, key=lambda shift: shift.evidence, default=None)


@lru_cache(maxsize=8)
def overlap_weights(rows: int, columns: int) -> Plane:
    """Return what makes evidence of a correlation at every shift.

    Args:
        rows: of the two planes.
        columns: of the two planes.

    Returns:
        ``(2 * rows, 2 * columns)`` float32, by circular shift; the root of pixels over the root of
        the overlap, and 0 where the overlap is too small to be tried.
    """
    down = 1 - np.abs(np.fft.fftfreq(2 * rows, 1 / (2 * rows))) / rows
    right = 1 - np.abs(np.fft.fftfreq(2 * columns, 1 / (2 * columns))) / columns
    share = np.outer(down, right)
    weights = np.sqrt(rows * columns / np.maximum(share, _SMALLEST_OVERLAP))
    return np.where(share >= _SMALLEST_OVERLAP, weights, 0).astype(np.float32)


def _peaks(reference: Imprint, view: Imprint) -> list[tuple[int, int]]:
    """Return likely shifts in coarse pixels, ``(dx, dy)``, the likeliest first."""
    rows, columns = reference.fine.shape
    product = reference.spectrum * np.conj(view.spectrum)
    evidence = np.fft.irfft2(product, (rows, columns)).astype(np.float32, copy=False)
    evidence *= overlap_weights(rows // 2, columns // 2)
    evidence *= np.float32(1 / max(reference.norm * view.norm, 1e-6))
    peaks = []
    for _ in range(_PEAKS):
        row, column = divmod(int(evidence.argmax()), columns)
        if evidence[row, column] < _COARSE_EVIDENCE:
            break
        peaks.append((_signed(column, columns), _signed(row, rows)))
        around = np.arange(-3, 4)
        evidence[np.ix_((row + around) % rows, (column + around) % columns)] = 0
    return peaks


def _signed(index: int, period: int) -> int:
    return index - period if index >= period // 2 else index


def _measured(reference: Imprint, view: Imprint, near: tuple[int, int]) -> Shift | None:
    """Return the best shift about ``near``, ``(dx, dy)`` in fine pixels; None without one."""
    for _ in range(2):
        parts = _overlapping(reference.fine, view.fine, near)
        if parts is None:
            return None
        inner = parts[1][_REACH:-_REACH, _REACH:-_REACH]
        surface: Plane = np.asarray(
            cv2.matchTemplate(parts[0], inner, cv2.TM_CCOEFF_NORMED), np.float32
        )
        row, column = divmod(int(surface.argmax()), surface.shape[1])
        if 0 < row < 2 * _REACH and 0 < column < 2 * _REACH:
            sharpness = _sharpness(reference, view, near)
            middle = surface[row - 1 : row + 2, column - 1 : column + 2]
            peak = (near[0] + column - _REACH, near[1] + row - _REACH)
            return _refined(middle, peak, reference.fine.shape, sharpness)
        near = (near[0] + column - _REACH, near[1] + row - _REACH)
    return None


def _sharpness(reference: Imprint, view: Imprint, shift: tuple[int, int]) -> float:
    parts = _overlapping(reference.high, view.high, shift)
    return cv2.norm(parts[1]) / cv2.norm(parts[0]) if parts else 0.0


def _overlapping(
    reference: Plane, view: Plane, shift: tuple[int, int]
) -> tuple[Plane, Plane] | None:
    """Return the part of both that shows the same; None if it is too small or bare."""
    rows, columns = reference.shape
    dx, dy = shift
    top, left = max(0, dy), max(0, dx)
    height, width = rows - abs(dy), columns - abs(dx)
    if min(height, width) < 8 * _REACH or height * width < _SMALLEST_OVERLAP * reference.size / 2:
        return None
    ours = reference[top : top + height, left : left + width]
    theirs = view[top - dy : top - dy + height, left - dx : left - dx + width]
    return (ours, theirs) if min(cv2.norm(ours), cv2.norm(theirs)) > _BARE else None


def _refined(
    middle: Plane, peak: tuple[int, int], shape: tuple[int, ...], sharpness: float
) -> Shift:
    """Return the shift at the top of the 3 x 3 correlations around a peak, ``(dx, dy)``."""
    down, gain_down = _vertex(middle[:, 1])
    right, gain_right = _vertex(middle[1])
    dx, dy = peak[0] + right, peak[1] + down
    correlation = min(1.0, float(middle[1, 1]) + gain_down + gain_right)
    height, width = shape[0] - abs(dy), shape[1] - abs(dx)
    compared = max(0.0, height - 2 * _REACH) * max(0.0, width - 2 * _REACH)
    return Shift(
        dx=dx,
        dy=dy,
        correlation=correlation,
        overlap=height * width / (shape[0] * shape[1]),
        evidence=correlation * float(np.sqrt(compared)),
        sharpness=sharpness,
    )


def _vertex(three: Plane) -> tuple[float, float]:
    """Return place and gain of the top of the parabola through three points around a peak."""
    before, at, after = (float(value) for value in three)
    bend = before - 2 * at + after
    if bend >= 0:
        return 0.0, 0.0
    place = 0.5 * (before - after) / bend
    return place, -0.25 * (before - after) * place
