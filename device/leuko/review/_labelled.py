"""Reviewed cells as the adaptation to a laboratory reads them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from leuko.calibration import LabelledCell, cells_of_session, evenly
from leuko.cells import CellClass
from leuko.errors import CalibrationError, SessionError
from leuko.review._candidates import candidates_of
from leuko.review._kept import Review
from leuko.store import Store, StoreReader

_Place = tuple[int, int]
"""Session and number of a cell."""


@dataclass(frozen=True, slots=True)
class ReviewedCells:
    """What can be learnt from.

    Attributes:
        cells: at most `leuko.calibration.MOST_CELLS`, evenly over the classes and the sessions.
        left_out: reviewed cells that cannot be used, with the reason, a sentence each.
    """

    cells: Iterator[LabelledCell]
    left_out: tuple[str, ...]


def cells_of_reviews(store: Path, reviews: Iterable[Review], *, um_per_px: float) -> ReviewedCells:
    """Return the cells whose classes a person has confirmed.

    Args:
        store: file of the sessions.
        reviews: of sessions.
        um_per_px: scale of the pictures that are kept of cells.

    Raises:
        CalibrationError: not one cell was confirmed.
        StoreError: the sessions cannot be read.
    """
    left_out: list[str] = []
    turns: list[tuple[int, CellClass, _Place]] = []
    with Store.reading(store) as reader:
        for review in reviews:
            labels = _standing(reader, review, left_out)
            turns += _turns(review.session, labels)
    if not turns:
        raise CalibrationError(
            "no cell of a session that is kept has been confirmed; run leuko calibrate review"
        )
    # Every class takes turns between the sessions, so that none stands for one slide alone.
    turns.sort(key=itemgetter(0))
    chosen: dict[int, dict[int, CellClass]] = {}
    for name, (session, number) in evenly((name, place) for _, name, place in turns):
        chosen.setdefault(session, {})[number] = name
    return ReviewedCells(_cells(store, chosen, um_per_px=um_per_px), tuple(left_out))


def _standing(reader: StoreReader, review: Review, left_out: list[str]) -> dict[int, CellClass]:
    """Return the confirmed classes of the cells that are still what was shown."""
    try:
        pictures = {one.number: one.sha256 for one in candidates_of(reader, review.session)}
    except SessionError as error:
        left_out.append(f"session {review.session}: {error}")
        return {}
    labels = {}
    for number, answer in review.answers.items():
        if answer.cell_class is None:
            continue
        # A store that was lost is begun anew, and so are the numbers of its sessions.
        if pictures.get(number) == answer.sha256:
            labels[number] = answer.cell_class
        else:
            place = f"session {review.session}, cell {number}"
            left_out.append(f"{place}: the store has another picture than the one reviewed")
    return labels


def _turns(
    session: int, labels: Mapping[int, CellClass]
) -> Iterator[tuple[int, CellClass, _Place]]:
    seen: Counter[CellClass] = Counter()
    for number, name in labels.items():
        yield seen[name], name, (session, number)
        seen[name] += 1


def _cells(
    store: Path, chosen: Mapping[int, Mapping[int, CellClass]], *, um_per_px: float
) -> Iterator[LabelledCell]:
    for session, labels in chosen.items():
        yield from cells_of_session(store, session, labels, um_per_px=um_per_px)
