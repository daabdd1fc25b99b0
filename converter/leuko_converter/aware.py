"""Quantisation-aware training: a model is taught to give as int8 what it gives as float.

While it learns, weights and activations are rounded as TFLite rounds them; the gradient passes as
if they were not (straight-through estimator: Bengio, Léonard and Courville, arXiv 1308.3432; Jacob
et al., CVPR 2018). Its teacher is the float model itself, so images without labels are enough.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko_converter._quiet import quiet
from leuko_converter.errors import ConversionError
from leuko_training.images import as_real

_WEIGHT_LEVELS = 127
"""TFLite's int8 weights are symmetric and leave -128 out (ai.google.dev, quantization spec)."""
_STORED_LEVELS = 255
_BATCH = 8
_KEPT_AXES: Mapping[type[layers.Layer], tuple[int, ...]] = {
    layers.DepthwiseConv2D: (2, 3),
    layers.Conv2DTranspose: (2,),
    layers.Conv2D: (3,),
}
"""Axes of a kernel along which each channel has its own scale; a dense layer has one scale."""
_PASSING = (layers.Dropout,)
"""Layers that do nothing at inference."""
_FUSED = (layers.BatchNormalization, layers.ReLU, layers.Activation)
"""What TFLite computes together with the layer before it, whose output is never stored."""

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class AwareTraining:
    """How long and how fast a model learns.

    Attributes:
        epochs: how often it sees all images.
        learning_rate: of Adam at the start, from which it falls to nothing; small, for nothing
            new is to be learnt.
    """

    epochs: int = 20
    learning_rate: float = 2e-4


USUAL = AwareTraining()


