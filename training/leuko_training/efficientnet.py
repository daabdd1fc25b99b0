"""EfficientNet-Lite0 with ImageNet's weights: what both edge networks start from.

A few thousand cells from a handful of laboratories are too few to learn features that hold in
the next one. The network was made for int8 and the Edge TPU: ReLU6, no squeeze-and-excitation.
Its normalisation statistics stay as ImageNet left them: batch statistics of a few laboratories
do not transfer to the next one.
"""

import keras
import numpy as np
from keras import layers

from leuko_training.pretrained import imagenet_weights

_STEM_FILTERS = 32
# (kernel, stride of the first, filters, repeats); expansion is 6 save in the first stage.
# Source: EfficientNet-Lite0, github.com/tensorflow/tpu, models/official/efficientnet/lite.
_STAGES = ((3, 1, 16, 1), (3, 2, 24, 2), (5, 2, 40, 2), (3, 2, 80, 3), (5, 1, 112, 3))
_LAST_STAGES = ((5, 2, 192, 4), (3, 1, 320, 1))
_NEXT_EXPANSION = "_blocks.11._expand_conv"
_NEXT_FILTERS = 672
_HEAD_FILTERS = 1280


def lite_stages(image: keras.KerasTensor) -> tuple[keras.KerasTensor, ...]:
    """Return what the first five stages, eleven blocks in all, make of images.

    Args:
        image: ``(batch, height, width, 3)``, RGB in 0 to 1; sides are multiples of 16.

    Returns:
        16 channels at a half of the image's size, 24 at a quarter, 40 at an eighth, then 80 and
        112 at a sixteenth.
    """
    tensor = layers.Rescaling(255 / 128, offset=-127 / 128)(image)
    tensor = _normalised(_convolution(_STEM_FILTERS, 3, 2, "_conv_stem")(tensor), "_bn0")
    return _staged(tensor, _STAGES, index=0, channels=_STEM_FILTERS)


def lite_features(image: keras.KerasTensor, *, whole: bool = False) -> keras.KerasTensor:
    """Return ``(batch, height / 16, width / 16, 672)`` features of images.

    Args:
        image: as `lite_stages` takes it.
        whole: take all sixteen blocks and the head that was trained on them: 1280 features at
            a thirty-second of the size.
    """
    tensor = lite_stages(image)[-1]
    if whole:
        *_, tensor = _staged(tensor, _LAST_STAGES, index=11, channels=_STAGES[-1][2])
        return _normalised(_convolution(_HEAD_FILTERS, 1, 1, "_conv_head")(tensor), "_bn1")
    # The next block's expansion gives 672 features where the last one alone has 112.
    return _normalised(
        _convolution(_NEXT_FILTERS, 1, 1, _NEXT_EXPANSION)(tensor), "_blocks.11._bn0"
    )


def start_from_imagenet(model: keras.Model) -> None:
    """Give the layers of EfficientNet-Lite0 in a model the weights that ImageNet taught them.

    Raises:
        DatasetError: the package with the weights is not installed.
    """
    state = imagenet_weights()
    named = {layer.name: layer for layer in model.layers}
    for stem in {name.rsplit(".", 1)[0] for name in state}:
        layer = named.get(_own(stem))
        if layer is None:
            continue
        if isinstance(layer, layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([np.asarray(state[f"{stem}.{part}"]) for part in parts])
        else:
            axes = (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0)
            layer.set_weights([np.asarray(state[f"{stem}.weight"]).transpose(axes)])


def _staged(
    tensor: keras.KerasTensor,
    stages: tuple[tuple[int, int, int, int], ...],
    *,
    index: int,
    channels: int,
) -> tuple[keras.KerasTensor, ...]:
    made = []
    for kernel, stride, filters, repeats in stages:
        for repeat in range(repeats):
            step = stride if repeat == 0 else 1
            tensor = _inverted_residual(tensor, index, channels, (kernel, step, filters))
            index, channels = index + 1, filters
        made.append(tensor)
    return tuple(made)


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
