from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from leuko.inference import LiteRTEngine
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko_converter.backend_parity import Figures
from leuko_converter.errors import ConversionError
from leuko_converter.parity import (
    ClassifierParity,
    SegmenterParity,
    classifier_table,
    compare_classifier,
    compare_segmenter,
    segmenter_table,
)
from leuko_converter.report import goal_table
from leuko_converter.representative import LabelledViews, central_tiles
from leuko_training.datasets import LabelledImage

PURPLE = (120, 60, 140)


def test_a_segmenter_finds_the_same_as_int8(
    segmenter: keras.Model, segmenter_int8: bytes, purple_discs: LabelledViews
) -> None:
    parity = compare_segmenter(
        segmenter, segmenter_int8, purple_discs.images, purple_discs.masks, engine=LiteRTEngine()
    )
    assert parity.views == 32
    assert parity.dice_float > 0.95
    assert parity.dice_int8 == pytest.approx(parity.dice_float, abs=0.01)
    assert 0 < parity.mean_difference < 0.01
    assert parity.mean_difference < parity.largest_difference < 0.3


def test_a_classifier_gives_the_same_names_as_int8(
    classifier: keras.Model, classifier_int8: bytes, coloured_discs: LabelledViews
) -> None:
    parity = compare_classifier(
        classifier,
        classifier_int8,
        coloured_discs.images,
        coloured_discs.labels,
        engine=LiteRTEngine(),
    )
    assert parity.cells == 64
    assert parity.accuracy_float > 0.95
    assert parity.accuracy_int8 > 0.95
    assert parity.agreement > 0.95
    assert 0 < parity.largest_difference < 0.3


def test_nothing_found_where_nothing_is_counts_as_perfect(
    segmenter: keras.Model, segmenter_int8: bytes
) -> None:
    blank = [np.full((32, 32, 3), 235, np.uint8)]
    parity = compare_segmenter(
        segmenter, segmenter_int8, blank, [np.zeros((32, 32), np.bool_)], engine=LiteRTEngine()
    )
    assert (parity.dice_float, parity.dice_int8) == (1.0, 1.0)


def test_images_without_truth_are_refused(
    segmenter: keras.Model, segmenter_int8: bytes, purple_discs: LabelledViews
) -> None:
    for images in (purple_discs.images, ()):
        with pytest.raises(ConversionError, match="give one for each"):
            compare_segmenter(segmenter, segmenter_int8, images, (), engine=LiteRTEngine())


def test_a_segmenter_is_refused_where_a_classifier_is_wanted(
    segmenter: keras.Model, segmenter_int8: bytes, coloured_discs: LabelledViews
) -> None:
    with pytest.raises(ConversionError, match="give a classifier"):
        compare_classifier(
            segmenter,
            segmenter_int8,
            coloured_discs.images[:2],
            coloured_discs.labels[:2],
            engine=LiteRTEngine(),
        )


def test_the_tables_show_the_loss_of_every_set() -> None:
    masks = {"bccd": SegmenterParity(32, 0.9512, 0.9498, 0.00213, 0.1875)}
    names = {"pbc": ClassifierParity(96, 0.9792, 0.9688, 0.9896, 0.0812)}
    assert segmenter_table(masks) == (
        "| set | views | Dice float | Dice int8 | loss | mean diff. | largest diff. |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| bccd | 32 | 0.9512 | 0.9498 | +0.0014 | 0.0021 | 0.188 |\n"
    )
    assert classifier_table(names) == (
        "| set | cells | accuracy float | accuracy int8 | loss | same name | largest diff. |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| pbc | 96 | 97.9% | 96.9% | +1.04 | 99.0% | 0.081 |\n"
    )


def test_the_worst_loss_is_set_beside_what_may_be_lost() -> None:
    tiles = {"sigtuple": SegmenterParity(21, 0.93, 0.92, 0.002, 0.2)}
    masks = {
        "bccd": SegmenterParity(70, 0.9512, 0.9498, 0.00213, 0.1875),
        "krd-wbc": SegmenterParity(90, 0.94, 0.9375, 0.00213, 0.1875),
    }
    names = {
        "pbc": ClassifierParity(990, 0.98, 0.98, 1.0, 0.0812),
        "raabin": ClassifierParity(100, 0.98, 0.99, 1.0, 0.0812),
        "bccd": ClassifierParity(10, 0.9, 0.8, 0.9, 0.2),
    }
    assert goal_table(Figures(tiles, masks, names)) == (
        "| lost by quantisation | target | measured |  |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| Dice of the locator, worst set (sigtuple) | ≤ 0.005 | +0.0100 | **short** |\n"
        "| Dice of the outliner, worst set (krd-wbc) | ≤ 0.005 | +0.0025 | pass |\n"
        "| accuracy, all 1100 cells | ≤ 0.5 points | +0.00 | pass |\n"
        "| accuracy, worst set (bccd, 10 cells) | ≤ 0.5 points | +10.00 | **short** |\n"
    )


def test_the_locator_sees_the_tile_around_the_largest_leukocyte(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:400, :600]
    mask = (rows - 100) ** 2 + (columns - 450) ** 2 < 60**2
    mask |= (rows - 300) ** 2 + (columns - 80) ** 2 < 20**2
    picture = np.where(mask[..., None], PURPLE, 235).astype(np.uint8)
    for name, pixels in (("image", picture), ("mask", mask * np.uint8(255))):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    places = tmp_path / "image.png", tmp_path / "mask.png"
    item = LabelledImage("bccd", *places, label=None, group="1", fold="0", um_per_px=0.1)
    views = central_tiles([item, replace(item, mask=None)], height=48, width=96)
    ((tile,), (seen,)) = views.images, views.masks
    assert tile.shape == (48, 96, 3)
    # At 0.5 µm a pixel the larger disc has a radius of 12 pixels; the field ends 30 beside it.
    assert seen.sum() == pytest.approx(np.pi * 12**2, rel=0.05)
    assert np.argwhere(seen).mean(0) == pytest.approx([24, 48], abs=1)
    assert np.median(tile[seen], axis=0) == pytest.approx(PURPLE, abs=2)
    assert np.all(tile[:, -10:] == BACKGROUND_LEVEL)
