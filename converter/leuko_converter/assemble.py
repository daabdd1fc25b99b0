"""From two trained models and the data sets to a bundle."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from leuko.bundle import (
    ClassifierSpec,
    ModelBundle,
    OwnCellsSpec,
    SegmenterSpec,
    SplitSpec,
    Tolerance,
    TrainingSet,
)
from leuko.inference import Engine
from leuko.vision.tiling import continued
from leuko_converter.familiarity import familiarity_of
from leuko_converter.golden import golden_inputs
from leuko_converter.package import BundleDescription, write_bundle
from leuko_converter.quantize import quantize, with_input_size
from leuko_converter.representative import (
    augmented_cells,
    by_dataset,
    masked_views,
    named_crops,
)
from leuko_training import simulated
from leuko_training.certainty import Certainty
from leuko_training.classifier import EMBEDDING
from leuko_training.cut_cells import teaches_names
from leuko_training.datasets import DATASETS, LabelledImage
from leuko_training.masks import teaches_masks
from leuko_training.own_cells import OwnCells
from leuko_training.partition import partition, read_everything
from leuko_training.recipes import SHIPPED
from leuko_training.scales import (
    CLASSIFIER_SIZE,
    CLASSIFY_UM_PER_PX,
    ISOLATION_MARGIN,
    LOCATE_UM_PER_PX,
    OUTLINE_UM_PER_PX,
    SEGMENTER_SIZE,
)

SEGMENTER = SegmenterSpec(
    locator="locator.tflite",
    outliner="outliner.tflite",
    locate_um_per_px=LOCATE_UM_PER_PX,
    outline_um_per_px=OUTLINE_UM_PER_PX,
    tile_height=208,
    tile_width=272,
    tile_overlap=48,
    window=SEGMENTER_SIZE,
    threshold=0.5,
    smallest_area_um2=20.0,
    # The window of 25.6 µm shows 655 at most; the largest monocytes come to about 320.
    largest_area_um2=500.0,
)

SPLIT = SplitSpec(
    file="splits.csv",
    held_out="fold 0, and the microscope of Raabin Test-B",
    validation="folds 1 to 4 of laboratories that classifiers of the same recipe had not seen",
)

TOLERANCE = Tolerance(segmenter_lsb=40, classifier_lsb=20)
"""Other CPUs' int8 kernels round differently, and a steep sigmoid makes many steps of one.

On the golden inputs LiteRT's reference kernels lay up to 19 steps (segmenter) and 9 (classifier)
from XNNPACK's on x86-64; about twice that is allowed.
"""

REPRESENTATIVE_VIEWS = 400
"""Views that the ranges of a model's activations are taken from."""

_VIEWS_IN_A_TILE = 5
_SLIDES_FOR_RANGES = 2

_SIMULATED = TrainingSet(
    name=simulated.DATASET,
    title="Simulated smears, rendered by leuko.sim",
    licence="Apache-2.0",
    images=simulated.SLIDES,
    folds="all",
)


@dataclass(frozen=True, slots=True)
class Material:
    """The images that conversion draws from.

    Attributes:
        training: images that the models learnt from.
        validation: images of the same sets that they did not.
    """

    training: Sequence[LabelledImage]
    validation: Sequence[LabelledImage]


def read_material(root: Path, *, without: Collection[str] = ()) -> Material:
    """Return what lies under the root of all data sets, partitioned as for training.

    Args:
        root: folder of all data sets.
        without: sets that are passed over.

    Raises:
        DatasetError: a set that is there is not in its published layout.
    """
    items = [item for item in read_everything(root) if item.dataset not in without]
    training, validation = partition(items)
    return Material(training, validation)


