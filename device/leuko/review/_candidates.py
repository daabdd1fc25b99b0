"""The cells of a session that a person can be shown."""

import hashlib
from dataclasses import dataclass

from leuko.cells import CellClass, CellStatus
from leuko.errors import SessionError
from leuko.images import decoded_picture
from leuko.store import CellRecord, StoreReader


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cell that has a picture.

    Attributes:
        number: of the cell in its session.
        proposed: its likeliest class.
        probability: of that class, 0 to 1.
        is_unclassified: whether the count was not sure of it.
        sha256: of its picture's file.
    """

    number: int
    proposed: CellClass
    probability: float
    is_unclassified: bool
    sha256: str


def candidates_of(reader: StoreReader, session: int) -> list[Candidate]:
    """Return the cells of a closed session, by number; none that was merged or has no picture.

    Args:
        reader: has the sessions.
        session: which one.

    Raises:
        SessionError: there is no such session, or its cells may still change.
        StoreError: the sessions cannot be read.
    """
    state = reader.session(session).state
    if state.is_open:
        raise SessionError(
            f"session {session} is {state}, so that its cells may still change; finish it first"
        )
    cells = (cell for cell in reader.cells(session) if cell.merged_into is None)
    return [_candidate(cell) for cell in cells if decoded_picture(cell.picture) is not None]


def _candidate(cell: CellRecord) -> Candidate:
    return Candidate(
        number=cell.number,
        proposed=cell.cell_class,
        probability=cell.probabilities[list(CellClass).index(cell.cell_class)],
        is_unclassified=cell.status is CellStatus.UNCLASSIFIED,
        sha256=hashlib.sha256(cell.picture or b"").hexdigest(),
    )
