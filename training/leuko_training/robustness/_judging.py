"""Whole bundles in laboratories that they have not seen, whose pictures are altered."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

import numpy as np

from leuko.bundle import ModelBundle
from leuko.cells import Cell, RGBImage
from leuko_training.datasets import LabelledImage
from leuko_training.evaluation import (
    analysis_of,
    find_cells,
    name_cells,
    pictures_of,
    score_outlines,
)
from leuko_training.metrics import Proportion
from leuko_training.robustness._changes import Change

SEED = 1
IMAGES = 100
"""Of a laboratory, by lot; all changes together take two minutes on one core."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a bundle made of a laboratory's altered images.

    Attributes:
        laboratory: the one left out.
        change: what was altered, in words.
        images: how many were analysed.
        found: labelled leukocytes found.
        named: those named right among the five classes; one not found is wrong.
        unclassified: leukocytes found that got no class.
        right: leukocytes named right, of eight classes, among those with a class.
        dice: mean of each image's regions against its mask; None where nothing is masked.
    """

    laboratory: str
    change: str
    images: int
    found: Proportion
    named: Proportion
    unclassified: Proportion
    right: Proportion
    dice: float | None


def by_lot(items: Sequence[LabelledImage], *, most: int = IMAGES) -> list[LabelledImage]:
    """Return images that have one labelled cell, no more than so many."""
    # Which of a full field's cells is the labelled one, only a mask tells, and few have one.
    known = [item for item in items if item.label and item.dataset != "bcisc_fields"]
    rows = np.random.default_rng(SEED).permutation(len(known))[:most]
    return [known[row] for row in rows]


def judge_altered(
    bundle: ModelBundle, laboratory: str, items: Sequence[LabelledImage], change: Change
) -> Judged:
    """Return what a bundle makes of altered images, run as the device runs it.

    Args:
        bundle: has not seen the laboratory.
        laboratory: its name.
        items: its images, each about one labelled cell.
        change: what is altered; the laboratory gets known by altered images, too.
    """

    def altered(rgb: RGBImage, um_per_px: float) -> tuple[RGBImage, float]:
        return change.alter(rgb, um_per_px), change.misjudged * um_per_px

    analysis = analysis_of(bundle, starmap(altered, pictures_of(items)))

    def cells_of(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
        return analysis.cells_of(*altered(rgb, um_per_px))

    findings = list(find_cells(items, cells_of, change.words))
    names = name_cells(laboratory, findings, unclassified_below=analysis.unclassified_below)
    outlines = score_outlines(laboratory, findings)
    nothing = Proportion(0, 0)
    return Judged(
        laboratory,
        change.words,
        len(items),
        found=names.found if names else nothing,
        named=names.accuracy if names else nothing,
        unclassified=names.unclassified if names else nothing,
        right=names.accuracy_of_classified if names else nothing,
        dice=outlines.mean("dice").mean if outlines else None,
    )
