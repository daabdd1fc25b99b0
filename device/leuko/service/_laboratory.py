"""What is known of the laboratory again after a restart, by cells that the open session kept."""

from contextlib import suppress

from leuko.cells import LEUKOCYTES
from leuko.errors import ImageError
from leuko.images import decoded_picture
from leuko.pipeline import Analyser
from leuko.store import Store
from leuko.tracking import PICTURE_UM_PER_PX

_RECALLED = 20
"""Newest cells that are looked at again, a few milliseconds each."""


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
            with suppress(ImageError):
                analyser.learn(picture, um_per_px=PICTURE_UM_PER_PX)
