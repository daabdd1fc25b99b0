"""The scale of every image of a run: stated, calibrated or found; checked by red cells anyway."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from leuko.cells import RGBImage
from leuko.count._folders import FieldScale, disagreements, from_all_folders
from leuko.errors import ScaleError
from leuko.vision.scale import MeasuredField, ScaleEstimate, measure_field, scale_of
from leuko.vision.scale_agreement import comparable_scale

FIELDS_FOR_SCALE = 20
"""Images of one camera that its scale is found from; more change it by less than 1 %."""

FIELDS_TO_CHECK = 10
"""Images in whose red cells a stated scale is looked for: half a second on a large field each."""

_TRUSTED = 0.6
"""Confidence from which red cells may contradict a scale that comes from elsewhere."""
_DOUBTED = 0.5
"""Confidence below which a scale is doubted: of 165 single crops of seven laboratories, 12 % of
those below were more than 15 % off, 3 % of those above."""
_FAR = math.log(1.2)
"""Single fields of one objective lie within 19 % of the truth; two objectives 25 % apart."""

Shape = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ImageScale:
    """The scale that an image is analysed at.

    Attributes:
        um_per_px: µm per pixel.
        estimate: what it was found from; None for a stated one.
    """

    um_per_px: float
    estimate: ScaleEstimate | None = None


class Scales(Protocol):
    """Where a run has its scales from.

    Attributes:
        stated: the one scale of all images, if it was not found from red cells.
        is_calibrated: whether that is the calibration's.
    """

    @property
    def stated(self) -> float | None: ...

    @property
    def is_calibrated(self) -> bool: ...

    def of(self, path: Path, rgb: RGBImage) -> ImageScale:
        """Return the scale of an image; called once for each that could be read.

        Raises:
            ScaleError: its scale cannot be told.
        """

    def warnings(self, labels: Mapping[Path, str]) -> list[str]:
        """Return what is doubtful, a sentence each; called when all images are analysed."""


class StatedScale:
    """One scale for all images; red cells of a few from all folders are asked whether it can be."""

    def __init__(
        self, um_per_px: float, images: Iterable[Path], *, is_calibrated: bool = False
    ) -> None:
        self.stated = um_per_px
        self.is_calibrated = is_calibrated
        self._checked = frozenset(from_all_folders(images, FIELDS_TO_CHECK))
        self._measured: dict[Shape, dict[Path, MeasuredField]] = {}

    def of(self, path: Path, rgb: RGBImage) -> ImageScale:
        if path in self._checked:
            measured = measure_field(rgb)
            self._measured.setdefault(measured.shape, {})[path] = measured
        return ImageScale(self.stated)

    def warnings(self, labels: Mapping[Path, str]) -> list[str]:
        found = [_if_trusted(_estimated([*one.values()])) for one in self._measured.values()]
        origin, remedy = (
            ("calibrated", "run leuko calibrate scale again")
            if self.is_calibrated
            else ("stated", "let --um-per-px auto find the scale")
        )
        far = [
            f"{self.stated:g} µm per pixel is {origin}, but the red cells say "
            f"{one.um_per_px:.3g} ({one.red_cells} of them, confidence {one.confidence:.2f}); "
            f"check the objective, or {remedy}"
            for one in found
            if one and _are_far(one.um_per_px, self.stated)
        ]
        return far + [
            told.sentence
            for one in self._measured.values()
            for told in disagreements(
                {path: self._field_scale(field) for path, field in one.items()}, labels
            )
        ]

    def _field_scale(self, field: MeasuredField) -> FieldScale:
        return FieldScale(comparable_scale(_estimated([field])), self.stated, is_own=False)


class FoundScales:
    """The scale of each camera from all its red cells, and of images that do not fit it."""

    stated = None
    is_calibrated = False

    def __init__(self) -> None:
        self._measured: dict[Path, MeasuredField] = {}
        self._cameras: dict[Shape, ScaleEstimate | ScaleError] = {}
        self._alone: set[Shape] = set()
        self._fields: dict[Shape, dict[Path, FieldScale]] = {}
        self._strays: dict[Path, tuple[ScaleEstimate, ScaleEstimate]] = {}

    def measure(self, path: Path, rgb: RGBImage) -> None:
        """Keep an image's red cells for its camera's scale."""
        self._measured[path] = measure_field(rgb)

    def settle(self, shape: Shape, members: Sequence[Path]) -> None:
        """Find the scale of a camera from those of its images that were measured."""
        measured = [self._measured[path] for path in members if path in self._measured]
        height, width = shape
        try:
            self._cameras[shape] = scale_of(measured)
        except ScaleError as error:
            self._cameras[shape] = ScaleError(f"scale of the {width} x {height} images: {error}")
        if len(members) == 1:
            self._alone.add(shape)

    def of(self, path: Path, rgb: RGBImage) -> ImageScale:
        shape = (rgb.shape[0], rgb.shape[1])
        shared = self._cameras[shape]
        estimate = None if shape in self._alone else self._own(path, rgb)
        own = _if_trusted(estimate)
        if isinstance(shared, ScaleError):
            if own is None:
                raise shared
            used = own
        elif own and _are_far(own.um_per_px, shared.um_per_px):
            self._strays[path] = (own, shared)
            used = own
        else:
            used = shared
        field = FieldScale(comparable_scale(estimate), used.um_per_px, is_own=used is own)
        self._fields.setdefault(shape, {})[path] = field
        return ImageScale(used.um_per_px, used)

    def warnings(self, labels: Mapping[Path, str]) -> list[str]:
        doubted = [
            f"the scale of the {width} x {height} images is uncertain: {one.um_per_px:.3g} µm per "
            f"pixel from {one.red_cells} red cells (confidence {one.confidence:.2f}); state it "
            "with --um-per-px, or give more fields"
            for (height, width), one in self._cameras.items()
            if isinstance(one, ScaleEstimate) and one.confidence < _DOUBTED
        ]
        apart = [one for fields in self._fields.values() for one in disagreements(fields, labels)]
        # Whoever is told that a folder does not fit need not be told it of every image in it.
        told = {path for one in apart for path in one.images}
        return [*doubted, *(one.sentence for one in apart)] + [
            f"{labels[path]} does not fit the images of its size: its red cells say "
            f"{own.um_per_px:.3g} µm per pixel, theirs {shared.um_per_px:.3g}; it was analysed at "
            "its own scale, check its objective"
            for path, (own, shared) in self._strays.items()
            if path not in told
        ]

    def _own(self, path: Path, rgb: RGBImage) -> ScaleEstimate | None:
        return _estimated([self._measured.get(path) or measure_field(rgb)])


def _estimated(fields: Sequence[MeasuredField]) -> ScaleEstimate | None:
    try:
        return scale_of(fields)
    except ScaleError:
        return None


def _if_trusted(estimate: ScaleEstimate | None) -> ScaleEstimate | None:
    return estimate if estimate and estimate.confidence >= _TRUSTED else None


def _are_far(one: float, other: float) -> bool:
    return abs(math.log(one / other)) > _FAR
