"""From a field to named cells: locate coarsely, outline finely, classify each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.bundle import ClassifierSpec, ModelBundle, SegmenterSpec
from leuko.cells import Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.errors import BundleError
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

_SAME_CELL = 0.5
"""Share of the smaller of two regions that both claim, from which they are one cell."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A field with what every later step needs to know of it."""

    rgb: RGBImage
    um_per_px: float
    background: NDArray[np.float64]


class FieldAnalyser:
    """Finds, outlines and names the leukocytes of a field with the models of one bundle."""

    def __init__(self, bundle: ModelBundle, engine: Engine) -> None:
        """Load the bundle's models.

        Raises:
            BundleError: a model's input or outputs are not what the manifest says.
            EngineError: the engine cannot run a model.
        """
        self._segmenter = bundle.manifest.segmenter
        self._classifier = bundle.manifest.classifier
        files = bundle.files
        self._locator = engine.load(files[self._segmenter.locator])
        self._outliner = engine.load(files[self._segmenter.outliner])
        self._namer = engine.load(files[self._classifier.model])
        self._probabilities = _checked_output(self._namer, self._classifier)
        _check_inputs(self._segmenter, self._locator, self._outliner)

    def analyse(self, rgb: RGBImage, *, um_per_px: float) -> tuple[Cell, ...]:
        """Return every leukocyte found, in reading order, those at the border included.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it; left as it is.
            um_per_px: scale of the field.
        """
        field, coarse = self._coarse_view(rgb, um_per_px)
        regions: list[CellRegion] = []
        for seed in self._locate(coarse):
            region = self._outline(field, seed)
            if region and all(overlap(region, other) < _SAME_CELL for other in regions):
                regions.append(region)
        regions.sort(key=lambda region: (region.box.y, region.box.x))
        return tuple(self._name(field, region) for region in regions)

    def _coarse_view(self, rgb: RGBImage, um_per_px: float) -> tuple[_Field, RGBImage]:
        scale = self._segmenter.locate_um_per_px
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

    def _outline(self, field: _Field, seed: Seed) -> CellRegion | None:
        factor = self._segmenter.locate_um_per_px / field.um_per_px
        window = self._fine_window(field, (seed.row + 0.5) * factor, (seed.column + 0.5) * factor)
        region = self._region(field, window)
        if region and reaches_edge(region, window):
            # A seed lies off centre in a large cell: look again from the middle of the find.
            region = self._region(field, self._fine_window(field, *region.box.centre)) or region
        if region is None or region.area_um2 < self._segmenter.smallest_area_um2:
            return None
        return region

    def _fine_window(self, field: _Field, row: float, column: float) -> Window:
        return window_around(
            row,
            column,
            um_per_px=field.um_per_px,
            to_um_per_px=self._segmenter.outline_um_per_px,
            size=self._segmenter.window,
        )

    def _region(self, field: _Field, window: Window) -> CellRegion | None:
        crop = cut_balanced_window(field.rgb, window, field.background)
        return region_in_field(
            _map(self._outliner, crop),
            window,
            threshold=self._segmenter.threshold,
            field_shape=field.rgb.shape[:2],
            um_per_px=field.um_per_px,
        )

    def _name(self, field: _Field, region: CellRegion) -> Cell:
        spec = self._classifier
        window = window_around(
            *region.box.centre,
            um_per_px=field.um_per_px,
            to_um_per_px=spec.um_per_px,
            size=spec.size,
        )
        crop = cut_balanced_window(field.rgb, window, field.background)
        mask = mask_in_window(region, window)
        stored = self._namer.run(isolate(crop, mask, margin=spec.margin))[self._probabilities]
        real = self._namer.output_quantisations[self._probabilities].real(stored)[0]
        probabilities = tuple(float(value) for value in real / real.sum())
        best = list(CellClass)[int(np.argmax(real))]
        status, reason = self._status(region, best, max(probabilities))
        return Cell(region, best, probabilities, sharpness(crop, mask), status, reason)

    def _status(
        self, region: CellRegion, best: CellClass, probability: float
    ) -> tuple[CellStatus, str]:
        if region.cut_by_border:
            return CellStatus.EXCLUDED, "cut by the border of the field"
        if region.area_um2 > self._segmenter.largest_area_um2:
            return CellStatus.EXCLUDED, "larger than any single leukocyte"
        least = self._classifier.unclassified_below
        if probability < least:
            return CellStatus.UNCLASSIFIED, f"probability {probability:.2f} is below {least:.2f}"
        if not best.is_counted:
            return CellStatus.EXCLUDED, "not one of the five leukocyte classes"
        return CellStatus.COUNTED, ""


def _map(model: Model, image: RGBImage) -> NDArray[np.float32]:
    return model.output_quantisations[0].real(model.run(image)[0][0, :, :, 0])


def _checked_output(model: Model, spec: ClassifierSpec) -> int:
    lengths = [shape[-1] for shape in model.output_shapes]
    if sorted(lengths) != sorted((len(CellClass), spec.embedding)):
        msg = (
            f"{spec.model} has outputs of length {lengths}, not {len(CellClass)} classes and "
            f"an embedding of {spec.embedding}; convert the bundle again"
        )
        raise BundleError(msg)
    return lengths.index(len(CellClass))


def _check_inputs(spec: SegmenterSpec, locator: Model, outliner: Model) -> None:
    expected = {
        spec.locator: ((1, spec.tile_height, spec.tile_width, 3), locator.input_shape),
        spec.outliner: ((1, spec.window, spec.window, 3), outliner.input_shape),
    }
    for name, (wanted, found) in expected.items():
        if wanted != found:
            msg = f"{name} takes {found}, the manifest says {wanted}; convert the bundle again"
            raise BundleError(msg)
