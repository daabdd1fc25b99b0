"""This laboratory's stain, measured once."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from leuko.calibration._circumstances import Circumstances
from leuko.calibration._origin import FrameUsed
from leuko.calibration._record import StainPart
from leuko.calibration._shots import Shot
from leuko.cells import Cell, CellClass, CellStatus, RGBImage
from leuko.errors import CalibrationError
from leuko.plurals import counted
from leuko.status import Guidance
from leuko.tracking import PICTURE_UM_PER_PX, CellPictures
from leuko.vision.preprocess import background_colour
from leuko.vision.quality import judge
from leuko.vision.shading import ReducedField, reduce_field, show_the_same
from leuko.vision.stain import JUDGED, CellStain, cell_stain, colours_of

STAIN_CELLS = 60
"""Neutrophils and lymphocytes that a stain is measured from."""
_FEWEST_CELLS, _FEWEST_FIELDS, _FEWEST_OF_EACH = 30, 10, 5
_UNUSABLE = (Guidance.TOO_DARK, Guidance.TOO_BRIGHT, Guidance.FOCUS, Guidance.SLOWER)

FindAt = Callable[[RGBImage, float], tuple[Cell, ...]]
"""Finds the leukocytes of a field at a scale in µm per pixel."""
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class StainMeasurement:
    """A stain that was measured.

    Attributes:
        part: what the record says of it.
        left_out: why pictures were not used, a sentence each.
    """

    part: StainPart
    left_out: tuple[str, ...]


@dataclass(slots=True)
class StainSamples:
    """The stain of cells, field by field."""

    cells: list[tuple[CellClass, CellStain]] = field(default_factory=list)

    @property
    def judged(self) -> int:
        """How many cells are of the classes that are compared."""
        return sum(name in JUDGED for name, _ in self.cells)

    def add_field(self, rgb: RGBImage, cells: Iterable[Cell], *, um_per_px: float) -> None:
        """Take in the counted cells of a field.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, its light evened out, not balanced.
            cells: what was found in it.
            um_per_px: its scale.
        """
        pictures = CellPictures(rgb, um_per_px)
        for cell in cells:
            if cell.status is CellStatus.COUNTED:
                self.add(cell.cell_class, pictures.of(cell))

    def add(self, cell_class: CellClass, picture: RGBImage) -> None:
        """Take in one cell by its picture, as `leuko.tracking.CellPictures` cuts it."""
        self.cells.append((cell_class, cell_stain(picture, um_per_px=PICTURE_UM_PER_PX)))

    def keep_newest(self, most: int) -> None:
        """Forget all but so many cells."""
        del self.cells[:-most]


@dataclass(slots=True)
class _Fields:
    samples: StainSamples = field(default_factory=StainSamples)
    backgrounds: list[tuple[float, ...]] = field(default_factory=list)
    frames: list[FrameUsed] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    shape: tuple[int, int] = (0, 0)
    last: ReducedField | None = None

    def is_usable(self, shot: Shot, rgb: RGBImage, um_per_px: float) -> bool:
        reduced = reduce_field(rgb)
        if self.last and self.last.shape == reduced.shape and show_the_same(reduced, self.last):
            return False
        guidance = judge(rgb, um_per_px=um_per_px, moved_um=math.inf).guidance
        if guidance in _UNUSABLE:
            self.left_out.append(f"{shot.used.name}: {guidance}")
            return False
        self.last = reduced
        return True


def measure_stain(
    shots: Iterable[Shot],
    circumstances: Circumstances,
    *,
    find: FindAt,
    even: Callable[[RGBImage], RGBImage],
    um_per_px: float,
    wanted: int = STAIN_CELLS,
    told: Told | None = None,
) -> StainMeasurement:
    """Return this laboratory's background and stain.

    Args:
        shots: sharp fields of well stained smears, of several slides if there are.
        circumstances: who measures, when and with what.
        find: finds the leukocytes of a field.
        even: evens out a field's light.
        um_per_px: scale of the fields.
        wanted: neutrophils and lymphocytes to be measured; fewer will do where there are no more.
        told: of the progress.

    Raises:
        CalibrationError: there are too few cells or fields.
        ImageError: a picture cannot be read.
        EngineError: the engine failed.
    """
    found, tell = _Fields(), told or (lambda _done, _of: None)
    for shot in shots:
        rgb = even(shot.rgb)
        if not found.is_usable(shot, rgb, um_per_px):
            continue
        found.samples.add_field(rgb, find(rgb, um_per_px), um_per_px=um_per_px)
        found.backgrounds.append(tuple(background_colour(rgb).tolist()))
        found.frames.append(shot.used)
        found.shape = shot.shape
        tell(min(wanted, found.samples.judged), wanted)
        if found.samples.judged >= wanted and len(found.frames) >= _FEWEST_FIELDS:
            break
    return StainMeasurement(_part(found, circumstances), tuple(found.left_out))


def _part(found: _Fields, circumstances: Circumstances) -> StainPart:
    names = [name for name, _ in found.samples.cells]
    scarce = min(names.count(name) for name in JUDGED)
    colours = colours_of(found.samples.cells)
    is_enough = found.samples.judged >= _FEWEST_CELLS and scarce >= _FEWEST_OF_EACH
    if colours is None or not is_enough or len(found.frames) < _FEWEST_FIELDS:
        left_out = f" ({len(found.left_out)} left out)" if found.left_out else ""
        raise CalibrationError(
            f"{counted(names.count(CellClass.NEUTROPHIL), 'neutrophil')} and "
            f"{counted(names.count(CellClass.LYMPHOCYTE), 'lymphocyte')} in "
            f"{counted(len(found.frames), 'field')}"
            f"{left_out} are too few for a stain; give sharp fields of a normal smear with "
            f"{_FEWEST_CELLS} of them, {_FEWEST_OF_EACH} of each, in {_FEWEST_FIELDS} or more"
        )
    backgrounds = np.array(found.backgrounds)
    red, green, blue = (round(level, 1) for level in np.median(backgrounds, axis=0).tolist())
    return StainPart(
        origin=circumstances.origin(found.frames, shape=found.shape),
        background=(red, green, blue),
        background_spread_percent=round(_spread_percent(backgrounds.mean(axis=1)), 2),
        neutrophils=_rounded(colours.nuclei[CellClass.NEUTROPHIL]),
        lymphocytes=_rounded(colours.nuclei[CellClass.LYMPHOCYTE]),
        red_cells=_rounded(colours.red_cells),
        nuclei_spread_percent=round(_nuclei_spread_percent(found.samples), 2),
        cells=colours.cells,
        fields=len(found.frames),
    )


def _nuclei_spread_percent(samples: StainSamples) -> float:
    """Return by how much nuclei of one class differ in density."""
    shares: list[float] = []
    for judged in JUDGED:
        nuclei = [stain.nucleus for name, stain in samples.cells if name is judged]
        lengths = np.linalg.norm(np.array(nuclei), axis=1)
        shares += (lengths / max(float(np.median(lengths)), 1e-6)).tolist()
    return _spread_percent(np.array(shares))


def _spread_percent(values: NDArray[np.float64]) -> float:
    """Return 1.4826 median absolute deviations, a normal distribution's standard deviation."""
    middle = float(np.median(values))
    return 100 * 1.4826 * float(np.median(np.abs(values - middle))) / max(middle, 1e-6)


def _rounded(density: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (round(value, 4) for value in density)
    return red, green, blue
