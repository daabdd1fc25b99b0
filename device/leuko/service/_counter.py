"""The counter of a session, new or taken up again."""

from pathlib import Path

from leuko.live import LiveCounter
from leuko.pipeline import Analyser
from leuko.service._keyframe_file import KeyframeFile
from leuko.service._session import OpenSession, tracked_cell
from leuko.tracking import CellLedger, SlideTracker
from leuko.vision.quality import DEFAULT_LIMITS, QualityLimits


def make_counter(
    analyser: Analyser,
    keyframes: Path,
    um_per_px: float,
    session: OpenSession | None,
    *,
    limits: QualityLimits = DEFAULT_LIMITS,
) -> LiveCounter:
    """Return a counter that goes on from the cells of a session and knows its ground again.

    Args:
        analyser: finds and names cells.
        keyframes: the file in which the tracker keeps what it recognises the slide by.
        um_per_px: scale of the frames.
        session: open; None to follow the slide without counting.
        limits: what is asked of a frame.
    """
    kept = session.kept_cells() if session else []
    first_segment = max((cell.segment for cell in kept), default=0) + 1
    ledger = CellLedger(um_per_px=um_per_px, decide=analyser.decide)
    ledger.restore(map(tracked_cell, kept), first_number=session.next_number if session else 1)
    number = session.record.id if session else 0
    # What joins segments reaches the file only after the cells that it moved are kept.
    archive = KeyframeFile(keyframes, session=number, um_per_px=um_per_px, holds_moves=True)
    if session:
        session.on_kept = archive.commit
    tracker = SlideTracker(um_per_px=um_per_px, archive=archive, first_segment=first_segment)
    return LiveCounter(analyser, ledger, tracker, um_per_px=um_per_px, limits=limits)
