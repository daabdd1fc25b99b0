"""Classifiers: the deep CNN as published, and one that starts from ImageNet features.

Both take ``(batch, size, size, 3)`` float32 in 0 to 1, RGB, one cell isolated by
`leuko.vision.preprocess.isolate`, and return class probabilities ``(batch, 8)`` in the order of
`leuko.cells.CellClass` and an embedding ``(batch, EMBEDDING)`` that calibration refits on.
"""

import keras
from keras import layers

from leuko.cells import CellClass
from leuko_training.efficientnet import lite_features, start_from_imagenet

EMBEDDING = 128
"""Length of the embedding."""


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

    Its normalisation statistics stay as ImageNet left them (`leuko_training.efficientnet`).

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
    features = lite_features(image, whole=whole)
    model = _with_outputs(image, features, "edge_classifier")
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D):
            layer.trainable = trains_depthwise
    if pretrained:
        start_from_imagenet(model)
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
