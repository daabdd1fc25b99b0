"""How much a model loses by becoming int8: the Keras model beside what the device will run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass, Mask, RGBImage
from leuko.inference import Engine, run_all
from leuko_converter.errors import ConversionError
from leuko_training.images import as_real

_BATCH = 16


@dataclass(frozen=True, slots=True)
class SegmenterParity:
    """A segmenter's figures as float and as int8, on the same views.

    Attributes:
        views: how many were compared.
        dice_float: Dice coefficient over all pixels of all views, float model.
        dice_int8: the same, int8 model.
        mean_difference: mean absolute difference of the probabilities.
        largest_difference: largest absolute difference of the probabilities.
    """

    views: int
    dice_float: float
    dice_int8: float
    mean_difference: float
    largest_difference: float

    @property
    def dice_lost(self) -> float:
        """Dice of the float model above that of the int8 model; negative for a gain."""
        return self.dice_float - self.dice_int8


@dataclass(frozen=True, slots=True)
class ClassifierParity:
    """A classifier's figures as float and as int8, on the same cells.

    Attributes:
        cells: how many were compared.
        accuracy_float: share of cells named rightly by the float model.
        accuracy_int8: the same, int8 model.
        agreement: share of cells that both give the same name.
        largest_difference: largest absolute difference of any class's probability.
    """

    cells: int
    accuracy_float: float
    accuracy_int8: float
    agreement: float
    largest_difference: float

    @property
    def points_lost(self) -> float:
        """Percentage points of accuracy lost; negative for a gain."""
        return 100 * (self.accuracy_float - self.accuracy_int8)


def compare_segmenter(
    model: keras.Model,
    tflite: bytes,
    images: Sequence[RGBImage],
    masks: Sequence[Mask],
    *,
    engine: Engine,
    threshold: float = 0.5,
) -> SegmenterParity:
    """Return the figures of a segmenter before and after conversion.

    Args:
        model: the Keras model that was converted.
        tflite: what it became.
        images: views of the models' input size.
        masks: true on leukocytes, one a view.
        engine: runs the int8 model.
        threshold: probability from which a pixel belongs to a leukocyte.

    Raises:
        ConversionError: there is no view, or not one mask for each.
        EngineError: the engine cannot run the model.
    """
    _check_pairs(images, masks)
    real = _float_outputs(model, images)[0][..., 0]
    stored = int8_outputs(tflite, images, engine=engine)[0][..., 0]
    truth = np.stack(masks)
    difference = np.abs(real - stored)
    return SegmenterParity(
        views=len(images),
        dice_float=_dice(real >= threshold, truth),
        dice_int8=_dice(stored >= threshold, truth),
        mean_difference=float(difference.mean()),
        largest_difference=float(difference.max()),
    )


def compare_classifier(
    model: keras.Model,
    tflite: bytes,
    images: Sequence[RGBImage],
    labels: Sequence[int],
    *,
    engine: Engine,
) -> ClassifierParity:
    """Return the figures of a classifier before and after conversion.

    Args:
        model: the Keras model that was converted.
        tflite: what it became.
        images: isolated cells of the models' input size.
        labels: index of each one's class in `CellClass`.
        engine: runs the int8 model.

    Raises:
        ConversionError: there is no cell, not one label for each, or no class probabilities.
        EngineError: the engine cannot run the model.
    """
    _check_pairs(images, labels)
    real = _probabilities(_float_outputs(model, images))
    stored = _probabilities(int8_outputs(tflite, images, engine=engine))
    named, named_int8, truth = real.argmax(1), stored.argmax(1), np.asarray(labels)
    return ClassifierParity(
        cells=len(images),
        accuracy_float=float(np.mean(named == truth)),
        accuracy_int8=float(np.mean(named_int8 == truth)),
        agreement=float(np.mean(named == named_int8)),
        largest_difference=float(np.abs(real - stored).max()),
    )


def int8_outputs(
    tflite: bytes, images: Sequence[RGBImage], *, engine: Engine
) -> list[NDArray[np.float32]]:
    """Return the real values of every output of an int8 model, images first.

    Raises:
        EngineError: the engine cannot run the model.
    """
    loaded = engine.load(tflite)
    outputs = zip(run_all(loaded, images), loaded.output_quantisations, strict=True)
    return [quantisation.real(stored) for stored, quantisation in outputs]


def int8_probabilities(
    tflite: bytes, images: Sequence[RGBImage], *, engine: Engine
) -> NDArray[np.float32]:
    """Return ``(images, classes)`` of an int8 classifier, whichever output holds them.

    Raises:
        ConversionError: no output has one value a class.
        EngineError: the engine cannot run the model.
    """
    return _probabilities(int8_outputs(tflite, images, engine=engine))


def segmenter_table(rows: Mapping[str, SegmenterParity]) -> str:
    """Return a Markdown table, one row for each name."""
    head = ("set", "views", "Dice float", "Dice int8", "loss", "mean diff.", "largest diff.")
    return markdown_table(
        head,
        [
            (
                name,
                str(row.views),
                f"{row.dice_float:.4f}",
                f"{row.dice_int8:.4f}",
                f"{row.dice_lost:+.4f}",
                f"{row.mean_difference:.4f}",
                f"{row.largest_difference:.3f}",
            )
            for name, row in rows.items()
        ],
    )


def classifier_table(rows: Mapping[str, ClassifierParity]) -> str:
    """Return a Markdown table, one row for each name; accuracies in percent, loss in points."""
    head = ("set", "cells", "accuracy float", "accuracy int8", "loss", "same name", "largest diff.")
    return markdown_table(
        head,
        [
            (
                name,
                str(row.cells),
                f"{row.accuracy_float:.1%}",
                f"{row.accuracy_int8:.1%}",
                f"{row.points_lost:+.2f}",
                f"{row.agreement:.1%}",
                f"{row.largest_difference:.3f}",
            )
            for name, row in rows.items()
        ],
    )


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, all but its first column to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *rows))


def _check_pairs(images: Sequence[RGBImage], truth: Sequence[object]) -> None:
    if len(images) == 0 or len(images) != len(truth):
        raise ConversionError(
            f"{len(images)} images and {len(truth)} truths cannot be compared; give one for each"
        )


def _float_outputs(model: keras.Model, images: Sequence[RGBImage]) -> list[NDArray[np.float32]]:
    batches = []
    for start in range(0, len(images), _BATCH):
        batch = as_real(images[start : start + _BATCH])
        outputs = model(batch, training=False)
        batches.append(outputs if isinstance(outputs, list | tuple) else [outputs])
    return [
        np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
        for parts in zip(*batches, strict=True)
    ]


def _probabilities(outputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    for output in outputs:
        if output.shape[1:] == (len(CellClass),):
            return output
    raise ConversionError(
        f"no output of the model has one value for each of the {len(CellClass)} classes; "
        "give a classifier"
    )


def _dice(found: Mask, truth: Mask) -> float:
    total = int(found.sum()) + int(truth.sum())
    return 2 * int((found & truth).sum()) / total if total else 1.0
