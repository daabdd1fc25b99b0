"""The picture of a session's slide: drawn on demand while it is open, kept when it is closed."""

from leuko.control import SeenSlide
from leuko.errors import StoreError
from leuko.reports import draw_overview, png_of
from leuko.store import Store, StoreReader


def slide_picture(reader: StoreReader, seen: SeenSlide) -> bytes:
    """Return a PNG of what was seen of a slide, with the cells of its session.

    Raises:
        StoreError: the cells cannot be read.
    """
    cells = () if seen.session is None else reader.cells(seen.session, pictures=False)
    return png_of(draw_overview(seen.overview, cells))


def keep_slide_picture(store: Store, seen: SeenSlide) -> str:
    """Keep the picture of an open session, for exports that come later.

    Args:
        store: has the session.
        seen: what was seen of its slide.

    Returns:
        Why it is not kept, a sentence: a session is closed without it; empty if there is nothing
        to say.
    """
    if seen.session is None:
        return ""
    try:
        store.save_overview(seen.session, slide_picture(store, seen))
    except StoreError as error:
        return str(error)
    return ""