def assemble_bundle(
    segmenter: keras.Model,
    classifier: keras.Model,
    material: Material,
    folder: Path,
    *,
    certainty: Certainty,
    own_cells: OwnCells | None = None,
    bundle_id: str,
    version: str,
    views: int = REPRESENTATIVE_VIEWS,
    engine: Engine,
) -> ModelBundle:
    """Quantise both models, and write the bundle.

    Args:
        segmenter: a trained segmenter, at any input size.
        classifier: trained, with probabilities and embedding as outputs.
        material: images for the ranges of activations.
        folder: where the bundle goes.
        certainty: how far the classifier's probabilities may be believed.
        own_cells: what it takes to name cells by the laboratory's own; None to do without.
        bundle_id: name of the bundle.
        version: version of its content.
        views: representative views for each model.
        engine: computes golden outputs.

    Raises:
        ConversionError: a model cannot be converted.
        DatasetError: there are too few cells to learn what is familiar.
        BundleError: what came out is no valid bundle.
        EngineError: the engine cannot run a model.
        OutputError: the folder cannot be written to.
    """
    models = quantize_all(segmenter, classifier, material.training, views=views)
    familiarity = familiarity_of(
        models["classifier"], segmenter, material.training, material.validation, engine=engine
    )
    named = _classifier_spec(certainty, own_cells)
    inputs = golden_inputs(SEGMENTER, named)
    description = BundleDescription(
        id=bundle_id,
        version=version,
        segmenter=SEGMENTER,
        classifier=named,
        training_sets=training_sets(material.training),
        split=SPLIT,
        tolerance=TOLERANCE,
    )
    return write_bundle(
        folder,
        description,
        models=models,
        familiarity=familiarity,
        usual_cells=own_cells.usual if own_cells else None,
        golden_inputs=inputs,
        engine=engine,
    )


def quantize_all(
    segmenter: keras.Model,
    classifier: keras.Model,
    training: Sequence[LabelledImage],
    *,
    views: int = REPRESENTATIVE_VIEWS,
) -> dict[str, bytes]:
    """Return ``locator``, ``outliner`` and ``classifier`` as full-int8 TFLite.

    Raises:
        ConversionError: a model cannot be converted.
    """
    height, width = SEGMENTER.tile_height, SEGMENTER.tile_width
    windows = masked_views(training, views).images
    # A tile has the pixels of five windows, and takes five times as long.
    tiles = [continued(view, height, width) for view in windows[::_VIEWS_IN_A_TILE]]
    crops = [*named_crops(training, segmenter), *simulated.simulated_crops(_SLIDES_FOR_RANGES)]
    cells = augmented_cells(crops, views).images
    side = SEGMENTER.window
    return {
        "locator": quantize(with_input_size(segmenter, height, width), tiles),
        "outliner": quantize(with_input_size(segmenter, side, side), windows),
        "classifier": quantize(classifier, cells),
    }


def training_sets(training: Sequence[LabelledImage]) -> tuple[TrainingSet, ...]:
    """Return what the manifest says of every set that taught the models, rendered ones last."""
    teaching = [item for item in training if teaches_masks(item) or teaches_names(item)]
    real = (
        TrainingSet(
            name=name,
            title=DATASETS[name].title,
            licence=DATASETS[name].licence,
            images=len(items),
            folds=", ".join(sorted({item.fold for item in items})),
        )
        for name, items in by_dataset(teaching, lambda item: item.dataset).items()
    )
    return (*real, _SIMULATED)


def _classifier_spec(certainty: Certainty, own_cells: OwnCells | None) -> ClassifierSpec:
    return ClassifierSpec(
        model="classifier.tflite",
        um_per_px=CLASSIFY_UM_PER_PX,
        size=CLASSIFIER_SIZE,
        margin=ISOLATION_MARGIN,
        embedding=EMBEDDING,
        unclassified_below=certainty.unclassified_below,
        temperature=certainty.temperature,
        class_weights=certainty.class_weights,
        evens_laboratory=SHIPPED.style.even,
        familiarity="familiarity.npz",
        own_cells=_own_cells_spec(own_cells) if own_cells else None,
    )


def _own_cells_spec(own_cells: OwnCells) -> OwnCellsSpec:
    return OwnCellsSpec(usual="usual-cells.npz", unclassified_below=own_cells.unclassified_below)
