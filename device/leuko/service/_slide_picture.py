"""The picture of a session's slide: drawn on demand while it is open, kept when it is closed."""

import logging

from leuko.control import SeenSlide
from leuko.errors import StoreError
from leuko.reports import draw_overview, png_of
from leuko.store import Store, StoreReader

logger = logging.getLogger(__name__)


def slide_picture(reader: StoreReader, seen: SeenSlide) -> bytes:
    """Return a PNG of what was seen of a slide, with the cells of its session.

    Raises:
        StoreError: the cells cannot be read.
    """
    cells = () if seen.session is None else reader.cells(seen.session, pictures=False)
    return png_of(draw_overview(seen.overview, cells))


def keep_slide_picture(store: Store, seen: SeenSlide) -> None:
    """Keep the picture of an open session, for exports that come later; a full disk stops nothing.

    Args:
        store: has the session.
        seen: what was seen of its slide.
    """
    if seen.session is None:
        return
    try:
        store.save_overview(seen.session, slide_picture(store, seen))
    except StoreError as error:
        logger.warning("session %d is closed without its picture: %s", seen.session, error)
