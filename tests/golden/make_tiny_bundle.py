"""Build tests/golden/tiny-bundle: three very small int8 models and their manifest.

The models learn to find and name flat coloured discs, so that tests on the device see regions
and classes they can predict. Run from the repository's root, with the training extra:

    PYTHONPATH=device:training python tests/golden/make_tiny_bundle.py
"""

import colorsys
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf
import tomli_w
from keras import layers

from leuko.cells import CellClass
from leuko.inference import LiteRTEngine

FOLDER = Path(__file__).parent / "tiny-bundle"
COARSE_UM_PER_PX, FINE_UM_PER_PX, CLASSIFIER_UM_PER_PX = 0.8, 0.8, 0.64
TILE, WINDOW = (64, 80), 32
EMBEDDING = 16
BACKGROUND = (235, 235, 235)
RED_CELL = (226, 176, 170)


def disc_colour(cell_class: CellClass) -> tuple[int, int, int]:
    """Return the colour that stands for a class: eight hues, all darker than red cells."""
    hue = list(CellClass).index(cell_class) / len(CellClass)
    red, green, blue = colorsys.hls_to_rgb(hue, 0.4, 0.6)
    return round(255 * red), round(255 * green), round(255 * blue)


def scene(
    rng: np.random.Generator, shape: tuple[int, int], um_per_px: float, *, centred: bool
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return a field of discs, its mask of leukocytes, and the last disc's class index."""
    height, width = shape
    image = np.full((height, width, 3), BACKGROUND, np.uint8)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(0, 1 + int(height * width * um_per_px**2 / 200)))):
        middle = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(image, middle, round(3.6 / um_per_px), RED_CELL, -1, cv2.LINE_AA)
    index = int(rng.integers(0, len(CellClass)))
    for number in range(1 if centred else int(rng.integers(0, 4))):
        index = int(rng.integers(0, len(CellClass)))
        middle = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        if centred and number == 0:
            middle = (width // 2 + int(rng.integers(-2, 3)), height // 2 + int(rng.integers(-2, 3)))
        radius = round(float(rng.uniform(5.5, 8.0)) / um_per_px)
        cv2.circle(image, middle, radius, disc_colour(list(CellClass)[index]), -1, cv2.LINE_AA)
        cv2.circle(mask, middle, radius, 1, -1)
    noisy = image * rng.uniform(0.92, 1.08) + rng.normal(0, 3, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), mask, index


def tiny_unet(shape: tuple[int, int]) -> keras.Model:
    """Return a U-Net of two levels and four filters."""
    image = keras.Input((*shape, 3))
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    deep = layers.MaxPooling2D(2)(first)
    deep = layers.Conv2D(8, 3, padding="same", activation="relu")(deep)
    deep = layers.UpSampling2D(2, interpolation="bilinear")(deep)
    joined = layers.Concatenate()([first, deep])
    joined = layers.Conv2D(4, 3, padding="same", activation="relu")(joined)
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(joined))


def tiny_classifier() -> keras.Model:
    """Return a CNN with class probabilities and an embedding."""
    image = keras.Input((WINDOW, WINDOW, 3))
    tensor = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(image)
    tensor = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(tensor)
    tensor = layers.GlobalAveragePooling2D()(tensor)
    embedding = layers.Dense(EMBEDDING, activation="relu6", name="embedding")(tensor)
    named = layers.Dense(len(CellClass), activation="softmax", name="probabilities")(embedding)
    return keras.Model(image, [named, embedding])


