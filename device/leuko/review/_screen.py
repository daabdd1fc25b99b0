"""One cell after the other, each answer kept before the next cell is shown."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from leuko.calibration import MOST_CELLS
from leuko.cells import CellClass, RGBImage
from leuko.certainty import in_percent
from leuko.clock import Moment
from leuko.review._candidates import Candidate
from leuko.review._kept import Review, Reviewed
from leuko.review._order import WANTED, next_candidate
from leuko.shown import ReviewStep


class Turn(StrEnum):
    """What a person answers who names no class."""

    SKIP = "skip"
    """It cannot be told."""
    BACK = "back"
    """The cell before is to be shown once more."""
    STOP = "stop"
    """No more for now."""


Ask = Callable[[ReviewStep], CellClass | Turn]
"""Shows a cell and returns what the person says; leaves the keys to be named to the screen."""


def review_cells(
    review: Review,
    candidates: Sequence[Candidate],
    *,
    picture: Callable[[int], RGBImage],
    ask: Ask,
    by: str,
    clock: Callable[[], Moment],
) -> None:
    """Have a person say what cells are, until there are enough or the person stops.

    It goes on where it stopped; of a review that has all it can have, the last cell is shown
    again.

    Args:
        review: keeps the answers.
        candidates: the cells of its session.
        picture: returns that of a cell, by number.
        ask: asks the person.
        by: who the person is.
        clock: gives the present moment.

    Raises:
        OutputError: an answer cannot be kept.
    """
    cells = {cell.number: cell for cell in candidates}
    was_complete = next_candidate(candidates, review.answers) is None
    seen = _seen(review, cells)
    at = len(seen) - was_complete
    while cell := _shown(seen, at, cells) or next_candidate(candidates, review.answers):
        left = len(cells) - len(seen)
        answer = ask(_step(review, cell, picture(cell.number), before=seen[:at], left=left))
        if answer is Turn.STOP:
            return
        if answer is Turn.BACK:
            at = max(0, at - 1)
            continue
        said = None if isinstance(answer, Turn) else answer
        review.keep({cell.number: Reviewed(said, cell.proposed, cell.sha256, by, clock())})
        seen = _seen(review, cells)
        at = len(seen)


def _seen(review: Review, cells: dict[int, Candidate]) -> list[int]:
    return [number for number in review.answers if number in cells]


def _shown(seen: Sequence[int], at: int, cells: dict[int, Candidate]) -> Candidate | None:
    return cells[seen[at]] if 0 <= at < len(seen) else None


def _step(
    review: Review, cell: Candidate, picture: RGBImage, *, before: Sequence[int], left: int
) -> ReviewStep:
    answers, confirmed = review.answers, review.confirmed
    number = sum(answers[one].cell_class is not None for one in before) + 1
    said = answers.get(cell.number)
    return ReviewStep(
        picture=picture,
        number=number,
        of=max(number, min(MOST_CELLS, confirmed.total() + left)),
        proposed=(said and said.cell_class) or cell.proposed,
        remark=_remark(cell, said),
        confirmed=confirmed,
        wanted=WANTED,
        answers="",
    )


def _remark(cell: Candidate, said: Reviewed | None) -> str:
    if said is not None:
        return "your answer" if said.cell_class else "skipped"
    percent = in_percent(cell.probability)
    return f"{percent}, unsure" if cell.is_unclassified else percent
