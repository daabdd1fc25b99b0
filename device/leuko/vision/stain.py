"""What colour the stain is: the light that nuclei and red cells hold back, and how far it moves.

Optical densities are decadic logarithms of background over pixel (Ruifrok and Johnston, Anal.
Quant. Cytol. Histol. 23:291, 2001): lamp, exposure and white balance cancel out. The direction of
a density among red, green and blue is the stain's hue, its length how much stain there is.
"""

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL

Density = tuple[float, float, float]
"""Optical density in red, green and blue; 0 is the background."""

JUDGED = (CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE)
"""Classes whose nuclei are compared: every blood has them, and no granules hide their nuclei."""
FEWEST_OF_CLASS = 4
"""Cells of a class from which their median is one."""

_NUCLEUS_WITHIN_UM = 5.5
_RED_CELLS_BEYOND_UM = 8.5
_DARKEST = 4
"""Level below which a pixel tells no density; 8 bits end there."""
_DENSITIES = -np.log10(np.clip(np.arange(256), _DARKEST, BACKGROUND_LEVEL) / BACKGROUND_LEVEL)
_STEPS = 140.0
"""Steps of a density of 1 when two kinds of pixels are parted; the darkest is still below 256."""
_LEAST = 0.005

SPREADS = (3.3, 0.16, 5.6, 0.30)
"""Standard deviations of a slide of the calibrated laboratory, in the order of the fields of
`StainDifference`, from two laboratories with numbered slides (docs/results/stain.md): the wider of
both, but the mean of both for the hue of red cells, which one camera's flare makes uncertain. A
laboratory whose slides vary more than these two's has more false alarms."""


@dataclass(frozen=True, slots=True)
class CellStain:
    """What one cell's picture says of the stain.

    Attributes:
        nucleus: median density of the nucleus.
        red_cells: median density of the red cells beside it; of the glass if there are none.
    """

    nucleus: Density
    red_cells: Density


@dataclass(frozen=True, slots=True)
class StainColours:
    """The stain of many cells, of one slide or of a whole calibration.

    Attributes:
        nuclei: median density of the nuclei of each of the judged classes with enough cells.
        red_cells: median density of the red cells.
        cells: how many cells of the judged classes there were.
    """

    nuclei: Mapping[CellClass, Density]
    red_cells: Density
    cells: int


@dataclass(frozen=True, slots=True)
class StainDifference:
    """How far one stain is from another.

    Attributes:
        nuclei_degrees: angle between the hues of the nuclei.
        nuclei_density: natural logarithm of the ratio of their densities; below 0 is paler.
        red_cells_degrees: the same of the red cells.
        red_cells_density: the same of the red cells.
    """

    nuclei_degrees: float
    nuclei_density: float
    red_cells_degrees: float
    red_cells_density: float

    @property
    def score(self) -> float:
        """All four in standard deviations of a slide of one laboratory, as one length."""
        return math.hypot(*(value / spread for value, spread in self._with_spreads()))

    @property
    def words(self) -> str:
        """What differs most, for a person."""
        degrees, density, red_degrees, red_density = (
            abs(value / spread) for value, spread in self._with_spreads()
        )
        largest = max(degrees, density, red_degrees, red_density)
        if largest == density:
            return f"nuclei {_by(self.nuclei_density)}"
        if largest == red_density:
            return f"red cells {_by(self.red_cells_density)}"
        return "nuclei of another hue" if largest == degrees else "red cells of another hue"

    @property
    def values(self) -> tuple[float, float, float, float]:
        """All four in the order of the fields."""
        return (
            self.nuclei_degrees,
            self.nuclei_density,
            self.red_cells_degrees,
            self.red_cells_density,
        )

    def _with_spreads(self) -> tuple[tuple[float, float], ...]:
        return tuple(zip(self.values, SPREADS, strict=True))


def cell_stain(picture: RGBImage, *, um_per_px: float) -> CellStain:
    """Return what a leukocyte's picture says of the stain.

    The nucleus is what holds back most red light near the middle (Otsu, IEEE Trans. SMC 9:62,
    1979), for red cells and eosinophil granules let red pass.

    Args:
        picture: ``(side, side, 3)`` uint8, RGB, white balanced, the cell in the middle.
        um_per_px: its scale.
    """
    near, far = _rings(picture.shape[0], um_per_px)
    densities = _DENSITIES[cv2.GaussianBlur(picture, (3, 3), 0)]
    nucleus = near & (densities[..., 0] > _parted(densities[..., 0][near]))
    red_cells = far & (densities[..., 1] > _parted(densities[..., 1][far]))
    return CellStain(_median(densities[nucleus]), _median(densities[red_cells]))


def colours_of(cells: Iterable[tuple[CellClass, CellStain]]) -> StainColours | None:
    """Return the stain of many cells; None if there are too few of the judged classes.

    Args:
        cells: class and stain of each.
    """
    found = list(cells)
    nuclei = {name: [stain.nucleus for one, stain in found if one is name] for name in JUDGED}
    enough = {
        name: _median(np.array(densities))
        for name, densities in nuclei.items()
        if len(densities) >= FEWEST_OF_CLASS
    }
    if not enough:
        return None
    red_cells = _median(np.array([stain.red_cells for _, stain in found]))
    judged = sum(map(len, nuclei.values()))
    return StainColours(MappingProxyType(enough), red_cells, judged)


def stain_difference(seen: StainColours, calibrated: StainColours) -> StainDifference | None:
    """Return how far a stain is from the calibrated one; None if they have no class in common."""
    common = [name for name in seen.nuclei if name in calibrated.nuclei]
    if not common:
        return None
    # Class by class: a smear with more lymphocytes is no other stain.
    nuclei, expected = (
        np.mean([colours.nuclei[name] for name in common], axis=0) for colours in (seen, calibrated)
    )
    red_cells, others = np.array(seen.red_cells), np.array(calibrated.red_cells)
    return StainDifference(
        *_apart(nuclei, expected),
        *_apart(red_cells, others),
    )


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    lengths = [max(_LEAST, float(np.linalg.norm(density))) for density in (one, other)]
    cosine = float(one @ other) / (lengths[0] * lengths[1])
    return math.degrees(math.acos(min(1.0, cosine))), math.log(lengths[0] / lengths[1])


def _by(log_ratio: float) -> str:
    percent = abs(100 * math.expm1(log_ratio))
    return f"{percent:.0f} % {'denser' if log_ratio > 0 else 'paler'}"


@functools.lru_cache(maxsize=4)
def _rings(side: int, um_per_px: float) -> tuple[Mask, Mask]:
    """Return where the cell's own nucleus lies, and where its neighbours do."""
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    distance_um = np.hypot(rows, columns) * um_per_px
    return distance_um < _NUCLEUS_WITHIN_UM, distance_um > _RED_CELLS_BEYOND_UM


def _parted(densities: NDArray[np.float64]) -> float:
    steps = np.clip(densities * _STEPS, 0, 255).astype(np.uint8)[:, None]
    threshold, _ = cv2.threshold(steps, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # Where all pixels are alike none lies above the threshold: then all are meant.
    return threshold / _STEPS if steps.max() > threshold else -1.0


def _median(densities: NDArray[np.float64]) -> Density:
    red, green, blue = np.median(densities, axis=0).tolist()
    return red, green, blue
