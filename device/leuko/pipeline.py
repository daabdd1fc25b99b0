"""From a field to named cells: locate coarsely, outline finely, classify each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation import SiteAdapter
from leuko.bundle import ClassifierSpec, ModelBundle, read_arrays
from leuko.cells import Cell, CellClass, CellRegion, CellStatus, Mask, RGBImage
from leuko.certainty import believed
from leuko.errors import BundleError, ImageError
from leuko.familiarity import Familiarity
from leuko.inference import Engine, Model
from leuko.vision.focus import sharpness
from leuko.vision.preprocess import (
    Window,
    coarse_view,
    cut_balanced_window,
    isolate,
    white_balance,
    window_around,
)
from leuko.vision.regions import (
    Seed,
    find_seeds,
    mask_in_window,
    overlap,
    reaches_edge,
    region_in_field,
)
from leuko.vision.tiling import predict_field
from leuko.vision.traits import cell_traits

_SAME_CELL = 0.5
"""Share of the smaller of two regions that both claim, from which they are one cell."""

_STRANGE = "unlike anything the models have learnt from"
_LEFT_OF_STRANGE = 0.001
"""Of how a strange cell's probabilities differ from equal ones."""

LARGEST_COARSE_AREA = 12_500_000
"""Pixels of a field's coarse view: 50 megapixels of 0.25 µm; some 250 MB are needed for it."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A field with what every later step needs to know of it."""

    rgb: RGBImage
    um_per_px: float
    background: NDArray[np.float64]

    def window(self, row: float, column: float, *, um_per_px: float, size: int) -> Window:
        return window_around(
            row, column, um_per_px=self.um_per_px, to_um_per_px=um_per_px, size=size
        )


@dataclass(frozen=True, slots=True)
class _Find:
    """A region, and whether the fine window shows all of it."""

    region: CellRegion
    is_whole: bool


@dataclass(frozen=True, slots=True)
class ExaminedCell:
    """What an adaptation to a laboratory learns from one cell.

    Attributes:
        probabilities: ``(classes,)`` float64, what the bundle says, in `CellClass` order.
        traits: ``(traits,)`` float64, as of `leuko.vision.traits.cell_traits`.
    """

    probabilities: NDArray[np.float64]
    traits: NDArray[np.float64]


Wanted = Callable[[float, float], bool]
"""Whether what lies at a row and column of the field is of interest."""


def everywhere(row: float, column: float) -> bool:
    """Return that what lies there is of interest, wherever it is."""
    del row, column
    return True


