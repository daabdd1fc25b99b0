"""Where leukocytes are and what their outlines: one small network at two scales."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.bundle import SegmenterSpec
from leuko.cells import CellRegion, RGBImage
from leuko.errors import BundleError
from leuko.inference import Engine, Model
from leuko.pipeline._field import Field, seen_coarsely
from leuko.pipeline._protocol import Wanted, everywhere
from leuko.pipeline._shapes import check_input
from leuko.vision.preprocess import Window
from leuko.vision.regions import Seed, find_seeds, overlap, reaches_edge, region_in_field
from leuko.vision.tiling import predict_field

_SAME_CELL = 0.5
"""Share of the smaller of two regions that both claim, from which they are one cell."""


@dataclass(frozen=True, slots=True)
class Find:
    """A region, and whether the fine window shows all of it.

    Attributes:
        region: what was outlined.
        is_whole: whether it ends within the window.
    """

    region: CellRegion
    is_whole: bool


class Finder:
    """Locates leukocytes in a coarse view, and outlines each in a fine window."""

    def __init__(
        self, spec: SegmenterSpec, locator: bytes, outliner: bytes, engine: Engine
    ) -> None:
        """Load both models.

        Args:
            spec: what the manifest says of them.
            locator: TFLite model of the coarse view's tiles.
            outliner: TFLite model of a fine window.
            engine: runs them.

        Raises:
            BundleError: a model's input or output is not what the manifest says.
            EngineError: the engine cannot run a model.
        """
        self._spec = spec
        self._locator = engine.load(locator)
        self._outliner = engine.load(outliner)
        _check(spec.locator, self._locator, (spec.tile_height, spec.tile_width))
        _check(spec.outliner, self._outliner, (spec.window,) * 2)

    def found(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Field, list[Find]]:
        """Return a field, and what was outlined in it, in reading order.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it; left as it is.
            um_per_px: scale of the field.
            wanted: says of the place where a leukocyte was located whether it is worth outlining.

        Raises:
            ImageError: the field covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        field, coarse = self._seen(rgb, um_per_px)
        finds: list[Find] = []
        for row, column in self._located(coarse, field):
            find = self._outlined(field, row, column) if wanted(row, column) else None
            if find and all(overlap(find.region, one.region) < _SAME_CELL for one in finds):
                finds.append(find)
        finds.sort(key=lambda find: (find.region.box.y, find.region.box.x))
        return field, finds

    def in_the_middle(self, picture: RGBImage, *, um_per_px: float) -> tuple[Field, Find | None]:
        """Return a picture as a field, and the leukocyte in its middle; None without one.

        Args:
            picture: as for `found`, with some background around the cell.
            um_per_px: its scale.

        Raises:
            ImageError: the picture covers more of a smear than there is memory for.
            EngineError: the engine failed.
        """
        field, _ = self._seen(picture, um_per_px)
        return field, self._outlined(field, picture.shape[0] / 2, picture.shape[1] / 2)

    def _seen(self, rgb: RGBImage, um_per_px: float) -> tuple[Field, RGBImage]:
        scale = self._spec.locate_um_per_px
        return seen_coarsely(rgb, um_per_px=um_per_px, coarse_um_per_px=scale)

    def _located(self, coarse: RGBImage, field: Field) -> Iterator[tuple[float, float]]:
        """Yield the rows and columns of the field at which something looks like a leukocyte.

        Args:
            coarse: the field's white-balanced coarse view.
            field: the field.
        """
        zoom = self._spec.locate_um_per_px / field.um_per_px
        seeds = self._seeds(coarse)
        if not seeds and self._is_small(coarse):
            # A lone cell on plain background is missed more easily: hardly a field looks like that.
            seeds = self._seeds(coarse, mirrored=True)
        for seed in seeds:
            yield (seed.row + 0.5) * zoom, (seed.column + 0.5) * zoom

    def _outlined(self, field: Field, row: float, column: float) -> Find | None:
        """Return the leukocyte at a row and column of the field; None if there is none."""
        spec = self._spec
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
        return Find(region, is_whole=not reaches_edge(region, window))

    def _is_small(self, coarse: RGBImage) -> bool:
        """Return whether a field is a crop, with a quarter of a tile's area at most."""
        height, width = coarse.shape[:2]
        return bool(4 * height * width <= self._spec.tile_height * self._spec.tile_width)

    def _seeds(self, coarse: RGBImage, *, mirrored: bool = False) -> list[Seed]:
        spec = self._spec
        probability = predict_field(
            coarse,
            lambda tile: _map(self._locator, tile),
            tile=(spec.tile_height, spec.tile_width),
            overlap=spec.tile_overlap,
            mirrored=mirrored,
        )
        return find_seeds(
            probability,
            threshold=spec.threshold,
            um_per_px=spec.locate_um_per_px,
            smallest_um2=spec.smallest_area_um2 / 2,
        )

    def _region(self, field: Field, window: Window) -> CellRegion | None:
        return region_in_field(
            _map(self._outliner, field.cut(window)),
            window,
            threshold=self._spec.threshold,
            field_shape=field.rgb.shape[:2],
            um_per_px=field.um_per_px,
        )


def _map(model: Model, image: RGBImage) -> NDArray[np.float32]:
    return model.output_quantisations[0].real(model.run(image)[0][0, :, :, 0])


def _check(name: str, model: Model, size: tuple[int, int]) -> None:
    check_input(name, model, size)
    found, wanted = model.output_shapes, ((1, *size, 1),)
    if found != wanted:
        msg = f"{name} gives {found}, the manifest says {wanted}; convert the bundle again"
        raise BundleError(msg)