def trained_aware(
    model: keras.Model, images: Sequence[RGBImage], *, training: AwareTraining = USUAL
) -> keras.Model:
    """Return a copy of a model that loses less when it becomes int8.

    It is the model itself, unchanged, if training did not bring its rounded outputs nearer.
    Statistics of batch normalisation stay as they are; equal inputs give equal weights.

    Args:
        model: functional, of layers that are no models themselves; takes
            ``(batch, height, width, 3)`` float32, 0 to 1.
        images: ``(height, width, 3)`` uint8 of the model's input size.
        training: how long and how fast.

    Raises:
        ConversionError: there is no image, or the model is not made of plain layers.
    """
    if not images:
        raise ConversionError("there is no image to train with; give a hundred or so")
    real = as_real(images)
    with quiet():
        taught = _copied(model)
        rounded = _rounded(taught, _ranges(taught, real))
        wanted = _outputs(model, real)
        weights = [1 / max(float(np.var(output)), 1e-6) for output in wanted]
        steps = training.epochs * -(-len(real) // _BATCH)
        falling = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
        rounded.compile(
            keras.optimizers.Adam(falling),
            loss=["mse"] * len(wanted),
            loss_weights=weights,
            jit_compile=False,
        )
        before = _loss(rounded, real, wanted, weights)
        # In a fixed order: the same images make the same bundle.
        rounded.fit(
            real, wanted, batch_size=_BATCH, epochs=training.epochs, shuffle=False, verbose=0
        )
        return taught if _loss(rounded, real, wanted, weights) < before else model


class _Rounded(layers.Layer):
    """A layer with its kernel and its output rounded as int8 holds them."""

    def __init__(self, layer: layers.Layer, output: Range | None) -> None:
        super().__init__(name=layer.name)
        self.layer = layer
        self.output_range = output
        self.built = True

    def call(self, inputs: Any, mask: object = None) -> Any:  # ruff: ignore[any-type] - no types
        del mask
        if isinstance(self.layer, _PASSING):
            return inputs
        kernel = getattr(self.layer, "kernel", None)
        trainable, fixed = (
            [_rounded_kernel(one, self.layer) if one is kernel else one.value for one in variables]
            for variables in (self.layer.trainable_variables, self.layer.non_trainable_variables)
        )
        is_norm = isinstance(self.layer, layers.BatchNormalization)
        outputs, _ = self.layer.stateless_call(
            trainable, fixed, inputs, **({"training": False} if is_norm else {})
        )
        return outputs if self.output_range is None else _stored(outputs, self.output_range)


def _rounded_kernel(kernel: Any, layer: layers.Layer) -> Any:  # ruff: ignore[any-type] - as above
    kept = next((axes for kind, axes in _KEPT_AXES.items() if isinstance(layer, kind)), ())
    value = ops.convert_to_tensor(kernel)
    others = [axis for axis in range(len(kernel.shape)) if axis not in kept]
    largest = ops.max(ops.abs(value), axis=others, keepdims=True)
    scale = ops.maximum(largest, 1e-12) / _WEIGHT_LEVELS
    return _straight_through(value, ops.round(value / scale) * scale)


def _stored(value: Any, around: Range) -> Any:  # ruff: ignore[any-type] - as above
    # Zero has a level of its own.
    low, high = min(around[0], 0.0), max(around[1], 0.0)
    scale = max(high - low, 1e-12) / _STORED_LEVELS
    zero = round(-low / scale)
    level = ops.clip(ops.round(value / scale) + zero, 0, _STORED_LEVELS)
    return _straight_through(ops.clip(value, low, high), (level - zero) * scale)


def _straight_through(value: Any, rounded: Any) -> Any:  # ruff: ignore[any-type] - as above
    return value + ops.stop_gradient(rounded - value)


def _copied(model: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def _rounded(model: keras.Model, ranges: Mapping[str, Range]) -> keras.Model:
    def wrapped(layer: layers.Layer) -> layers.Layer:
        if isinstance(layer, layers.InputLayer):
            return layer.__class__.from_config(layer.get_config())
        return _Rounded(layer, ranges.get(layer.name))

    return keras.models.clone_model(model, clone_function=wrapped)


def _ranges(model: keras.Model, real: NDArray[np.float32]) -> Mapping[str, Range]:
    """Return the least and the largest value of every output that TFLite stores."""
    names = list(_stored_layers(model))
    watched = keras.Model(model.input, [model.get_layer(name).output for name in names])
    lows = np.full(len(names), np.inf)
    highs = -lows
    for start in range(0, len(real), _BATCH):
        found = watched(real[start : start + _BATCH], training=False)
        arrays = [ops.convert_to_numpy(one) for one in keras.tree.flatten(found)]
        lows = np.minimum(lows, [array.min() for array in arrays])
        highs = np.maximum(highs, [array.max() for array in arrays])
    return {
        name: (float(low), float(high)) for name, low, high in zip(names, lows, highs, strict=True)
    }


def _stored_layers(model: keras.Model) -> Iterator[str]:
    followers: dict[str, list[layers.Layer]] = {layer.name: [] for layer in model.layers}
    for described in model.get_config()["layers"]:
        for before in _named_before(described["inbound_nodes"]):
            followers[before].append(model.get_layer(described["name"]))
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            raise ConversionError(
                f"{model.name} has the model {layer.name} in it, which cannot be trained as int8; "
                "give one of plain layers"
            )
        after = followers[layer.name]
        is_fused = bool(after) and all(isinstance(one, _FUSED) for one in after)
        if not (is_fused or isinstance(layer, (layers.InputLayer, *_PASSING))):
            yield layer.name


def _named_before(node: object) -> Iterator[str]:
    """Yield the names of the layers that a layer's description takes its inputs from."""
    if isinstance(node, dict):
        if "keras_history" in node:
            yield node["keras_history"][0]
        for value in node.values():
            yield from _named_before(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _named_before(value)


def _outputs(model: keras.Model, real: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    batches = [
        keras.tree.flatten(model(real[start : start + _BATCH], training=False))
        for start in range(0, len(real), _BATCH)
    ]
    return [
        np.concatenate([ops.convert_to_numpy(part) for part in parts])
        for parts in zip(*batches, strict=True)
    ]


def _loss(
    rounded: keras.Model,
    real: NDArray[np.float32],
    wanted: Sequence[NDArray[np.float32]],
    weights: Sequence[float],
) -> float:
    found = _outputs(rounded, real)
    return sum(
        weight * float(np.mean((one - other) ** 2))
        for weight, one, other in zip(weights, found, wanted, strict=True)
    )
