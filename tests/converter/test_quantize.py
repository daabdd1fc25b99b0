import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from leuko.cells import RGBImage
from leuko.inference import LiteRTEngine
from leuko_converter.errors import ConversionError
from leuko_converter.flatbuffer import input_quantisation, operators
from leuko_converter.quantize import quantize, with_input_size
from leuko_converter.representative import LabelledViews
from leuko_training.unet import paper_unet


def noise(size: int, count: int = 2) -> list[RGBImage]:
    rng = np.random.default_rng(0)
    return [rng.integers(10, 240, (size, size, 3), dtype=np.uint8) for _ in range(count)]


def scales_of_weights(tflite: bytes, operator: str) -> list[int]:
    """How many scales the weights of each operator of a kind have."""
    graph = schema.Model.GetRootAs(tflite).Subgraphs(0)
    return [
        graph.Tensors(graph.Operators(index).Inputs(1)).Quantization().ScaleLength()
        for index, name in enumerate(operators(tflite))
        if name == operator
    ]


def test_a_converted_model_takes_and_gives_uint8_in_a_batch_of_one(
    segmenter_int8: bytes, classifier_int8: bytes
) -> None:
    engine = LiteRTEngine()  # refuses anything but uint8
    assert engine.load(segmenter_int8).input_shape == (1, 32, 32, 3)
    assert engine.load(segmenter_int8).output_shapes == ((1, 32, 32, 1),)
    assert set(engine.load(classifier_int8).output_shapes) == {(1, 8), (1, 16)}


def test_no_shape_is_left_open(segmenter_int8: bytes) -> None:
    graph = schema.Model.GetRootAs(segmenter_int8).Subgraphs(0)
    tensors = [graph.Tensors(index) for index in range(graph.TensorsLength())]
    assert all(np.all(tensor.ShapeSignatureAsNumpy() >= 0) for tensor in tensors)


def test_a_pixel_is_its_own_stored_value_although_no_image_spans_the_range(
    segmenter_int8: bytes, classifier_int8: bytes
) -> None:
    for tflite in (segmenter_int8, classifier_int8):
        assert input_quantisation(tflite).zero_point == 0
        assert input_quantisation(tflite).scale == pytest.approx(1 / 255, rel=1e-6)


def test_even_one_plain_grey_image_is_enough_for_the_range_of_the_input() -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Conv2D(1, 1, activation="sigmoid")(image))
    tflite = quantize(model, [np.full((8, 8, 3), 128, np.uint8)])
    assert input_quantisation(tflite).scale == pytest.approx(1 / 255, rel=1e-6)


def test_batch_normalisation_folds_into_the_convolutions(segmenter_int8: bytes) -> None:
    assert sorted(set(operators(segmenter_int8))) == [
        "CONCATENATION",
        "CONV_2D",
        "LOGISTIC",
        "MAX_POOL_2D",
        "QUANTIZE",
        "RESIZE_BILINEAR",
    ]


def test_dense_weights_have_one_scale_and_convolutions_one_a_channel(
    classifier_int8: bytes,
) -> None:
    assert scales_of_weights(classifier_int8, "FULLY_CONNECTED") == [1, 1]
    assert scales_of_weights(classifier_int8, "CONV_2D") == [8, 16]


def test_dense_weights_get_one_scale_a_channel_where_that_is_wanted(
    classifier: keras.Model, coloured_discs: LabelledViews
) -> None:
    tflite = quantize(classifier, coloured_discs.images, per_tensor_dense=False)
    assert scales_of_weights(tflite, "FULLY_CONNECTED") == [16, 8]


def test_the_same_model_and_images_give_the_same_bytes(
    segmenter: keras.Model, purple_discs: LabelledViews
) -> None:
    first = quantize(segmenter, purple_discs.images)
    assert quantize(segmenter, iter(purple_discs.images)) == first


def test_conversion_prints_nothing(
    segmenter: keras.Model, purple_discs: LabelledViews, capfd: pytest.CaptureFixture[str]
) -> None:
    quantize(segmenter, purple_discs.images[:2])
    assert capfd.readouterr() == ("", "")


def test_a_segmenter_works_at_another_input_size_with_the_same_weights(
    segmenter: keras.Model, purple_discs: LabelledViews
) -> None:
    wide = with_input_size(segmenter, 32, 64)
    image = purple_discs.images[0][None].astype(np.float32) / 255
    both = np.asarray(wide(np.concatenate([image, image[:, :, ::-1]], axis=2)))
    assert wide.output_shape == (None, 32, 64, 1)
    # Away from the seam and the border the wider view changes nothing.
    alone = np.asarray(segmenter(image))
    assert both[0, 8:24, 8:20] == pytest.approx(alone[0, 8:24, 8:20], abs=1e-5)


def test_a_size_that_a_segmenter_cannot_halve_and_double_is_refused(
    segmenter: keras.Model,
) -> None:
    with pytest.raises(ConversionError, match=r"does not work at 33x32 .*multiples of 16"):
        with_input_size(segmenter, 33, 32)


def test_the_published_segmenter_works_at_another_input_size() -> None:
    published = paper_unet(32, 32, filters=(2, 3, 4, 5, 6))
    assert with_input_size(published, 32, 64).output_shape == (None, 32, 64, 1)


def test_a_classifier_is_no_segmenter_of_another_size(classifier: keras.Model) -> None:
    with pytest.raises(ConversionError, match="not a map of the image; give a segmenter"):
        with_input_size(classifier, 64, 64)


def test_a_conversion_without_images_is_refused(segmenter: keras.Model) -> None:
    with pytest.raises(ConversionError, match="no representative image"):
        quantize(segmenter, [])


def test_representative_images_of_another_size_are_refused(segmenter: keras.Model) -> None:
    with pytest.raises(ConversionError, match=r"is \(16, 16, 3\) uint8, the model takes \(32"):
        quantize(segmenter, noise(16))


def test_a_model_of_no_fixed_size_is_refused() -> None:
    image = keras.Input((None, None, 3))
    with pytest.raises(ConversionError, match="fixed size"):
        quantize(keras.Model(image, keras.layers.Conv2D(1, 1)(image)), noise(32))


def test_what_is_no_tflite_model_is_refused() -> None:
    for content in (b"", b"no model", bytes(64)):
        with pytest.raises(ConversionError, match="no TFLite model"):
            operators(content)
