"""What a bundle makes of the images of one set, found, outlined and named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

from leuko_training.certainty import calibration_gaps, error_by_chance
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.evaluation import (
    Analyse,
    NameResult,
    find_cells,
    name_cells,
    read_judged,
    score_fields,
    score_outlines,
)
from leuko_training.images import read_rgb
from leuko_training.metrics import Estimate, Proportion

FIELDS = "bcisc_fields"
"""The set of full fields; all others are about one leukocyte an image."""


@dataclass(frozen=True, slots=True)
class WholeFigures:
    """What a bundle made of the images of one set of a laboratory it has not seen.

    Attributes:
        dataset: name of the set.
        images: how many were analysed.
        found: labelled leukocytes found; in full fields, masked ones.
        false: regions that touch no mask, in each image with its mirror image around it; in
            full fields, regions that fit none. None where nothing is masked.
        dice: of each image's regions against its mask; None where nothing is masked.
        named: labelled leukocytes named right among the five classes; one not found is wrong. This
            and what follows is of masked ones in full fields.
        unclassified: leukocytes found that got no class.
        right: leukocytes named right, of eight classes, among those with a class.
        gaps: how much too sure the names of leukocytes found are, as of
            `leuko_training.certainty.calibration_gaps`; empty where none was.
        by_chance: what chance would leave of their calibration error if each probability were
            right; None where there is none.
    """

    dataset: str
    images: int
    found: Proportion
    false: float | None
    dice: Estimate | None
    named: Proportion
    unclassified: Proportion
    right: Proportion
    gaps: tuple[float, ...]
    by_chance: float | None

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error of the leukocytes found, 0 to 1; None where none was."""
        return sum(map(abs, self.gaps)) if self.gaps else None


def figures_of(
    name: str,
    items: Sequence[LabelledImage],
    analyse: Analyse,
    root: Path,
    *,
    unclassified_below: float,
) -> WholeFigures:
    """Return what an analysis makes of the images of one set.

    Args:
        name: the set.
        items: its images.
        analyse: the analysis.
        root: folder of all data sets.
        unclassified_below: probability below which a cell gets no class.
    """
    findings = list(find_cells(items, analyse, name))
    # Which of a full field's cells is the labelled one, its mask alone tells.
    placed = [one for one in findings if one.item.mask or name != FIELDS]
    names = name_cells(name, placed, unclassified_below=unclassified_below)
    nothing = Proportion(0, 0)
    fields = score_fields(name, findings, root, read_judged()) if name == FIELDS else None
    outlines = None if fields else score_outlines(name, findings)
    masked = [item for item in items if item.mask]
    false = _false_in_context(masked, analyse) if outlines else None
    gaps, by_chance = _calibration(names)
    return WholeFigures(
        dataset=name,
        images=len(items),
        found=fields.found if fields else (names.found if names else nothing),
        false=fields.false_per_field if fields else false,
        dice=outlines.mean("dice") if outlines else None,
        named=names.accuracy if names else nothing,
        unclassified=names.unclassified if names else nothing,
        right=names.accuracy_of_classified if names else nothing,
        gaps=gaps,
        by_chance=by_chance,
    )


def _calibration(names: NameResult | None) -> tuple[tuple[float, ...], float | None]:
    """Return how much too sure names are, and what chance would leave of the error."""
    if names is None:
        return (), None
    best, is_right = names.sureness
    if not best.size:
        return (), None
    return calibration_gaps(best, is_right), error_by_chance(best, seed=1)


def _false_in_context(items: Sequence[LabelledImage], analyse: Analyse) -> float:
    counts = [_false_regions(item, analyse) for item in track(items, f"{'in context':<20}")]
    return float(np.mean(counts))


def _false_regions(item: LabelledImage, analyse: Analyse) -> int:
    """Return how many regions touch no mask when a crop's mirror image surrounds it."""
    rgb, mask = read_rgb(item.image), load_mask(item)
    rim = [(side // 2, side // 2) for side in mask.shape]
    field = np.pad(rgb, [*rim, (0, 0)], mode="reflect")
    truth = np.pad(mask, rim, mode="reflect")
    regions = [cell.region for cell in analyse(field, item.um_per_px)]
    boxes = [
        np.s_[r.box.y : r.box.y + r.box.height, r.box.x : r.box.x + r.box.width] for r in regions
    ]
    return sum(
        not (truth[box] & region.mask).any() for box, region in zip(boxes, regions, strict=True)
    )
