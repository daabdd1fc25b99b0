"""Segmenters: the U-Net as published, and one made for the edge that starts from ImageNet features.

Both take ``(batch, height, width, 3)`` float32 in 0 to 1, RGB, and return
``(batch, height, width, 1)``, the probability that a pixel belongs to a leukocyte.
"""

from collections.abc import Sequence

import keras
from keras import layers

from leuko_training.efficientnet import lite_stages, start_from_imagenet

PAPER_FILTERS = (32, 64, 128, 256, 512)
_EDGE_FILTERS = (96, 64, 32, 16)


def paper_unet(height: int, width: int, *, filters: Sequence[int] = PAPER_FILTERS) -> keras.Model:
    """Return the U-Net of the SigTuple segmentation report, for colour images.

    Source: "White Blood Cells Segmentation" (capstone report on the SigTuple data), section
    "Benchmark Model". As written there, save that it sees colour and that the up-sampling is a
    transposed convolution, which its call with filters and strides describes and its name does
    not.
    """
    image = tensor = keras.Input((height, width, 3))
    skips = []
    for count in filters[:-1]:
        tensor = _plain_pair(tensor, count)
        skips.append(tensor)
        tensor = layers.MaxPooling2D(2)(tensor)
    tensor = _plain_pair(tensor, filters[-1])
    for count, skip in zip(reversed(filters[:-1]), reversed(skips), strict=True):
        tensor = layers.Conv2DTranspose(count, 2, strides=2, padding="same")(tensor)
        tensor = _plain_pair(layers.Concatenate()([tensor, skip]), count)
    tensor = layers.Dropout(0.25)(tensor)
    return keras.Model(image, _probability(tensor), name="paper_unet")


def edge_unet(height: int, width: int, *, pretrained: bool = True) -> keras.Model:
    """Return a U-Net on the first eleven blocks of EfficientNet-Lite0.

    ImageNet's features find leukocytes of laboratories that nothing was learnt from
    (docs/decisions/0012-outlines-from-imagenet-features.md). They begin at half of the image's
    size: one convolution at its full size draws the rim. On the way up, channels are reduced
    before up-sampling rather than after, one convolution follows, and up-sampling is bilinear,
    which the Edge TPU maps. Batch normalisation folds into the convolutions when the model is
    converted.

    Args:
        height: of the input, a multiple of 16.
        width: of the input, a multiple of 16.
        pretrained: start from ImageNet weights; else from random ones.

    Raises:
        DatasetError: pretrained, and the package with the weights is not installed.
    """
    image = keras.Input((height, width, 3))
    half, quarter, eighth, _, tensor = lite_stages(image)
    skips = (eighth, quarter, half, _normalised(image, _EDGE_FILTERS[-1]))
    for count, skip in zip(_EDGE_FILTERS, skips, strict=True):
        tensor = layers.Conv2D(count, 1)(tensor)
        tensor = layers.UpSampling2D(2, interpolation="bilinear")(tensor)
        tensor = _normalised(layers.Concatenate()([tensor, skip]), count)
    model = keras.Model(image, _probability(tensor), name="edge_unet")
    if pretrained:
        start_from_imagenet(model)
    return model


def _plain_pair(tensor: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    for _ in range(2):
        tensor = layers.Conv2D(filters, 3, padding="same", activation="relu")(tensor)
    return tensor


def _normalised(tensor: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    tensor = layers.Conv2D(filters, 3, padding="same", use_bias=False)(tensor)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.98)(tensor))


def _probability(tensor: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Conv2D(1, 1, activation="sigmoid", name="probability")(tensor)
