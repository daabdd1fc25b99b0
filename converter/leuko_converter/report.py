"""What two trained models lost by becoming a bundle, set by set and against the targets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import keras

from leuko.backends import Accelerator
from leuko.bundle import ModelBundle
from leuko.inference import Engine
from leuko.verification import model_contents
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
from leuko_converter.quantize import with_input_size
from leuko_converter.representative import (
    LabelledViews,
    by_dataset,
    central_tiles,
    central_windows,
    named_crops,
    plain_cells,
)
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

_LOSSES = ("Dice, locator", "Dice, outliner", "points, all", "points, worst")
"""What may be lost, as the columns of the backends name it; Dice is that of the worst set."""
_NOTHING = Figures({}, {}, {})


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
    """Return locator, outliner and classifier, float against int8, set by set and on every backend.

    Args:
        segmenter: a trained segmenter, at the outliner's input size.
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
    size = bundle.manifest.segmenter.tile_height, bundle.manifest.segmenter.tile_width
    locator = with_input_size(segmenter, *size)
    tiles_of = partial(central_tiles, height=size[0], width=size[1])

    def compare(fitted: ModelBundle, runs_on: Engine) -> Figures:
        tiles, windows, cells = model_contents(fitted).values()
        return Figures(
            segmenter_parity(locator, tiles, judged, tiles_of, engine=runs_on),
            segmenter_parity(segmenter, windows, judged, central_windows, engine=runs_on),
            classifier_parity(classifier, cells, judged, segmenter, engine=runs_on),
        )

    backends = on_every_backend(bundle, engine, accelerators, compare=compare)
    return Report(_text(bundle, judged, backends, limits), tuple(backend_losses(backends, limits)))


def segmenter_parity(
    segmenter: keras.Model,
    tflite: bytes,
    judged: Sequence[LabelledImage],
    views: Callable[[Iterable[LabelledImage]], LabelledViews],
    *,
    engine: Engine,
) -> Mapping[str, SegmenterParity]:
    """Return the figures of locator or outliner on every set that has masks."""
    masked = [item for item in judged if item.mask and item.dataset in SHARE]
    rows = {}
    for name, items in by_dataset(masked, lambda item: item.dataset).items():
        seen = views(items)
        rows[name] = compare_segmenter(segmenter, tflite, seen.images, seen.masks, engine=engine)
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


def goal_table(found: Figures, limits: Limits = LIMITS) -> str:
    """Return what was lost beside what may be lost, as Markdown; sets that are absent are none."""
    rows = [
        (one.what, one.limit, one.measured, "pass" if one.is_met else "**short**")
        for one in _losses(found, limits).values()
    ]
    return markdown_table(("lost by quantisation", "target", "measured", ""), rows)


def backend_table(backends: Sequence[BackendParity], limits: Limits) -> str:
    """Return a row for each backend, as Markdown; empty where it is not at hand."""
    rows = []
    for one in backends:
        losses = _losses(one.figures or _NOTHING, limits)
        golden = "" if one.golden_lsb is None else str(one.golden_lsb)
        figures = [losses[name].measured if name in losses else "" for name in _LOSSES]
        rows.append((str(one.backend), golden, *figures, one.text))
    return markdown_table(("backend", "golden, LSB", *_LOSSES, "what"), rows)


def backend_losses(backends: Sequence[BackendParity], limits: Limits) -> Iterator[str]:
    """Yield what is beyond its limit on any backend, as a clause."""
    for one in backends:
        if not one.is_golden:
            yield f"{one.backend}: {one.golden_lsb} LSB off the golden outputs"
        for loss in _losses(one.figures or _NOTHING, limits).values():
            if not loss.is_met:
                yield f"{one.backend}, {loss.what}: {loss.measured}, {loss.limit} wanted"


def _text(
    bundle: ModelBundle,
    judged: Sequence[LabelledImage],
    backends: Sequence[BackendParity],
    limits: Limits,
) -> str:
    on_cpu = backends[0].figures or _NOTHING
    folds = ", ".join(sorted({item.fold for item in judged}))
    return (
        f"# Float against int8: {bundle.label}\n\n"
        f"`leuko-convert parity`, all {len(judged)} images of fold {folds}; by LiteRT on the CPU.\n"
        "Of every masked image the locator sees a tile of the coarse view, the outliner a fine\n"
        "window, around the largest leukocyte; the classifier sees every cell as the device cuts "
        f"it out.\n\n## Against the targets\n\n{goal_table(on_cpu, limits)}\n"
        f"## Locator\n\n{segmenter_table(on_cpu.tiles)}\n"
        f"## Outliner\n\n{segmenter_table(on_cpu.masks)}\n"
        f"## Classifier\n\n{classifier_table(on_cpu.names)}\n"
        f"## Every backend\n\n{backend_table(backends, limits)}"
    )


def _losses(found: Figures, limits: Limits) -> dict[str, _Loss]:
    """Return what was lost, by the names of `_LOSSES`; nothing of a model that no set judged."""
    losses = {
        f"Dice, {model}": _dice_loss(model, masks, limits)
        for model, masks in (("locator", found.tiles), ("outliner", found.masks))
        if masks
    }
    if found.names:
        losses["points, all"], losses["points, worst"] = _accuracy_losses(found.names, limits)
    return losses


def _dice_loss(model: str, masks: Mapping[str, SegmenterParity], limits: Limits) -> _Loss:
    worst = max(masks, key=lambda name: masks[name].dice_lost)
    lost, what = masks[worst].dice_lost, f"Dice of the {model}, worst set ({worst})"
    return _Loss(what, f"≤ {limits.dice:g}", f"{lost:+.4f}", lost <= limits.dice)


def _accuracy_losses(names: Mapping[str, ClassifierParity], limits: Limits) -> tuple[_Loss, _Loss]:
    cells = sum(row.cells for row in names.values())
    lost = sum(row.cells * row.points_lost for row in names.values()) / cells
    worst = max(names, key=lambda name: names[name].points_lost)
    label = f"accuracy, worst set ({worst}, {names[worst].cells} cells)"
    return (
        _accuracy_loss(f"accuracy, all {cells} cells", lost, limits),
        _accuracy_loss(label, names[worst].points_lost, limits),
    )


def _accuracy_loss(what: str, lost: float, limits: Limits) -> _Loss:
    # A loss that rounds to nothing has no sign.
    points = round(lost, 2) + 0.0
    return _Loss(what, f"≤ {limits.points:g} points", f"{points:+.2f}", lost <= limits.points)
