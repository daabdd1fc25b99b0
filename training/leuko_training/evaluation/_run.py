"""The whole evaluation: every set of the held-out fold through the device's own analysis."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from leuko.bundle import ModelBundle
from leuko_training.datasets import TRANSFER_FOLD, LabelledImage, available_datasets, read_dataset
from leuko_training.errors import DatasetError
from leuko_training.evaluation._fields import FieldResult, score_fields
from leuko_training.evaluation._findings import (
    AnalyseAt,
    Finding,
    analysis_of,
    find_cells,
    pictures_of,
)
from leuko_training.evaluation._judged import JudgedBox, read_judged
from leuko_training.evaluation._names import NameResult, name_cells
from leuko_training.evaluation._outlines import OutlineResult, score_outlines
from leuko_training.evaluation._scales import BOXED, ScaleResult, score_scales
from leuko_training.evaluation._simulated import (
    SimulatedResult,
    SimulatedSlide,
    score_simulated,
    simulated_slides,
)
from leuko_training.uncarded import sha256_without_card

OUTLINED = ("segmentation_wbc_1", "segmentation_wbc_2", "bcisc_crops", "krd-wbc", "bccd")
"""Sets whose masks hold all leukocytes of an image."""

NAMED = ("pbc", "bcisc_crops", "raabin", "raabin_test_b", *OUTLINED[:2], *OUTLINED[3:])
"""Sets whose images are about one leukocyte of known class."""

FIELDS = "bcisc_fields"
"""The set of full fields."""

TRANSFERRED = ("raabin_test_b",)
"""Sets that are never trained on, and judged as a whole."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What was evaluated.

    Attributes:
        label: name for people.
        sha256: hash of the bundle's manifest, empty for what is no bundle.
        unclassified_below: probability below which a cell is unclassified where nothing is known
            of the laboratory's own cells.
        held_out: what it was never trained nor tuned on, in its maker's words.
    """

    label: str
    sha256: str
    unclassified_below: float
    held_out: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything measured of one bundle.

    Attributes:
        subject: what was evaluated.
        root: folder of all data sets.
        fold: the held-out fold.
        outlines: one result a set with masks.
        fields: the full fields; None when they are not there.
        names: one result a set with classes.
        scales: one result a group of fields whose red cells were measured.
        absent: sets that should have been judged but are not below the root.
        simulated: simulated slides; None when there were none.
    """

    subject: Subject
    root: Path
    fold: str
    outlines: tuple[OutlineResult, ...]
    fields: FieldResult | None
    names: tuple[NameResult, ...]
    scales: tuple[ScaleResult, ...]
    absent: tuple[str, ...]
    simulated: SimulatedResult | None = None


def subject_of(bundle: ModelBundle) -> Subject:
    """Return what a bundle is called in an evaluation; its model card, made later, has no part."""
    sha256 = sha256_without_card(bundle)
    return Subject(
        label=f"{bundle.manifest.id} {bundle.manifest.version} {sha256[:8]}",
        sha256=sha256,
        unclassified_below=bundle.manifest.classifier.unclassified_below,
        held_out=bundle.manifest.split.held_out,
    )


def evaluate(
    bundle: ModelBundle, root: Path, *, fold: str = "0", seeds: Sequence[int] = ()
) -> Evaluation:
    """Return everything measured of a bundle, run as the device runs it.

    Args:
        bundle: the bundle.
        root: folder of all data sets.
        fold: the fold that the bundle has never seen.
        seeds: simulated slides that it has never seen.
    """
    slides = simulated_slides(seeds) if seeds else ()
    subject = subject_of(bundle)
    analyse_at = partial(analysis_of, bundle)
    return evaluate_analysis(analyse_at, subject, root, fold=fold, slides=slides)


def evaluate_analysis(
    analyse_at: AnalyseAt,
    subject: Subject,
    root: Path,
    *,
    fold: str = "0",
    judged: tuple[JudgedBox, ...] | None = None,
    slides: Iterable[SimulatedSlide] = (),
) -> Evaluation:
    """Return everything measured of any analysis of fields.

    Args:
        analyse_at: the analysis; every set is a laboratory, and every simulated slide.
        subject: what it is called, and when it calls a cell unclassified.
        root: folder of all data sets.
        fold: the fold that the analysis has never seen.
        judged: unmasked places looked at; None takes those that come with the package.
        slides: simulated ones to judge, too.

    Raises:
        DatasetError: no image of the fold is below the root.
    """
    wanted = tuple(dict.fromkeys((*OUTLINED, *NAMED, FIELDS)))
    items = _held_out(wanted, root, fold)
    if not any(items.values()):
        raise DatasetError(
            f"{root} holds no image of fold {fold}; name the folder of all data sets"
        )
    found: dict[str, list[Finding]] = {}
    below: dict[str, float] = {}
    for name in wanted:
        if items[name]:
            analysis = analyse_at(pictures_of(items[name]))
            found[name] = list(find_cells(items[name], analysis.cells_of, name))
            below[name] = analysis.unclassified_below
    outlines = [score_outlines(name, found[name]) for name in OUTLINED if name in found]
    names = [
        name_cells(name, found[name], unclassified_below=below[name])
        for name in NAMED
        if name in found
    ]
    judged = read_judged() if judged is None else judged
    return Evaluation(
        subject=subject,
        root=root,
        fold=fold,
        outlines=tuple(result for result in outlines if result),
        fields=score_fields(FIELDS, found.get(FIELDS, []), root, judged),
        names=tuple(result for result in names if result),
        scales=score_scales([*items[FIELDS], *items[BOXED]], root),
        absent=tuple(name for name in wanted if name not in found),
        simulated=score_simulated(slides, analyse_at),
    )


def _held_out(names: Sequence[str], root: Path, fold: str) -> Mapping[str, Sequence[LabelledImage]]:
    there = available_datasets(root)
    items: dict[str, list[LabelledImage]] = {}
    for name in names:
        of_fold = TRANSFER_FOLD if name in TRANSFERRED else fold
        known = read_dataset(name, root) if name in there else []
        items[name] = [item for item in known if item.fold == of_fold]
    return items
