"""Quantisation-aware training: less is lost as int8, and nothing else changes."""

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from leuko.cells import CellClass, RGBImage
from leuko.inference import LiteRTEngine
from leuko_converter.aware import AwareTraining, trained_aware
from leuko_converter.errors import ConversionError
from leuko_converter.parity import int8_probabilities
from leuko_converter.quantize import quantize

SIZE = 16
QUICK = AwareTraining(epochs=8, learning_rate=5e-4)


def images(count: int, seed: int) -> list[RGBImage]:
    """Blurred noise: every value of a colour, and something to tell apart."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 4, 4, 3), np.uint8)
    return list(coarse.repeat(4, axis=1).repeat(4, axis=2))


@pytest.fixture(scope="module")
def uneven() -> keras.Model:
    """A classifier whose dense layer has small weights beside large ones, which one scale ruins.

    Each unit is made weaker by a factor, and what listens to it stronger: as float that is nothing.
    """
    keras.utils.set_random_seed(3)
    image = tensor = keras.Input((SIZE, SIZE, 3))
    tensor = layers.Conv2D(8, 3, strides=2, use_bias=False)(tensor)
    tensor = layers.ReLU()(layers.BatchNormalization()(tensor))
    tensor = layers.Dropout(0.2)(layers.Flatten()(layers.MaxPooling2D(2)(tensor)))
    hidden = layers.Dense(16, activation="relu", name="hidden")(tensor)
    names = layers.Dense(len(CellClass), activation="softmax", name="names")(hidden)
    model = keras.Model(image, names)
    factors = np.logspace(0, 2.5, 16)
    before, after = model.get_layer("hidden"), model.get_layer("names")
    kernel, bias = before.get_weights()
    before.set_weights([kernel / factors, bias / factors])
    listening, offsets = after.get_weights()
    after.set_weights([3 * listening * factors[:, None], offsets])
    return model


def float_outputs(model: keras.Model, shown: list[RGBImage]) -> NDArray[np.float32]:
    real = np.stack(shown).astype(np.float32) / np.float32(255)
    return np.asarray(keras.ops.convert_to_numpy(model(real, training=False)))


def lost(model: keras.Model, teacher: keras.Model, shown: list[RGBImage]) -> float:
    """Mean squared difference of what a model gives as int8 from what its teacher gives."""
    stored = int8_probabilities(quantize(model, images(64, seed=1)), shown, engine=LiteRTEngine())
    return float(np.mean((stored - float_outputs(teacher, shown)) ** 2))


@pytest.mark.slow
def test_a_model_that_int8_ruins_loses_less_after_training_on_images_that_it_has_not_seen(
    uneven: keras.Model,
) -> None:
    weights = uneven.get_weights()
    aware = trained_aware(uneven, images(128, seed=1), training=QUICK)
    unseen = images(64, seed=2)
    assert lost(aware, uneven, unseen) < 0.8 * lost(uneven, uneven, unseen)
    for now, before in zip(uneven.get_weights(), weights, strict=True):
        assert np.array_equal(now, before)


def test_training_that_does_not_help_leaves_the_model_as_it_was(uneven: keras.Model) -> None:
    wild = AwareTraining(epochs=1, learning_rate=10.0)
    assert trained_aware(uneven, images(16, seed=1), training=wild) is uneven


def test_a_model_within_a_model_and_no_image_at_all_are_refused(uneven: keras.Model) -> None:
    image = keras.Input((SIZE, SIZE, 3))
    nested = keras.Model(image, uneven(image))
    with pytest.raises(ConversionError, match=r"in it, which cannot be trained as int8"):
        trained_aware(nested, images(2, seed=1))
    with pytest.raises(ConversionError, match="no image to train with"):
        trained_aware(uneven, [])
