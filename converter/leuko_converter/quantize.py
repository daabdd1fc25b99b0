"""Post-training quantisation of a Keras model to full int8, uint8 in and out."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko_converter._quiet import quiet
from leuko_converter.errors import ConversionError, first_line
from leuko_converter.flatbuffer import input_quantisation
from leuko_training.images import as_real

INPUT_SCALE = 1 / 255
"""Real value of one step of the uint8 input; its zero point is 0."""


def quantize(
    model: keras.Model, representative: Iterable[RGBImage], *, per_tensor_dense: bool = True
) -> bytes:
    """Return the model as a full-int8 TFLite flatbuffer with uint8 input and outputs.

    The batch is 1 and every shape static, as accelerators want it. Where the images do not
    reach both 0 and 255, the first is shown once more with its contrast stretched until they
    do: else the input's step would not be 1/255 and a pixel no longer its own stored value.

    Args:
        model: takes ``(batch, height, width, 3)`` float32, 0 to 1.
        representative: ``(height, width, 3)`` uint8 images of the model's input size, which
            the range of every activation is taken from.
        per_tensor_dense: one scale for all weights of a dense layer, which older consumers
            such as the Edge TPU compiler need; convolutions have one a channel either way.

    Raises:
        ConversionError: no image, one of another size, or TensorFlow cannot convert the model.
    """
    height, width = input_size(model)
    images = _spanning(list(representative), (height, width, 3))
    with tempfile.TemporaryDirectory() as folder, quiet():
        _export(model, (1, height, width, 3), folder)
        tflite = _converted(folder, images, per_tensor_dense=per_tensor_dense)
    _check_input(tflite)
    return tflite


def with_input_size(trained: keras.Model, height: int, width: int) -> keras.Model:
    """Return a segmenter for another input size, with the same weights.

    Raises:
        ConversionError: its layers do not fit together at that size, or it gives no map of it.
    """
    try:
        model = keras.models.clone_model(trained, keras.Input((height, width, 3)))
    except ValueError as error:
        raise ConversionError(
            f"{trained.name} does not work at {height}x{width} ({first_line(error)}); "
            "give a segmenter, and sides that are multiples of 16"
        ) from error
    if model.output_shape != (None, height, width, 1):
        raise ConversionError(
            f"{trained.name} gives {model.output_shape}, not a map of the image; give a segmenter"
        )
    model.set_weights(trained.get_weights())
    return model


def input_size(model: keras.Model) -> tuple[int, int]:
    """Return height and width of a model's input.

    Raises:
        ConversionError: the model does not take one colour image of a fixed size.
    """
    shape = model.input_shape
    if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:] or shape[3] != 3:
        raise ConversionError(
            f"{model.name} takes {shape}, not (batch, height, width, 3) with a fixed size; "
            "build it for one image of a known size"
        )
    return int(shape[1]), int(shape[2])


def _export(model: keras.Model, shape: tuple[int, ...], folder: str) -> None:
    import tensorflow as tf

    # Keras' own export of a model leaves the batch open, whatever its input says.
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        lambda image: model(image, training=False),
        input_signature=[tf.TensorSpec(shape, tf.float32, name="image")],
    )
    archive.write_out(folder, verbose=False)


def _converted(saved_model: str, images: Sequence[RGBImage], *, per_tensor_dense: bool) -> bytes:
    import tensorflow as tf

    converter: Any = tf.lite.TFLiteConverter.from_saved_model(saved_model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _as_real(images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    # TensorFlow has no public name for it yet.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = (  # ruff: ignore[private-member-access]
        per_tensor_dense
    )
    try:
        return bytes(converter.convert())
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        raise ConversionError(
            f"TensorFlow cannot make the model int8: {first_line(error)}; "
            "use layers that TFLite has in int8"
        ) from error


def _as_real(images: Iterable[RGBImage]) -> Iterator[list[NDArray[np.float32]]]:
    for image in images:
        yield [as_real([image])]


def _spanning(images: list[RGBImage], shape: tuple[int, int, int]) -> list[RGBImage]:
    if not images:
        raise ConversionError("there is no representative image; give a hundred or so")
    for image in images:
        if image.shape != shape or image.dtype != np.uint8:
            raise ConversionError(
                f"a representative image is {image.shape} {image.dtype}, the model takes "
                f"{shape} uint8; cut views of that size"
            )
    if min(image.min() for image in images) == 0 and max(image.max() for image in images) == 255:
        return images
    return [*images, _stretched(images[0])]


def _stretched(image: RGBImage) -> RGBImage:
    low, high = int(image.min()), int(image.max())
    if low == high:
        ramp = np.linspace(0, 255, image.shape[1]).astype(np.uint8)
        return np.broadcast_to(ramp[None, :, None], image.shape)
    levels = np.rint((image.astype(np.float32) - low) * (255 / (high - low)))
    return np.asarray(levels, np.uint8)


def _check_input(tflite: bytes) -> None:
    quantisation = input_quantisation(tflite)
    if quantisation.zero_point != 0 or abs(quantisation.scale / INPUT_SCALE - 1) > 1e-4:
        raise ConversionError(
            f"the input came out as {quantisation.scale:.6f} x (stored - "
            f"{quantisation.zero_point}), not stored / 255; give images that span 0 to 255"
        )
