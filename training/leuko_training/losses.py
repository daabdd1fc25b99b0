"""Losses and metrics in Keras' own operations, the same on every backend."""

import keras
from keras import ops

_SMOOTHING = 1.0
_SMALLEST = 1e-30
"""No larger: a class that is all but ruled out must still be learnt, as from logits."""


@keras.saving.register_keras_serializable(package="leuko")  # type: ignore[untyped-decorator]
def cross_entropy_and_dice(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> object:
    """Return pixel-wise cross-entropy plus soft Dice loss, a scalar for the batch.

    Cross-entropy keeps probabilities honest; the Dice term (Milletari et al., 3DV 2016) keeps
    small cells from drowning in background.
    """
    entropy = ops.mean(keras.losses.binary_crossentropy(truth, predicted))
    shared = ops.sum(truth * predicted)
    total = ops.sum(truth) + ops.sum(predicted)
    return entropy + 1 - (2 * shared + _SMOOTHING) / (total + _SMOOTHING)


@keras.saving.register_keras_serializable(package="leuko")  # type: ignore[untyped-decorator]
def cross_entropy_beside_shares(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> object:
    """Return cross-entropy of each answer beside how common the classes are, ``(batch,)``.

    The answer is multiplied by what is drawn of each class of the cell's data set, or slide, before
    it is judged: what that alone tells of the class is known without looking, so nothing is learnt
    from it, and the answer itself says how likely the classes are where all are drawn alike.
    Source: logit adjustment (Menon et al., ICLR 2021), with one prior a set or slide.

    Args:
        truth: ``(batch, 2, classes)``; how true each class is, and the shares, which may be
            nowhere 0.
        predicted: ``(batch, classes)`` probabilities.
    """
    wanted, shares = truth[:, 0], truth[:, 1]
    beside = (predicted + _SMALLEST) * shares
    told = beside / ops.sum(beside, axis=-1, keepdims=True)
    return -ops.sum(wanted * ops.log(told), axis=-1)


@keras.saving.register_keras_serializable(package="leuko")  # type: ignore[untyped-decorator]
def named_right(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> object:
    """Return of each cell whether its likeliest class is the true one, ``(batch,)`` 0 or 1.

    Args:
        truth: ``(batch, 2, classes)``, as `cross_entropy_beside_shares` takes it.
        predicted: ``(batch, classes)`` probabilities.
    """
    right = ops.argmax(truth[:, 0], axis=-1) == ops.argmax(predicted, axis=-1)
    return ops.cast(right, "float32")


@keras.saving.register_keras_serializable(package="leuko")  # type: ignore[untyped-decorator]
def dice(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> object:
    """Return the Dice coefficient of the thresholded batch, a scalar in 0 to 1."""
    truth, predicted = ops.cast(truth > 0.5, "float32"), ops.cast(predicted > 0.5, "float32")
    shared = ops.sum(truth * predicted)
    return (2 * shared + _SMOOTHING) / (ops.sum(truth) + ops.sum(predicted) + _SMOOTHING)
