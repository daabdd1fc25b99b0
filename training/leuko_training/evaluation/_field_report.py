"""The full fields' part of the report: what was missed, and what fits no mask."""

from collections.abc import Iterator

from leuko_training.evaluation._fields import FieldResult
from leuko_training.evaluation._findings import name_in
from leuko_training.evaluation._markdown import counted, size, table, words
from leuko_training.evaluation._matching import SAME_LEUKOCYTE_IOU
from leuko_training.evaluation._run import Evaluation


def field_lines(evaluation: Evaluation, pictures: str) -> Iterator[str]:
    """Yield the lines on full fields; none if there are no fields."""
    if evaluation.fields is None:
        return
    result = evaluation.fields
    yield f"## Full fields: {result.dataset}\n"
    yield f"A masked leukocyte is found when a region fits it with an IoU of {SAME_LEUKOCYTE_IOU:g}"
    yield "or more. A region that fits none is false, unless it was looked at and is a leukocyte"
    yield "that nobody masked (`training/leuko_training/unmasked_leukocytes.toml`).\n"
    yield from _field_counts(result)
    yield from _missed(result, evaluation)
    yield from _unmatched(result, evaluation, pictures)


def _field_counts(result: FieldResult) -> Iterator[str]:
    unmatched = result.unmatched
    real = sum(not region.is_false for region in unmatched)
    yield f"- {len(result.fields)} fields; {result.without_mask} more have no mask and are left out"
    yield f"- masked leukocytes found: {counted(result.found)}"
    yield f"- regions that fit no mask: {len(unmatched)}, of which {real} are unmasked leukocytes"
    yield f"- false regions per field: {result.false_per_field:.2f}; those that the classifier lets"
    yield f"  into the differential: {result.false_counted_per_field:.2f}\n"


def _missed(result: FieldResult, evaluation: Evaluation) -> Iterator[str]:
    rows = [
        (
            name_in(evaluation.root, field.item),
            f"{r.box.x}, {r.box.y}",
            size(r.box.width, r.box.height),
        )
        for field in result.fields
        for r in field.missed
    ]
    if rows:
        yield "Masked leukocytes missed:\n"
        yield from table(("field", "x, y", "size"), rows)


def _unmatched(result: FieldResult, evaluation: Evaluation, pictures: str) -> Iterator[str]:
    if not result.unmatched:
        return
    yield f"Regions that fit no mask, drawn by number in `{pictures}/unmatched`:\n"
    rows = (
        (
            f"{number:03d}",
            name_in(evaluation.root, region.item),
            f"{region.cell.region.box.x}, {region.cell.region.box.y}",
            size(region.cell.region.box.width, region.cell.region.box.height),
            f"{region.best_iou:.2f}",
            f"{words(region.cell.cell_class)} {region.cell.probability:.2f}",
            f"{region.cell.status}",
            f"{region.verdict}",
        )
        for number, region in enumerate(result.unmatched, start=1)
    )
    headings = ("", "field", "x, y", "size", "best IoU", "named", "status", "to the eye")
    yield from table(headings, rows)
