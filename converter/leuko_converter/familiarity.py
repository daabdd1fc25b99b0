"""What the converted classifier's embeddings of known cells look like."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from leuko.familiarity import Familiarity
from leuko.inference import Engine
from leuko_converter.representative import named_crops, plain_cells
from leuko_training.answers import FIVE
from leuko_training.classifier import EMBEDDING
from leuko_training.crops import Crop
from leuko_training.datasets import LabelledImage
from leuko_training.familiarity import familiar

CELLS_PER_CLASS = 120
"""Of every set."""


def familiarity_of(
    classifier: bytes,
    segmenter: keras.Model,
    training: Sequence[LabelledImage],
    validation: Sequence[LabelledImage],
    *,
    engine: Engine,
) -> Familiarity:
    """Return the familiarity that goes with a converted classifier.

    Args:
        classifier: TFLite content.
        segmenter: outlines the cells of images without a mask.
        training: images that it has learnt from.
        validation: images of the same sets that it has not.
        engine: runs it.

    Raises:
        ConversionError: on none of the images is a cell of known class.
        DatasetError: there are too few of them.
        EngineError: the engine cannot run the model.
    """
    learnt, classes = _embeddings(classifier, _some(training, segmenter), engine=engine)
    watched, named = _embeddings(classifier, _some(validation, segmenter), engine=engine)
    return familiar(learnt, classes, watched[np.isin(named, FIVE)])


def _some(items: Sequence[LabelledImage], segmenter: keras.Model) -> list[Crop]:
    return named_crops(items, segmenter, most=CELLS_PER_CLASS)


def _embeddings(
    classifier: bytes, crops: Sequence[Crop], *, engine: Engine
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    model = engine.load(classifier)
    index = model.output_shapes.index((1, EMBEDDING))
    quantisation, views = model.output_quantisations[index], plain_cells(crops)
    stored = [model.run(view)[index] for view in views.images]
    return quantisation.real(np.concatenate(stored)), np.array(views.labels)
