"""What two trained models lost by becoming a bundle, set by set and against the targets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras

from leuko.backends import Accelerator
from leuko.bundle import ModelBundle
from leuko.inference import Engine
from leuko_converter.backend_parity import BackendParity, Figures, on_every_backend
from leuko_converter.parity import (
    ClassifierParity,
    SegmenterParity,
    classifier_table,
    compare_classifier,
    compare_segmenter,
    markdown_table,
    segmenter_table,
)
from leuko_converter.representative import by_dataset, central_windows, named_crops, plain_cells
from leuko_training.cut_cells import teaches_names
from leuko_training.datasets import LabelledImage
from leuko_training.masks import SHARE


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be lost by becoming int8.

    Attributes:
        dice: Dice coefficient of the worst set.
        points: percentage points of accuracy, of all cells and of the worst set.
    """

    dice: float = 0.005
    points: float = 0.5


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Report:
    """What was lost, for people, and what of it was too much.

    Attributes:
        text: Markdown.
        too_much: each loss beyond its limit, as a clause.
    """

    text: str
    too_much: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Loss:
    what: str
    limit: str
    measured: str
    is_met: bool


def parity_report(
    segmenter: keras.Model,
    classifier: keras.Model,
    bundle: ModelBundle,
    judged: Sequence[LabelledImage],
    *,
    engine: Engine,
    accelerators: Sequence[Accelerator] = (),
    limits: Limits = LIMITS,
) -> Report:
    """Return outliner and classifier, float against int8, set by set and on every backend.

    Args:
        segmenter: trained `edge_unet`, at the outliner's input size.
        classifier: trained, with probabilities and embedding as outputs.
        bundle: what they became.
        judged: images that the models did not learn from; all of them take part.
        engine: runs the bundle's models on the processor.
        accelerators: judged as the processor is, where they are at hand.
        limits: what may be lost, on each backend.

    Raises:
        BundleError: the golden file does not fit the models.
        ConversionError: the models do not fit the images.
        EngineError: the engine cannot run a model.
    """

    def compare(fitted: ModelBundle, runs_on: Engine) -> Figures:
        outliner = fitted.files[fitted.manifest.segmenter.outliner]
        namer = fitted.files[fitted.manifest.classifier.model]
        return Figures(
            segmenter_parity(segmenter, outliner, judged, engine=runs_on),
            classifier_parity(classifier, namer, judged, segmenter, engine=runs_on),
        )

    backends = on_every_backend(bundle, engine, accelerators, compare=compare)
    on_cpu = backends[0].figures or Figures({}, {})
    masks, names = on_cpu.masks, on_cpu.names
    folds = ", ".join(sorted({item.fold for item in judged}))
    losses = _losses(masks, names, limits)
    text = (
        f"# Float against int8: {bundle.label}\n\n"
        f"`leuko-convert parity`, all {len(judged)} images of fold {folds}; by LiteRT on the CPU.\n"
        "The segmenter sees the outliner's window around the largest leukocyte of every masked "
        "image,\nthe classifier every cell as the device cuts it out.\n\n"
        f"## Against the targets\n\n{_table(losses)}\n"
        f"## Outliner\n\n{segmenter_table(masks)}\n## Classifier\n\n{classifier_table(names)}\n"
        f"## Every backend\n\n{backend_table(backends, limits)}"
    )
    return Report(text, tuple(backend_losses(backends, limits)))


def segmenter_parity(
    segmenter: keras.Model, tflite: bytes, judged: Sequence[LabelledImage], *, engine: Engine
) -> Mapping[str, SegmenterParity]:
    """Return the figures of the outliner on every set that has masks."""
    masked = [item for item in judged if item.mask and item.dataset in SHARE]
    rows = {}
    for name, items in by_dataset(masked, lambda item: item.dataset).items():
        views = central_windows(items)
        rows[name] = compare_segmenter(segmenter, tflite, views.images, views.masks, engine=engine)
    return rows


def classifier_parity(
    classifier: keras.Model,
    tflite: bytes,
    judged: Sequence[LabelledImage],
    segmenter: keras.Model,
    *,
    engine: Engine,
) -> Mapping[str, ClassifierParity]:
    """Return the figures of the classifier on every set that shows cells of known class."""
    named = [item for item in judged if teaches_names(item)]
    rows = {}
    # Set by set: the crops of all sets together would fill half a gigabyte.
    for name, items in by_dataset(named, lambda item: item.dataset).items():
        views = plain_cells(named_crops(items, segmenter, most=None))
        rows[name] = compare_classifier(
            classifier, tflite, views.images, views.labels, engine=engine
        )
    return rows


def goal_table(
    masks: Mapping[str, SegmenterParity],
    names: Mapping[str, ClassifierParity],
    limits: Limits = LIMITS,
) -> str:
    """Return what was lost beside what may be lost, as Markdown; sets that are absent are none."""
    return _table(_losses(masks, names, limits))


def backend_table(backends: Sequence[BackendParity], limits: Limits) -> str:
    """Return a row for each backend, as Markdown; empty where it is not at hand."""
    head = ("backend", "golden, LSB", "Dice, worst", "points, all", "points, worst", "what")
    rows = []
    for one in backends:
        found = one.figures or Figures({}, {})
        measured = [loss.measured for loss in _losses(found.masks, found.names, limits)]
        golden = "" if one.golden_lsb is None else str(one.golden_lsb)
        figures = (*measured, "", "", "")[:3] if found.masks else ("", *measured, "", "")[:3]
        rows.append((str(one.backend), golden, *figures, one.text))
    return markdown_table(head, rows)


def backend_losses(backends: Sequence[BackendParity], limits: Limits) -> Iterator[str]:
    """Yield what is beyond its limit on any backend, as a clause."""
    for one in backends:
        if not one.is_golden:
            yield f"{one.backend}: {one.golden_lsb} LSB off the golden outputs"
        found = one.figures or Figures({}, {})
        for loss in _losses(found.masks, found.names, limits):
            if not loss.is_met:
                yield f"{one.backend}, {loss.what}: {loss.measured}, {loss.limit} wanted"


def _losses(
    masks: Mapping[str, SegmenterParity], names: Mapping[str, ClassifierParity], limits: Limits
) -> list[_Loss]:
    losses = []
    if masks:
        worst = max(masks, key=lambda name: masks[name].dice_lost)
        losses.append(_dice_loss(f"Dice, worst set ({worst})", masks[worst].dice_lost, limits))
    if names:
        cells = sum(row.cells for row in names.values())
        lost = sum(row.cells * row.points_lost for row in names.values()) / cells
        losses.append(_accuracy_loss(f"accuracy, all {cells} cells", lost, limits))
        worst = max(names, key=lambda name: names[name].points_lost)
        label = f"accuracy, worst set ({worst}, {names[worst].cells} cells)"
        losses.append(_accuracy_loss(label, names[worst].points_lost, limits))
    return losses


def _dice_loss(what: str, lost: float, limits: Limits) -> _Loss:
    return _Loss(what, f"≤ {limits.dice:g}", f"{lost:+.4f}", lost <= limits.dice)


def _accuracy_loss(what: str, lost: float, limits: Limits) -> _Loss:
    # A loss that rounds to nothing has no sign.
    points = round(lost, 2) + 0.0
    return _Loss(what, f"≤ {limits.points:g} points", f"{points:+.2f}", lost <= limits.points)


def _table(losses: Sequence[_Loss]) -> str:
    rows = [
        (one.what, one.limit, one.measured, "pass" if one.is_met else "**short**") for one in losses
    ]
    return markdown_table(("lost by quantisation", "target", "measured", ""), rows)
