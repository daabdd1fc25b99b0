"""Tiny models that have learnt something, converted once for all tests."""

import keras
import numpy as np
import pytest
from keras import layers
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.cells import CellClass, Mask, RGBImage
from leuko_converter.quantize import quantize
from leuko_converter.representative import LabelledViews

SIZE = 32

# Corners of the colour cube, a little inside: one colour a class.
COLOURS = np.array([[r, g, b] for r in (40, 200) for g in (40, 200) for b in (40, 200)])
PURPLE = np.array([120, 60, 140])


def disc(rng: Generator, colour: NDArray[np.int_]) -> tuple[RGBImage, Mask]:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    row, column = rng.uniform(10, SIZE - 10, 2)
    mask = (rows - row) ** 2 + (columns - column) ** 2 < rng.uniform(5, 9) ** 2
    image = np.where(mask[..., None], colour, 235) + rng.normal(0, 6, (SIZE, SIZE, 3))
    # Neither black nor white: quantisation has to see to the full range itself.
    return np.clip(np.rint(image), 1, 254).astype(np.uint8), np.asarray(mask)


def draw_masked(count: int, *, seed: int) -> LabelledViews:
    rng = np.random.default_rng(seed)
    drawn = [disc(rng, PURPLE) for _ in range(count)]
    return LabelledViews(tuple(image for image, _ in drawn), masks=tuple(m for _, m in drawn))


def draw_named(count: int, *, seed: int) -> LabelledViews:
    rng = np.random.default_rng(seed)
    labels = tuple(int(label) for label in rng.integers(len(CellClass), size=count))
    return LabelledViews(tuple(disc(rng, COLOURS[label])[0] for label in labels), labels=labels)


def real(views: LabelledViews) -> NDArray[np.float32]:
    return np.stack(views.images).astype(np.float32) / np.float32(255)


@pytest.fixture(scope="session")
def purple_discs() -> LabelledViews:
    """Discs with masks that no model has learnt from."""
    return draw_masked(32, seed=2)


@pytest.fixture(scope="session")
def coloured_discs() -> LabelledViews:
    """Discs with classes that no model has learnt from."""
    return draw_named(64, seed=2)


def normalised(tensor: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    tensor = layers.Conv2D(filters, 3, padding="same", use_bias=False)(tensor)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.98)(tensor))


@pytest.fixture(scope="session")
def segmenter() -> keras.Model:
    """A U-Net of two levels that finds purple discs."""
    keras.utils.set_random_seed(1)
    image = keras.Input((SIZE, SIZE, 3))
    first = normalised(image, 4)
    second = normalised(layers.MaxPooling2D(2)(first), 8)
    wide = layers.UpSampling2D(2, interpolation="bilinear")(second)
    last = normalised(layers.Concatenate()([wide, first]), 4)
    model = keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(last))
    views = draw_masked(256, seed=1)
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy")
    truth = np.stack(views.masks)[..., None].astype(np.float32)
    model.fit(real(views), truth, batch_size=8, epochs=6, verbose=0)
    return model


@pytest.fixture(scope="session")
def classifier() -> keras.Model:
    """A CNN that tells the colour of a disc, with the outputs of the real one."""
    keras.utils.set_random_seed(1)
    image = tensor = keras.Input((SIZE, SIZE, 3))
    for filters in (8, 16):
        tensor = layers.Conv2D(filters, 3, strides=2, use_bias=False)(tensor)
        tensor = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(tensor))
    tensor = layers.GlobalAveragePooling2D()(tensor)
    embedding = layers.Dense(16, activation="relu6", name="embedding")(tensor)
    names = layers.Dense(len(CellClass), activation="softmax", name="probabilities")(embedding)
    views = draw_named(512, seed=1)
    taught = keras.Model(image, names)
    taught.compile(keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    taught.fit(real(views), np.array(views.labels), batch_size=16, epochs=6, verbose=0)
    return keras.Model(image, [names, embedding])


@pytest.fixture(scope="session")
def segmenter_int8(segmenter: keras.Model) -> bytes:
    return quantize(segmenter, draw_masked(32, seed=1).images)


@pytest.fixture(scope="session")
def classifier_int8(classifier: keras.Model) -> bytes:
    return quantize(classifier, draw_named(64, seed=1).images)
