"""Golden inputs: views of a simulated smear, so that no photograph travels with a bundle."""

import numpy as np
from numpy.typing import NDArray

from leuko.bundle import ClassifierSpec, SegmenterSpec
from leuko.cells import CellClass, RGBImage
from leuko.sim import SimulatedSmear, SmearSpec, TrueCell
from leuko.vision.preprocess import background_colour, isolate, white_balance

_SEED = 7
_OUTLINED = 3
"""Cells among the outliner's inputs; the classifier gets all."""


def golden_inputs(
    segmenter: SegmenterSpec, classifier: ClassifierSpec
) -> dict[str, NDArray[np.uint8]]:
    """Return inputs of ``locator``, ``outliner`` and ``classifier``, ``(n, height, width, 3)``.

    The smear is as large as one tile and has one cell of every nucleated class on it.
    """
    width_um = segmenter.tile_width * segmenter.locate_um_per_px
    height_um = segmenter.tile_height * segmenter.locate_um_per_px
    smear = _smear(width_um, height_um)
    tile = smear.render(
        0,
        0,
        width_px=segmenter.tile_width,
        height_px=segmenter.tile_height,
        um_per_px=segmenter.locate_um_per_px,
    )
    background = background_colour(tile)
    windows = [
        white_balance(_view(smear, cell, segmenter.window, segmenter.outline_um_per_px), background)
        for cell in smear.cells[:_OUTLINED]
    ]
    crops = [_isolated(smear, cell, classifier, background) for cell in smear.cells]
    return {
        "locator": white_balance(tile, background)[None],
        "outliner": np.stack(windows),
        "classifier": np.stack(crops),
    }


def _smear(width_um: float, height_um: float) -> SimulatedSmear:
    classes = [one for one in CellClass if one is not CellClass.PLATELET_OR_ARTEFACT]
    spec = SmearSpec(
        seed=_SEED,
        width_um=width_um,
        height_um=height_um,
        leukocytes=len(classes),
        proportions=dict.fromkeys(classes, 1.0),
    )
    return SimulatedSmear(spec)


def _view(smear: SimulatedSmear, cell: TrueCell, size: int, um_per_px: float) -> RGBImage:
    x_um, y_um = _corner(cell, size, um_per_px)
    return smear.render(x_um, y_um, width_px=size, height_px=size, um_per_px=um_per_px)


def _isolated(
    smear: SimulatedSmear,
    cell: TrueCell,
    spec: ClassifierSpec,
    background: NDArray[np.float64],
) -> RGBImage:
    x_um, y_um = _corner(cell, spec.size, spec.um_per_px)
    labels = smear.leukocyte_mask(
        x_um, y_um, width_px=spec.size, height_px=spec.size, um_per_px=spec.um_per_px
    )
    view = white_balance(_view(smear, cell, spec.size, spec.um_per_px), background)
    return isolate(view, labels == smear.cells.index(cell) + 1, margin=spec.margin)


def _corner(cell: TrueCell, size: int, um_per_px: float) -> tuple[float, float]:
    half_um = size * um_per_px / 2
    return cell.x_um - half_um, cell.y_um - half_um