class Analyser(Protocol):
    """What finds and names leukocytes: a `FieldAnalyser`, or one that can change its backend."""

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        """Return every leukocyte found; see `FieldAnalyser.analyse`."""

    def decide(self, probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
        """Return what becomes of a whole cell; see `FieldAnalyser.decide`."""


class FieldAnalyser:
    """Finds, outlines and names the leukocytes of a field with the models of one bundle."""

    def __init__(
        self, bundle: ModelBundle, engine: Engine, *, adapter: SiteAdapter | None = None
    ) -> None:
        """Load the bundle's models.

        Args:
            bundle: the models.
            engine: runs them.
            adapter: of this bundle to this laboratory; None to name cells as the bundle does.

        Raises:
            BundleError: a model's input or outputs, or the familiarity, are not what the manifest
                says.
            EngineError: the engine cannot run a model.
        """
        self._adapter = adapter
        self._segmenter = bundle.manifest.segmenter
        self._classifier = bundle.manifest.classifier
        files = bundle.files
        self._locator = engine.load(files[self._segmenter.locator])
        self._outliner = engine.load(files[self._segmenter.outliner])
        self._namer = engine.load(files[self._classifier.model])
        tile = (self._segmenter.tile_height, self._segmenter.tile_width)
        _check_segmenter(self._segmenter.locator, self._locator, tile)
        _check_segmenter(self._segmenter.outliner, self._outliner, (self._segmenter.window,) * 2)
        _check_classifier(self._classifier, self._namer)
        shapes = self._namer.output_shapes
        self._probabilities = shapes.index((1, len(CellClass)))
        self._embedding = shapes.index((1, self._classifier.embedding))
        self._familiarity = _familiarity(bundle)

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        """Return every leukocyte found, in reading order, those at the border included.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it; left as it is.
            um_per_px: scale of the field.
            wanted: says of the place where a leukocyte was located whether it is worth outlining
                and naming.

        Raises:
            ImageError: the field covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        field, coarse = self._coarse_view(rgb, um_per_px)
        finds: list[_Find] = []
        zoom = self._segmenter.locate_um_per_px / um_per_px
        for seed in self._locate(coarse):
            row, column = (seed.row + 0.5) * zoom, (seed.column + 0.5) * zoom
            find = self._outline(field, row, column) if wanted(row, column) else None
            if find and all(overlap(find.region, one.region) < _SAME_CELL for one in finds):
                finds.append(find)
        finds.sort(key=lambda find: (find.region.box.y, find.region.box.x))
        return tuple(self._name(field, find) for find in finds)

    def _coarse_view(self, rgb: RGBImage, um_per_px: float) -> tuple[_Field, RGBImage]:
        scale = self._segmenter.locate_um_per_px
        _check_extent(rgb.shape, um_per_px, scale)
        coarse, background = coarse_view(rgb, um_per_px=um_per_px, to_um_per_px=scale)
        return _Field(rgb, um_per_px, background), white_balance(coarse, background)

    def _locate(self, coarse: RGBImage) -> list[Seed]:
        spec = self._segmenter
        probability = predict_field(
            coarse,
            lambda tile: _map(self._locator, tile),
            tile=(spec.tile_height, spec.tile_width),
            overlap=spec.tile_overlap,
        )
        return find_seeds(
            probability,
            threshold=spec.threshold,
            um_per_px=spec.locate_um_per_px,
            smallest_um2=spec.smallest_area_um2 / 2,
        )

    def _outline(self, field: _Field, row: float, column: float) -> _Find | None:
        spec = self._segmenter
        window = field.window(row, column, um_per_px=spec.outline_um_per_px, size=spec.window)
        region = self._region(field, window)
        # A seed lies off centre in a large cell: look again from the middle of the find, and
        # if the cell is larger than the window, once more at the coarse scale.
        for um_per_px in (spec.outline_um_per_px, spec.locate_um_per_px):
            if region is None or not reaches_edge(region, window):
                break
            wider = field.window(*region.box.centre, um_per_px=um_per_px, size=spec.window)
            if again := self._region(field, wider):
                region, window = again, wider
        if region is None or region.area_um2 < spec.smallest_area_um2:
            return None
        return _Find(region, is_whole=not reaches_edge(region, window))

    def _region(self, field: _Field, window: Window) -> CellRegion | None:
        crop = cut_balanced_window(field.rgb, window, field.background)
        return region_in_field(
            _map(self._outliner, crop),
            window,
            threshold=self._segmenter.threshold,
            field_shape=field.rgb.shape[:2],
            um_per_px=field.um_per_px,
        )

    def examine(self, rgb: RGBImage, *, um_per_px: float) -> ExaminedCell | None:
        """Return what is measured of the cell in the middle of a picture; None without one.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, with some background around the cell.
            um_per_px: its scale.

        Raises:
            ImageError: the picture covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        field, _ = self._coarse_view(rgb, um_per_px)
        find = self._outline(field, rgb.shape[0] / 2, rgb.shape[1] / 2)
        if find is None:
            return None
        crop, mask = self._view(field, find.region)
        return ExaminedCell(self._named(crop, mask)[0], cell_traits(crop, mask))

    def _name(self, field: _Field, find: _Find) -> Cell:
        crop, mask = self._view(field, find.region)
        likely, is_strange = self._named(crop, mask)
        if self._adapter:
            likely = self._adapter.adapted(likely[None], cell_traits(crop, mask)[None])[0]
        best = list(CellClass)[int(np.argmax(likely))]
        if is_strange and best.is_counted:
            # Hardly anything is known of it, but which class comes first: beside other views of
            # the same cell this one weighs next to nothing.
            likely = 1 / likely.size + _LEFT_OF_STRANGE * (likely - 1 / likely.size)
        probabilities = tuple(likely.tolist())
        status, reason = self._status(find, probabilities)
        return Cell(find.region, best, probabilities, sharpness(crop, mask), status, reason)

    def _view(self, field: _Field, region: CellRegion) -> tuple[RGBImage, Mask]:
        spec = self._classifier
        window = field.window(*region.box.centre, um_per_px=spec.um_per_px, size=spec.size)
        crop = cut_balanced_window(field.rgb, window, field.background)
        return crop, mask_in_window(region, window)

    def _named(self, crop: RGBImage, mask: Mask) -> tuple[NDArray[np.float64], bool]:
        """Return the bundle's probabilities, and whether the cell is strange to it."""
        spec = self._classifier
        outputs = self._namer.run(isolate(crop, mask, margin=spec.margin))
        quantisations = self._namer.output_quantisations
        real = quantisations[self._probabilities].real(outputs[self._probabilities])[0]
        embedding = quantisations[self._embedding].real(outputs[self._embedding])[0]
        worth = believed(real, class_weights=spec.class_weights, temperature=spec.temperature)
        is_strange = self._familiarity is not None and self._familiarity.is_strange(embedding)
        return worth, is_strange

    def decide(self, probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
        """Return what becomes of a whole cell, and why if it is not counted.

        Args:
            probabilities: one per `CellClass`, in its order.
            area_um2: its area.
        """
        if area_um2 > self._segmenter.largest_area_um2:
            return CellStatus.EXCLUDED, "larger than any single leukocyte"
        probability, least = max(probabilities), self._classifier.unclassified_below
        if probability <= 1 / len(probabilities) + _LEFT_OF_STRANGE:
            return CellStatus.UNCLASSIFIED, _STRANGE
        if probability < least:
            return CellStatus.UNCLASSIFIED, f"probability {probability:.2f} is below {least:.2f}"
        if not list(CellClass)[probabilities.index(probability)].is_counted:
            return CellStatus.EXCLUDED, "not one of the five leukocyte classes"
        return CellStatus.COUNTED, ""

    def _status(self, find: _Find, probabilities: tuple[float, ...]) -> tuple[CellStatus, str]:
        if find.region.cut_by_border:
            return CellStatus.EXCLUDED, "cut by the border of the field"
        if not find.is_whole:
            return CellStatus.EXCLUDED, "larger than the outliner's window"
        return self.decide(probabilities, find.region.area_um2)


def _check_extent(shape: tuple[int, ...], um_per_px: float, coarse_um_per_px: float) -> None:
    area_um2 = shape[0] * shape[1] * um_per_px**2
    largest_um2 = LARGEST_COARSE_AREA * coarse_um_per_px**2
    if area_um2 > largest_um2:
        msg = (
            f"a field of {shape[1]} x {shape[0]} pixels of {um_per_px:g} µm covers "
            f"{area_um2 / 1e6:.1f} mm², more than the {largest_um2 / 1e6:.1f} that fit into "
            "memory; cut it into smaller fields or check the scale"
        )
        raise ImageError(msg)


def _familiarity(bundle: ModelBundle) -> Familiarity | None:
    spec = bundle.manifest.classifier
    if spec.familiarity is None:
        return None
    return Familiarity.from_arrays(read_arrays(bundle, spec.familiarity), length=spec.embedding)


def _map(model: Model, image: RGBImage) -> NDArray[np.float32]:
    return model.output_quantisations[0].real(model.run(image)[0][0, :, :, 0])


def _check_segmenter(name: str, model: Model, size: tuple[int, int]) -> None:
    _check_input(name, model, size)
    found, wanted = model.output_shapes, ((1, *size, 1),)
    if found != wanted:
        msg = f"{name} gives {found}, the manifest says {wanted}; convert the bundle again"
        raise BundleError(msg)


def _check_classifier(spec: ClassifierSpec, model: Model) -> None:
    _check_input(spec.model, model, (spec.size, spec.size))
    found, wanted = model.output_shapes, ((1, len(CellClass)), (1, spec.embedding))
    if sorted(found) != sorted(wanted):
        msg = (
            f"{spec.model} gives {found}, the manifest says {len(CellClass)} classes and an "
            f"embedding of {spec.embedding}; convert the bundle again"
        )
        raise BundleError(msg)


def _check_input(name: str, model: Model, size: tuple[int, int]) -> None:
    found, wanted = model.input_shape, (1, *size, 3)
    if found != wanted:
        msg = f"{name} takes {found}, the manifest says {wanted}; convert the bundle again"
        raise BundleError(msg)
