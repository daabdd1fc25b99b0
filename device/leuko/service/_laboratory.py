"""What is known of the laboratory by the cells of the open session, each of them once."""

from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from leuko.cells import LEUKOCYTES, RGBImage
from leuko.errors import ImageError
from leuko.images import decoded_picture
from leuko.pipeline import Analyser
from leuko.store import Store
from leuko.tracking import PICTURE_UM_PER_PX, TrackedCell

_RECALLED = 40
"""Newest cells that are looked at again, some ten milliseconds each."""
_MOST_AT_ONCE = 2
"""Cells that a frame may be held up by; a stretch that is joined brings many."""


class NewCells:
    """Lets an analyser know its laboratory by newly counted cells, a few with each frame."""

    def __init__(self, analyser: Analyser) -> None:
        """Begin without any.

        Args:
            analyser: names the cells to come.
        """
        self._analyser = analyser
        self._waiting: deque[RGBImage] = deque(maxlen=_RECALLED)

    def see(self, cells: Iterable[TrackedCell]) -> None:
        """Take in cells that were seen often enough for the first time; called with each frame.

        Args:
            cells: what the frame brought; those of no leukocyte's class are passed over.

        Raises:
            EngineError: the engine failed.
        """
        if not self._analyser.compares_cells:
            return
        for cell in cells:
            if cell.cell_class.is_counted and cell.picture is not None:
                self._waiting.append(cell.picture)
        for _ in range(min(_MOST_AT_ONCE, len(self._waiting))):
            _know_by(self._analyser, self._waiting.popleft())


def recall_laboratory(analyser: Analyser, store: Store, session: int) -> None:
    """Let an analyser know its laboratory by a session's cells, before the first frame.

    A picture that cannot be analysed teaches nothing.

    Args:
        analyser: names the cells to come.
        store: has the cells' pictures.
        session: its number in the store.

    Raises:
        StoreError: the store cannot be read.
        EngineError: the engine failed.
    """
    if not analyser.evens_laboratory:
        return
    for cell in reversed(store.newest_cells(session, classes=LEUKOCYTES, limit=_RECALLED)):
        picture = decoded_picture(cell.picture)
        if picture is not None:
            _know_by(analyser, picture)


def _know_by(analyser: Analyser, picture: RGBImage) -> None:
    # A picture that cannot be analysed teaches nothing.
    with suppress(ImageError):
        analyser.learn_cell(picture, um_per_px=PICTURE_UM_PER_PX)
