"""The session that was closed last, to be had on a USB stick without a keyboard."""

from leuko.control._controls import Archive
from leuko.errors import SessionError
from leuko.status import shown_specimen

_NEWEST = 2
"""Sessions to look at: of the newest two, one at most is open."""


def export_last_session(archive: Archive) -> str:
    """Write the session that was closed last to the USB stick; return what was written where.

    Raises:
        SessionError: none was closed yet.
        StoreError: it cannot be read.
        OutputError: there is no stick, or it cannot be written; nothing is lost.
    """
    newest = archive.sessions(limit=_NEWEST)
    entry = next((entry for entry in newest if not entry.state.is_open), None)
    if entry is None:
        raise SessionError("no session was closed yet; finish one, then export it")
    folder = archive.export(entry.session, folder=None, pictures=False, seen=None)
    return f"{shown_specimen(entry.specimen)} ({entry.state}) is written to {folder}"
