"""A quality check on a reference slide: leukocytes located, sharpness, colour and scale."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from leuko.calibration import Circumstances, FrameUsed, Origin, Shot
from leuko.cells import Cell, CellClass, RGBImage
from leuko.checks._record import Measured
from leuko.errors import CalibrationError, ScaleError
from leuko.tracking import PICTURE_UM_PER_PX, CellPictures
from leuko.vision.preprocess import background_colour
from leuko.vision.quality import judge
from leuko.vision.scale import MeasuredField, measure_field, scale_of
from leuko.vision.shading import ReducedField, reduce_field, show_the_same
from leuko.vision.stain import cell_stain

CHECK_CELLS = 20
"""Leukocytes that are located in a check."""

_FIELDS_FOR_SCALE = 10

Find = Callable[[RGBImage], tuple[Cell, ...]]
"""Finds the leukocytes of a field."""
Seen = Callable[[RGBImage, tuple[Cell, ...]], None]
"""Told each field with what was located in it, so that a person can look for what was missed."""


@dataclass(slots=True)
class CheckMeasurement:
    """Fields of a reference slide as the device sees them.

    Attributes:
        um_per_px: scale in use.
        located: leukocytes that were located.
    """

    um_per_px: float
    located: int = 0
    _frames: list[FrameUsed] = field(default_factory=list)
    _shape: tuple[int, int] = (0, 0)
    _sharpness: list[float] = field(default_factory=list)
    _backgrounds: list[float] = field(default_factory=list)
    _densities: list[float] = field(default_factory=list)
    _red_cells: list[MeasuredField] = field(default_factory=list)
    _seen: list[ReducedField] = field(default_factory=list)

    @property
    def fields(self) -> int:
        """How many fields were looked at."""
        return len(self._frames)

    def is_new(self, shot: Shot) -> bool:
        """Return whether a picture shows another place than all before it."""
        reduced = reduce_field(shot.rgb)
        if any(one.shape == reduced.shape and show_the_same(reduced, one) for one in self._seen):
            return False
        self._seen.append(reduced)
        return True

    def add(self, shot: Shot, rgb: RGBImage, cells: Iterable[Cell]) -> None:
        """Take in a field.

        Args:
            shot: the picture.
            rgb: the same, its light evened out.
            cells: leukocytes that were located in it.
        """
        self._frames.append(shot.used)
        self._shape = shot.shape
        self._sharpness.append(judge(rgb, um_per_px=self.um_per_px, moved_um=math.inf).sharpness)
        self._backgrounds.append(float(background_colour(rgb).mean()))
        if len(self._red_cells) < _FIELDS_FOR_SCALE:
            self._red_cells.append(measure_field(rgb))
        pictures = CellPictures(rgb, self.um_per_px)
        for cell in cells:
            self.located += 1
            if not cell.region.cut_by_border:
                stain = cell_stain(pictures.of(cell), um_per_px=PICTURE_UM_PER_PX)
                self._densities.append(float(np.linalg.norm(stain.nucleus)))

    def measured(self, *, missed: int, wanted: int = CHECK_CELLS) -> Measured:
        """Return what is kept.

        Args:
            missed: leukocytes that a person saw and the device did not.
            wanted: leukocytes that must have been there.

        Raises:
            CalibrationError: there were fewer.
        """
        there = self.located + missed
        if there < wanted:
            raise CalibrationError(
                f"{there} leukocytes in {self.fields} fields are too few for a check, {wanted} are "
                "needed; show more fields of the reference slide"
            )
        return Measured(
            located_percent=round(100 * self.located / there, 2),
            sharpness=round(median(self._sharpness), 3),
            background=round(median(self._backgrounds), 1),
            nuclei_density=round(median(self._densities), 4) if self._densities else None,
            scale_percent=self._scale_percent(),
        )

    def origin(self, circumstances: Circumstances) -> Origin:
        """Return where the check comes from."""
        return circumstances.origin(self._frames[:1000], shape=self._shape)

    def _scale_percent(self) -> float | None:
        shapes = {one.shape for one in self._red_cells}
        try:
            found = scale_of(self._red_cells) if len(shapes) == 1 else None
        except ScaleError:
            return None
        # Red cells that look larger make the scale finer.
        return round(100 * self.um_per_px / found.um_per_px, 2) if found else None


def measure_check(
    shots: Iterable[Shot],
    *,
    find: Find,
    even: Callable[[RGBImage], RGBImage],
    um_per_px: float,
    wanted: int = CHECK_CELLS,
    seen: Seen = lambda _rgb, _cells: None,
) -> CheckMeasurement:
    """Return what a device sees of a reference slide, up to so many leukocytes.

    Args:
        shots: different fields of the slide; no more are taken than are needed.
        find: finds the leukocytes of a field.
        even: evens out a field's light.
        um_per_px: scale of the fields.
        wanted: leukocytes to be located; the last field may bring more.
        seen: told each field with its cells.

    Raises:
        ImageError: a picture cannot be read.
        EngineError: the engine failed.
        CalibrationError: there is no picture.
    """
    found = CheckMeasurement(um_per_px)
    for shot in shots:
        if not found.is_new(shot):
            continue
        rgb = even(shot.rgb)
        cells = tuple(cell for cell in find(rgb) if _is_leukocyte(cell))
        found.add(shot, rgb, cells)
        seen(rgb, cells)
        if found.located >= wanted:
            break
    if not found.fields:
        raise CalibrationError("there is no picture to check; show the reference slide")
    return found


def _is_leukocyte(cell: Cell) -> bool:
    return cell.cell_class is not CellClass.PLATELET_OR_ARTEFACT