def segmentation_set(
    rng: np.random.Generator, count: int, shape: tuple[int, int], um_per_px: float, *, centred: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return images, uint8, and masks, float32 with a channel."""
    scenes = [scene(rng, shape, um_per_px, centred=centred) for _ in range(count)]
    masks = np.stack([mask for _, mask, _ in scenes]).astype(np.float32)[..., None]
    return np.stack([image for image, _, _ in scenes]), masks


def classification_set(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return crops with everything but the disc painted as background, and class indices."""
    shape = (WINDOW, WINDOW)
    scenes = [scene(rng, shape, CLASSIFIER_UM_PER_PX, centred=True) for _ in range(count)]
    crops = [np.where(mask[..., None] > 0, image, BACKGROUND[0]) for image, mask, _ in scenes]
    return np.stack(crops).astype(np.uint8), np.array([index for _, _, index in scenes])


def trained_segmenter(images: np.ndarray, masks: np.ndarray) -> keras.Model:
    """Return the tiny U-Net after a minute's training."""
    model = tiny_unet(images.shape[1:3])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(images / np.float32(255), masks, batch_size=16, epochs=25, verbose=0)
    return model


def trained_classifier(crops: np.ndarray, indices: np.ndarray) -> keras.Model:
    """Return the tiny CNN after a minute's training."""
    model = tiny_classifier()
    loss = {"probabilities": "sparse_categorical_crossentropy"}
    fitted = keras.Model(model.input, {"probabilities": model.outputs[0]})
    fitted.compile(keras.optimizers.Adam(0.01), loss)
    fitted.fit(
        crops / np.float32(255), {"probabilities": indices}, batch_size=32, epochs=40, verbose=0
    )
    return model


def full_int8(model: keras.Model, images: np.ndarray) -> bytes:
    """Return the model as TFLite with uint8 inputs and outputs and a batch of one."""

    def representative() -> Iterator[list[np.ndarray]]:
        for image in images[:64]:
            yield [image[None] / np.float32(255)]

    single = keras.Input(batch_shape=(1, *model.input.shape[1:]))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(single, model(single)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    return bytes(converter.convert())


def golden(models: dict[str, bytes], images: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return inputs and outputs of every model, as this machine's runtime gives them."""
    arrays: dict[str, np.ndarray] = {}
    for name, content in models.items():
        model = LiteRTEngine().load(content)
        arrays[f"{name}_input"] = images[name][:2]
        outputs = zip(*(model.run(image) for image in images[name][:2]), strict=True)
        for position, output in enumerate(outputs):
            arrays[f"{name}_output_{position}"] = np.concatenate(output)
    return arrays


def manifest(files: dict[str, bytes]) -> dict[str, object]:
    """Return the manifest of the given files."""
    return {
        "format": 1,
        "id": "leuko-tiny",
        "version": "1",
        "classes": [str(cell_class) for cell_class in CellClass],
        "segmenter": {
            "locator": "locator.tflite",
            "outliner": "outliner.tflite",
            "locate_um_per_px": COARSE_UM_PER_PX,
            "outline_um_per_px": FINE_UM_PER_PX,
            "tile_height": TILE[0],
            "tile_width": TILE[1],
            "tile_overlap": 16,
            "window": WINDOW,
            "threshold": 0.5,
            "smallest_area_um2": 20.0,
            "largest_area_um2": 700.0,
        },
        "classifier": {
            "model": "classifier.tflite",
            "um_per_px": CLASSIFIER_UM_PER_PX,
            "size": WINDOW,
            "margin": 1,
            "embedding": EMBEDDING,
            "unclassified_below": 0.5,
        },
        "quantisation": {
            "input": "uint8, real = stored / 255",
            "weights": "int8 per channel",
            "activations": "int8",
        },
        "training_sets": [
            {
                "name": "discs",
                "title": "Flat coloured discs, drawn by make_tiny_bundle.py",
                "licence": "Apache-2.0",
                "images": 600,
                "folds": "all",
            }
        ],
        "split": {"file": "none.csv", "held_out": "nothing", "validation": "nothing"},
        "golden": {
            "file": "golden/golden.npz",
            "tolerance": {"segmenter_lsb": 6, "classifier_lsb": 6},
        },
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }


def main() -> None:
    """Train, convert and write the bundle."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    coarse = segmentation_set(rng, 200, TILE, COARSE_UM_PER_PX, centred=False)
    fine = segmentation_set(rng, 300, (WINDOW, WINDOW), FINE_UM_PER_PX, centred=True)
    crops, indices = classification_set(rng, 600)
    models = {
        "locator": full_int8(trained_segmenter(*coarse), coarse[0]),
        "outliner": full_int8(trained_segmenter(*fine), fine[0]),
        "classifier": full_int8(trained_classifier(crops, indices), crops),
    }
    images = {"locator": coarse[0], "outliner": fine[0], "classifier": crops}
    (FOLDER / "golden").mkdir(parents=True, exist_ok=True)
    arrays = golden(models, images)
    np.savez_compressed(FOLDER / "golden" / "golden.npz", allow_pickle=False, **arrays)
    files = {f"{name}.tflite": content for name, content in models.items()}
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)
        sys.stdout.write(f"{name}: {len(content)} bytes\n")
    files["golden/golden.npz"] = (FOLDER / "golden" / "golden.npz").read_bytes()
    (FOLDER / "manifest.toml").write_text(tomli_w.dumps(manifest(files)))


if __name__ == "__main__":
    main()
