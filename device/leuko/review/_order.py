"""Which cell a person is shown next."""

from collections import Counter
from collections.abc import Iterable, Mapping

from leuko.calibration import MOST_CELLS
from leuko.review._candidates import Candidate
from leuko.review._kept import Reviewed

WANTED = 20
"""Confirmed cells of a class that are enough to learn it by."""


def next_candidate(
    candidates: Iterable[Candidate], answers: Mapping[int, Reviewed]
) -> Candidate | None:
    """Return the cell that brings every class soonest to `WANTED`; None once there are enough.

    The class that has fewest comes first, and of it the cell that the count was least sure of.

    Args:
        candidates: the cells of a session.
        answers: what was said of cells, by number.
    """
    confirmed = Counter(one.cell_class for one in answers.values() if one.cell_class)
    if confirmed.total() >= MOST_CELLS:
        return None
    # Each cell that was not what was proposed puts that proposal back by one, lest the artefacts
    # that a bundle takes for basophils are all shown before any other cell.
    wrong = Counter(one.proposed for one in answers.values() if one.cell_class != one.proposed)

    def turn(cell: Candidate) -> tuple[int, int, bool, float, int]:
        name = cell.proposed
        has_enough = confirmed[name] >= WANTED
        group = 1 if not name.is_counted else 2 * has_enough
        shown = confirmed[name] + wrong[name]
        return group, shown, not cell.is_unclassified, cell.probability, cell.number

    return min((one for one in candidates if one.number not in answers), key=turn, default=None)
