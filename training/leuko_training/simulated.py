"""Cells of simulated smears, as one more laboratory for the classifier."""

from dataclasses import replace

import numpy as np

from leuko.cells import CellClass, Mask, RGBImage
from leuko.sim import SimulatedSmear, SmearSpec, TrueCell, laboratory
from leuko.vision.preprocess import background_colour, white_balance
from leuko_training.crops import Crop, crop_of
from leuko_training.dark_spots import dark_spot
from leuko_training.laboratories import tone_by_labels

DATASET = "simulated"
UM_PER_PX = 0.12
SLIDES = 24
"""That teach a classifier beside the real sets."""

TRAINING_SEEDS = range(1000, 1000 + SLIDES)
"""What teaches; `leuko demo` and the tests use smaller seeds, `leuko-train evaluate` larger."""

_VIEW_PX = 320


def simulated_crops(slides: int) -> list[Crop]:
    """Return the cells and artefacts of that many slides, each from a laboratory of its own."""
    crops: list[Crop] = []
    for seed in range(TRAINING_SEEDS.start, TRAINING_SEEDS.start + slides):
        crops += _crops_of_slide(seed)
    return crops


def _crops_of_slide(seed: int) -> list[Crop]:
    stain, optics = laboratory(seed)
    classes = [label for label in CellClass if label is not CellClass.PLATELET_OR_ARTEFACT]
    smear = SimulatedSmear(
        SmearSpec(
            seed=seed,
            width_um=400,
            height_um=300,
            leukocytes=2 * len(classes),
            proportions={label: 1 / len(classes) for label in classes},
            stain=stain,
            optics=optics,
        )
    )
    things = [*enumerate(smear.cells, start=1), *((0, thing) for thing in smear.artefacts[:4])]
    crops = [crop for number, thing in things if (crop := _crop(smear, thing, number))]
    tone = tone_by_labels(crops)
    return [replace(crop, tone=tone) for crop in crops]


def _crop(smear: SimulatedSmear, thing: TrueCell, number: int) -> Crop | None:
    view, mask = _view(smear, thing, number)
    return (
        crop_of(view, mask, um_per_px=UM_PER_PX, label=thing.cell_class, dataset=DATASET)
        if mask.any()
        else None
    )


def _view(smear: SimulatedSmear, thing: TrueCell, number: int) -> tuple[RGBImage, Mask]:
    half = _VIEW_PX * UM_PER_PX / 2
    x, y = thing.x_um - half, thing.y_um - half
    image = smear.render(x, y, width_px=_VIEW_PX, height_px=_VIEW_PX, um_per_px=UM_PER_PX)
    image = white_balance(image, background_colour(image))
    if number == 0:
        return image, dark_spot(image, _VIEW_PX / 2, _VIEW_PX / 2)
    labels = smear.leukocyte_mask(x, y, width_px=_VIEW_PX, height_px=_VIEW_PX, um_per_px=UM_PER_PX)
    return image, np.asarray(labels == number)
