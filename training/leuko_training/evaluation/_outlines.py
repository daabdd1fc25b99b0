"""How well leukocytes are outlined: the union of all regions against the true mask."""

from collections.abc import Iterable
from dataclasses import dataclass

from leuko.cells import Cell
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.evaluation._findings import Finding, union_of
from leuko_training.metrics import Estimate, SegmentationScore, mean_with_interval, score_masks


@dataclass(frozen=True, slots=True)
class OutlineScore:
    """How well the leukocytes of one image are outlined.

    Attributes:
        item: the image.
        cells: what was found in it.
        score: the six measures, of all regions.
        marked_dice: Dice of those regions alone that touch the mask. Some sets mask only the
            leukocyte in the middle and leave its neighbours unmarked.
    """

    item: LabelledImage
    cells: tuple[Cell, ...]
    score: SegmentationScore
    marked_dice: float


@dataclass(frozen=True, slots=True)
class OutlineResult:
    """How well the leukocytes of one set are outlined.

    Attributes:
        dataset: name of the set.
        images: the images in the order of the set.
    """

    dataset: str
    images: tuple[OutlineScore, ...]

    def mean(self, measure: str) -> Estimate:
        """Return the mean of one measure over the images.

        Args:
            measure: one of `leuko_training.metrics.MEASURES`.
        """
        return mean_with_interval(self.values(measure))

    def values(self, measure: str) -> list[float]:
        """Return one measure of every image."""
        return [float(getattr(image.score, measure)) for image in self.images]

    @property
    def marked_dice(self) -> Estimate:
        """Mean Dice of the regions that touch the mask."""
        return mean_with_interval([image.marked_dice for image in self.images])

    def worst(self, count: int) -> tuple[OutlineScore, ...]:
        """Return the images with the lowest Dice, the lowest first."""
        return tuple(sorted(self.images, key=lambda image: image.score.dice)[:count])


def score_outlines(dataset: str, findings: Iterable[Finding]) -> OutlineResult | None:
    """Return the scores of all images that have a mask; None when none has."""
    images = tuple(_scored(finding) for finding in findings if finding.item.mask)
    return OutlineResult(dataset, images) if images else None


def _scored(finding: Finding) -> OutlineScore:
    truth = load_mask(finding.item)
    score = score_masks(truth, union_of(finding.cells, finding.shape))
    touching = [cell for cell in finding.cells if (union_of([cell], truth.shape) & truth).any()]
    marked = score_masks(truth, union_of(touching, finding.shape))
    return OutlineScore(finding.item, finding.cells, score, marked.dice)
