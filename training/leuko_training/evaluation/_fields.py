"""Leukocytes found and false regions in full fields."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from leuko.cells import Cell, CellRegion, CellStatus
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.evaluation._findings import Finding, name_in, true_regions
from leuko_training.evaluation._judged import JudgedBox, Verdict, verdict_on
from leuko_training.evaluation._matching import matched
from leuko_training.metrics import Proportion


@dataclass(frozen=True, slots=True)
class UnmatchedRegion:
    """A region that is no masked leukocyte.

    Attributes:
        item: the field.
        cell: what was found.
        best_iou: largest intersection over union with a masked leukocyte.
        verdict: what it is to the eye.
    """

    item: LabelledImage
    cell: Cell
    best_iou: float
    verdict: Verdict

    @property
    def is_false(self) -> bool:
        """Whether it is held against the model."""
        return self.verdict is not Verdict.LEUKOCYTE


@dataclass(frozen=True, slots=True)
class FieldScore:
    """What was found and missed in one field.

    Attributes:
        item: the field.
        missed: masked leukocytes that no region matches.
        masked: number of masked leukocytes.
        unmatched: regions that match no masked leukocyte.
    """

    item: LabelledImage
    missed: tuple[CellRegion, ...]
    masked: int
    unmatched: tuple[UnmatchedRegion, ...]


@dataclass(frozen=True, slots=True)
class FieldResult:
    """What was found and missed in the fields of one set.

    Attributes:
        dataset: name of the set.
        fields: the fields that have a mask.
        without_mask: number of fields without one, which were left out.
    """

    dataset: str
    fields: tuple[FieldScore, ...]
    without_mask: int

    @property
    def found(self) -> Proportion:
        """Masked leukocytes found."""
        masked = sum(field.masked for field in self.fields)
        return Proportion(masked - sum(len(field.missed) for field in self.fields), masked)

    @property
    def unmatched(self) -> tuple[UnmatchedRegion, ...]:
        """All regions that match no masked leukocyte."""
        return tuple(region for field in self.fields for region in field.unmatched)

    @property
    def false_per_field(self) -> float:
        """False regions a field, whatever the classifier makes of them."""
        return sum(region.is_false for region in self.unmatched) / len(self.fields)

    @property
    def false_counted_per_field(self) -> float:
        """False regions a field that end up in the differential."""
        false = [region.cell for region in self.unmatched if region.is_false]
        return sum(cell.status is CellStatus.COUNTED for cell in false) / len(self.fields)


def score_fields(
    dataset: str, findings: Iterable[Finding], root: Path, judged: tuple[JudgedBox, ...]
) -> FieldResult | None:
    """Return what was found in every field that has a mask; None when none has."""
    known = list(findings)
    fields = tuple(_scored(finding, root, judged) for finding in known if finding.item.mask)
    return FieldResult(dataset, fields, len(known) - len(fields)) if fields else None


def _scored(finding: Finding, root: Path, judged: tuple[JudgedBox, ...]) -> FieldScore:
    item = finding.item
    truths = true_regions(load_mask(item), um_per_px=item.um_per_px)
    matching = matched(finding.cells, truths)
    unmatched = [
        UnmatchedRegion(item, cell, best, verdict_on(name_in(root, item), cell.region.box, judged))
        for cell, best in matching.unmatched
    ]
    missed = tuple(truth for index, truth in enumerate(truths) if index not in matching.found)
    return FieldScore(item, missed, len(truths), tuple(unmatched))
