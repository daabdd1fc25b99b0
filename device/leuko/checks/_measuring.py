"""A quality check on a reference slide: leukocytes located, sharpness, colour and scale."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import median

import numpy as np

from leuko.calibration import Circumstances, FrameUsed, Origin, Shot
from leuko.cells import Cell, CellClass, CellStatus, RGBImage
from leuko.checks._field import CheckedField
from leuko.checks._record import Measured
from leuko.errors import CalibrationError, ScaleError
from leuko.plurals import counted
from leuko.status import Guidance
from leuko.tracking import (
    PICTURE_UM_PER_PX,
    CellLedger,
    FieldMap,
    LedgerRules,
    PlacedField,
    TrackedCell,
)
from leuko.vision.preprocess import background_colour
from leuko.vision.quality import DEFAULT_LIMITS, Quality, QualityLimits, judge
from leuko.vision.scale import MeasuredField, measure_field, scale_of
from leuko.vision.stain import cell_stain

CHECK_CELLS = 20
"""Leukocytes that are located in a check."""

_FIELDS_FOR_SCALE = 10
_AT_ONCE = LedgerRules(least_views=1, enough_views=1)
"""A still picture is one view of a cell."""


Find = Callable[[RGBImage], tuple[Cell, ...]]
"""Finds the leukocytes of a field."""
Told = Callable[[Shot, Guidance], None]
"""Told of each picture what to do about it; nothing if it is good."""
Seen = Callable[[CheckedField], None]
"""Told each field that was looked at, so that a person can look for what was missed."""


def _is_there(_probabilities: tuple[float, ...], _area_um2: float) -> tuple[CellStatus, str]:
    return CellStatus.COUNTED, ""


class CheckMeasurement:
    """Fields of a reference slide as the device sees them."""

    def __init__(self, um_per_px: float, *, limits: QualityLimits = DEFAULT_LIMITS) -> None:
        """Begin without a field.

        Args:
            um_per_px: scale in use.
            limits: what is asked of a picture.
        """
        self._um_per_px = um_per_px
        self._limits = limits
        self._map = FieldMap(um_per_px=um_per_px)
        self._ledger = CellLedger(um_per_px=um_per_px, decide=_is_there, rules=_AT_ONCE)
        self._left_out: Counter[Guidance] = Counter()
        self._frames: list[FrameUsed] = []
        self._shape = (0, 0)
        self._sharpness: list[float] = []
        self._backgrounds: list[float] = []
        self._densities: list[float] = []
        self._red_cells: list[MeasuredField] = []

    @property
    def located(self) -> int:
        """How many leukocytes were located; none that the border cuts, and none twice."""
        return len(self._ledger)

    @property
    def fields(self) -> int:
        """How many fields were looked at."""
        return len(self._frames)

    @property
    def names(self) -> tuple[str, ...]:
        """What the fields that were looked at are called."""
        return tuple(frame.name for frame in self._frames)

    def judged(self, rgb: RGBImage) -> Quality:
        """Return what the live gate says of a picture; one that it refuses is counted as such."""
        # Half a second between pictures tells nothing of the motion while one was taken.
        quality = judge(rgb, um_per_px=self._um_per_px, moved_um=math.inf, limits=self._limits)
        if not quality.is_good:
            self._left_out[quality.guidance] += 1
        return quality

    def placed(self, rgb: RGBImage) -> PlacedField | None:
        """Return where a good picture lies on the slide; None where nothing new is in it.

        Raises:
            ImageError: it is too small, or of another size than those before.
        """
        place = self._map.place(rgb)
        for join in place.joined:
            self._ledger.join(join)
        return place if place.is_new else None

    def add(self, shot: Shot, quality: Quality, place: PlacedField, seen: CheckedField) -> None:
        """Take in a field.

        Args:
            shot: the picture.
            quality: what the live gate says of it.
            place: where it lies.
            seen: what was located in it.
        """
        self._frames.append(shot.used)
        self._shape = shot.shape
        self._sharpness.append(quality.sharpness)
        self._backgrounds.append(float(background_colour(seen.rgb).mean()))
        if len(self._red_cells) < _FIELDS_FOR_SCALE:
            self._red_cells.append(measure_field(seen.rgb))
        self._add_stain(self._ledger.see(place.position, seen.cells, seen.rgb).new)

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
                f"{counted(there, 'leukocyte')} in {counted(self.fields, 'field')}"
                f"{self._refused()} are too few for a check, {wanted} are needed; show more fields "
                "of the reference slide"
            )
        return Measured(
            located_percent=round(100 * self.located / there, 2),
            sharpness=round(median(self._sharpness), 3),
            background=round(median(self._backgrounds), 1),
            nuclei_density=round(median(self._densities), 4) if self._densities else None,
            scale_percent=self._scale_percent(),
        )

    def refuse_if_empty(self) -> None:
        """Refuse a check in which no field was looked at.

        Raises:
            CalibrationError: there was none.
        """
        if not self.fields:
            raise CalibrationError(
                f"there is no picture to check{self._refused()}; show the reference slide"
            )

    def origin(self, circumstances: Circumstances) -> Origin:
        """Return where the check comes from."""
        return circumstances.origin(self._frames, shape=self._shape)

    def _refused(self) -> str:
        """Return how many pictures were left out, and why most of them were."""
        if not self._left_out:
            return ""
        (reason, _), *_ = self._left_out.most_common(1)
        return f" ({counted(self._left_out.total(), 'picture')} left out: {reason})"

    def _add_stain(self, cells: Sequence[TrackedCell]) -> None:
        for cell in cells:
            if cell.picture is not None:
                stain = cell_stain(cell.picture, um_per_px=PICTURE_UM_PER_PX)
                self._densities.append(float(np.linalg.norm(stain.nucleus)))

    def _scale_percent(self) -> float | None:
        shapes = {one.shape for one in self._red_cells}
        try:
            found = scale_of(self._red_cells) if len(shapes) == 1 else None
        except ScaleError:
            return None
        # Red cells that look larger make the scale finer.
        return round(100 * self._um_per_px / found.um_per_px, 2) if found else None


def measure_check(
    shots: Iterable[Shot],
    *,
    find: Find,
    even: Callable[[RGBImage], RGBImage],
    um_per_px: float,
    limits: QualityLimits = DEFAULT_LIMITS,
    wanted: int = CHECK_CELLS,
    told: Told = lambda _shot, _guidance: None,
    seen: Seen = lambda _field: None,
) -> CheckMeasurement:
    """Return what a device sees of a reference slide, up to so many leukocytes.

    A picture that the live gate would not count is left out; a leukocyte that several overlapping
    fields show is one.

    Args:
        shots: pictures of the slide; no more are taken than are needed.
        find: finds the leukocytes of a field.
        even: evens out a field's light.
        um_per_px: scale of the fields.
        limits: what is asked of a picture.
        wanted: leukocytes to be located; the last field may bring more.
        told: told of each picture what to do about it.
        seen: told each field with its cells.

    Raises:
        ImageError: a picture cannot be read, is too small, or of another size than the others.
        EngineError: the engine failed.
        CalibrationError: there is no picture.
    """
    found = CheckMeasurement(um_per_px, limits=limits)
    for shot in shots:
        rgb = even(shot.rgb)
        quality = found.judged(rgb)
        told(shot, quality.guidance)
        if not quality.is_good or (place := found.placed(rgb)) is None:
            continue
        cells = tuple(cell for cell in find(rgb) if _is_leukocyte(cell))
        field = CheckedField(rgb, cells, place.known)
        found.add(shot, quality, place, field)
        seen(field)
        if found.located >= wanted:
            break
    found.refuse_if_empty()
    return found


def _is_leukocyte(cell: Cell) -> bool:
    return cell.cell_class is not CellClass.PLATELET_OR_ARTEFACT
