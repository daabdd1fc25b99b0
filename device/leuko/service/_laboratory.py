"""What is known of the laboratory by the cells of the open session, each of them once."""

from collections.abc import Iterable
from contextlib import suppress

from leuko.cells import LEUKOCYTES, RGBImage
from leuko.errors import ImageError
from leuko.images import decoded_picture
from leuko.pipeline import Analyser
from leuko.store import Store
from leuko.tracking import PICTURE_UM_PER_PX, TrackedCell

_RECALLED = 60
"""Newest cells that are looked at again, some ten milliseconds each."""


def know_by_cells(analyser: Analyser, cells: Iterable[TrackedCell]) -> None:
    """Let an analyser know its laboratory by cells that were seen often enough for the first time.

    Args:
        analyser: names the cells to come.
        cells: what a frame brought; those of no leukocyte's class are passed over.

    Raises:
        EngineError: the engine failed.
    """
    for cell in cells:
        if cell.cell_class.is_counted and cell.picture is not None:
            _know_by(analyser, cell.picture)


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
