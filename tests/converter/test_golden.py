import numpy as np

from leuko.bundle import ClassifierSpec
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko_converter.assemble import SEGMENTER
from leuko_converter.golden import golden_inputs

CLASSIFIER = ClassifierSpec(
    model="classifier.tflite",
    um_per_px=0.16,
    size=128,
    margin=6,
    embedding=128,
    unclassified_below=0.6,
)


def test_golden_inputs_have_the_shapes_of_the_models() -> None:
    shapes = {name: images.shape for name, images in golden_inputs(SEGMENTER, CLASSIFIER).items()}
    assert shapes == {
        "locator": (1, SEGMENTER.tile_height, SEGMENTER.tile_width, 3),
        "outliner": (3, 128, 128, 3),
        "classifier": (7, 128, 128, 3),
    }


def test_golden_inputs_are_the_same_each_time() -> None:
    first, second = (golden_inputs(SEGMENTER, CLASSIFIER) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_golden_cell_is_isolated_in_the_middle_of_its_crop() -> None:
    for crop in golden_inputs(SEGMENTER, CLASSIFIER)["classifier"]:
        corners = (crop[:12, :12], crop[:12, -12:], crop[-12:, :12], crop[-12:, -12:])
        assert all((corner == BACKGROUND_LEVEL).all() for corner in corners)
        assert (crop[48:80, 48:80] < BACKGROUND_LEVEL - 30).any(axis=2).mean() > 0.8


def test_golden_views_of_the_field_have_a_white_background() -> None:
    inputs = golden_inputs(SEGMENTER, CLASSIFIER)
    tile = np.sort(inputs["locator"][0].reshape(-1, 3), axis=0)
    assert abs(np.median(tile[len(tile) // 2 :]) - BACKGROUND_LEVEL) < 15
