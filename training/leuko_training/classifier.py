"""Classifiers: the deep CNN as published, and one that starts from ImageNet features.

Both take ``(batch, size, size, 3)`` float32 in 0 to 1, RGB, one cell isolated by
`leuko.vision.preprocess.isolate`, and return class probabilities ``(batch, 8)`` in the order of
`leuko.cells.CellClass` and an embedding ``(batch, EMBEDDING)`` that calibration refits on.
"""

import keras
import numpy as np
from keras import layers

from leuko.cells import CellClass
from leuko_training.pretrained import State, imagenet_weights

EMBEDDING = 128
"""Length of the embedding."""

_STEM_FILTERS = 32
# (kernel, stride of the first, filters, repeats); expansion is 6 save in the first stage.
# Source: EfficientNet-Lite0, github.com/tensorflow/tpu, models/official/efficientnet/lite.
_STAGES = ((3, 1, 16, 1), (3, 2, 24, 2), (5, 2, 40, 2), (3, 2, 80, 3), (5, 1, 112, 3))
_LAST_STAGES = ((5, 2, 192, 4), (3, 1, 320, 1))
_HEAD_EXPANSION = "_blocks.11._expand_conv"
"""The next block's expansion gives 672 features where the last one alone has 112."""
_HEAD_FILTERS = 672
_LAST_HEAD_FILTERS = 1280


def paper_cnn(size: int) -> keras.Model:
    """Return the deep CNN of the Otsu-mask paper, widened to our classes.

    Source: "Deep CNN with Otsu masks" (papers/otsu-masks-and-deep-cnn): four blocks of three,
    three, two and three 3x3 convolutions, batch normalisation after the first two of each,
    global average pooling, two dense layers. The paper gives the filters of a block in total
    (32, 64 and 128; none for the fourth) and 134,853 parameters; how they are split over the
    convolutions is our choice and comes within a tenth of that.
    """
    image = keras.Input((size, size, 3))
    tensor = _paper_block(image, (8, 12, 12), dropout=True, pool=True)
    tensor = _paper_block(tensor, (16, 24, 24), dropout=True, pool=True)
    tensor = _paper_block(tensor, (64, 64), dropout=False, pool=True)
    tensor = _paper_block(tensor, (64, 24, 24), dropout=True, pool=False)
    return _with_outputs(image, tensor, "paper_cnn")


def edge_classifier(
    size: int, *, pretrained: bool = True, whole: bool = False, trains_depthwise: bool = True
) -> keras.Model:
    """Return the first eleven blocks of EfficientNet-Lite0 under two dense layers.

    Its normalisation statistics stay as ImageNet left them: batch statistics of a few
    laboratories do not transfer to the next one.

    Args:
        size: side length of the input, a multiple of 16.
        pretrained: start from ImageNet weights; else from random ones.
        whole: take all sixteen blocks and the head that was trained on them.
        trains_depthwise: let the depthwise convolutions leave their ImageNet weights; without,
            a step takes a third less time on a CPU.

    Raises:
        DatasetError: pretrained, and the package with the weights is not installed.
    """
    image = keras.Input((size, size, 3))
    tensor = layers.Rescaling(255 / 128, offset=-127 / 128)(image)
    tensor = _normalised(_convolution(_STEM_FILTERS, 3, 2, "_conv_stem")(tensor), "_bn0")
    index, channels = 0, _STEM_FILTERS
    for kernel, stride, filters, repeats in (*_STAGES, *(_LAST_STAGES if whole else ())):
        for repeat in range(repeats):
            step = stride if repeat == 0 else 1
            tensor = _inverted_residual(tensor, index, channels, (kernel, step, filters))
            index, channels = index + 1, filters
    if whole:
        tensor = _normalised(_convolution(_LAST_HEAD_FILTERS, 1, 1, "_conv_head")(tensor), "_bn1")
    else:
        expanded = _convolution(_HEAD_FILTERS, 1, 1, _HEAD_EXPANSION)(tensor)
        tensor = _normalised(expanded, "_blocks.11._bn0")
    model = _with_outputs(image, tensor, "edge_classifier")
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D):
            layer.trainable = trains_depthwise
    if pretrained:
        _copy_weights(model, imagenet_weights())
    return model


def _with_outputs(image: keras.KerasTensor, features: keras.KerasTensor, name: str) -> keras.Model:
    pooled = layers.GlobalAveragePooling2D()(features)
    pooled = layers.Dropout(0.2)(pooled)
    embedding = layers.Dense(EMBEDDING, activation="relu6", name="embedding")(pooled)
    kept = layers.Dropout(0.2)(embedding)
    probabilities = layers.Dense(len(CellClass), activation="softmax", name="probabilities")(kept)
    return keras.Model(image, [probabilities, embedding], name=name)


def _paper_block(
    tensor: keras.KerasTensor, filters: tuple[int, ...], *, dropout: bool, pool: bool
) -> keras.KerasTensor:
    for position, count in enumerate(filters):
        tensor = layers.Conv2D(count, 3, padding="same")(tensor)
        if position < 2:
            tensor = layers.BatchNormalization()(tensor)
        tensor = layers.ReLU()(tensor)
    if pool:
        tensor = layers.MaxPooling2D(2)(tensor)
    return layers.Dropout(0.2)(tensor) if dropout else tensor


def _convolution(filters: int, kernel: int, stride: int, name: str) -> layers.Conv2D:
    return layers.Conv2D(
        filters, kernel, strides=stride, padding="same", use_bias=False, name=_own(name)
    )


def _own(name: str) -> str:
    # Keras refuses dots in the names of layers.
    return name.strip("_").replace("._", "_").replace(".", "_")


def _frozen_norm(tensor: keras.KerasTensor, name: str) -> keras.KerasTensor:
    norm = layers.BatchNormalization(epsilon=1e-3, name=_own(name))
    norm.trainable = False
    return norm(tensor)


def _normalised(tensor: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.ReLU(6.0)(_frozen_norm(tensor, name))


def _inverted_residual(
    tensor: keras.KerasTensor, index: int, channels: int, shape: tuple[int, int, int]
) -> keras.KerasTensor:
    kernel, stride, filters = shape
    block, entering = f"_blocks.{index}.", tensor
    if index > 0:
        tensor = _convolution(6 * channels, 1, 1, block + "_expand_conv")(tensor)
        tensor = _normalised(tensor, block + "_bn0")
    depthwise = layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        name=_own(block + "_depthwise_conv"),
    )
    tensor = _normalised(depthwise(tensor), block + "_bn1")
    tensor = _convolution(filters, 1, 1, block + "_project_conv")(tensor)
    tensor = _frozen_norm(tensor, block + "_bn2")
    if stride == 1 and channels == filters:
        tensor = layers.Add()([entering, tensor])
    return tensor


def _copy_weights(model: keras.Model, state: State) -> None:
    stems = {name.rsplit(".", 1)[0] for name in state}
    for stem in stems:
        layer = next((layer for layer in model.layers if layer.name == _own(stem)), None)
        if layer is None:
            continue
        if isinstance(layer, layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([np.asarray(state[f"{stem}.{part}"]) for part in parts])
        else:
            axes = (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0)
            layer.set_weights([np.asarray(state[f"{stem}.weight"]).transpose(axes)])
