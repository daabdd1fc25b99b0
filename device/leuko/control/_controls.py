"""What can be asked of a running service."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from leuko.control._messages import SessionEntry, SessionReply
from leuko.status import LiveStatus, Target
from leuko.tracking import Overview


@dataclass(frozen=True, slots=True, eq=False)
class SeenSlide:
    """What was seen of the slide.

    Attributes:
        overview: the stretch in view; of a session that was closed, the one in view at its end.
        session: the session that was counted there; None without one.
    """

    overview: Overview
    session: int | None


class Controls(Protocol):
    """The running count. Every method is called on the service's main loop, between two frames."""

    def status(self) -> LiveStatus:
        """Return what is shown now."""

    def seen_slide(self) -> SeenSlide:
        """Return what was seen of the slide, at the cost of a copy.

        Raises:
            SessionError: nothing was seen yet.
        """

    def start(
        self, specimen: str, *, operator: str, target: Target | None, asked_by: str
    ) -> LiveStatus:
        """Start a session; afterwards cells are counted.

        Args:
            specimen: the specimen's id.
            operator: who counts.
            target: when it is complete; None for what the settings say.
            asked_by: user or keypad that asked, for the log; so in all methods.

        Raises:
            SessionError: another session is open, or the id is blank.
            StoreError: it cannot be kept.
        """

    def set_target(self, target: Target, *, asked_by: str) -> LiveStatus:
        """Change when the session is complete.

        Raises:
            SessionError: no session is open.
            StoreError: it cannot be kept.
        """

    def pause(self, *, asked_by: str) -> LiveStatus:
        """Count nothing until `resume`.

        Raises:
            SessionError: no session is open.
            StoreError: it cannot be kept.
        """

    def resume(self, *, asked_by: str) -> LiveStatus:
        """Go on counting.

        Raises:
            SessionError: no session is open.
            StoreError: it cannot be kept.
        """

    def tally_smudge_cell(self, *, undo: bool = False, asked_by: str) -> LiveStatus:
        """Take note of a smudge cell that a person has seen, or take the last one back.

        Raises:
            SessionError: no session is open, or none is left to take back.
            StoreError: it cannot be kept.
        """

    def finish(self, *, asked_by: str) -> LiveStatus:
        """Close the session; its result stands.

        Raises:
            SessionError: no session is open.
            StoreError: it cannot be kept.
        """

    def discard(self, *, asked_by: str) -> LiveStatus:
        """Close the session as not to be used; it is kept, and marked so.

        Raises:
            SessionError: no session is open.
            StoreError: it cannot be kept.
        """


class Archive(Protocol):
    """The sessions that are kept.

    Called on the threads of server and bench, several at once; exports are made one at a time.
    No frame waits for a slow USB stick.
    """

    def sessions(self, *, limit: int) -> Sequence[SessionEntry]:
        """Return the newest sessions, newest first.

        Raises:
            StoreError: they cannot be read.
        """

    def session(self, number: int) -> SessionReply:
        """Return one session.

        Raises:
            SessionError: there is none of that number.
            StoreError: it cannot be read.
        """

    def overview(self, seen: SeenSlide) -> bytes:
        """Return a PNG of what was seen, with the cells of its session.

        Raises:
            StoreError: the cells cannot be read.
        """

    def export(
        self, number: int, *, folder: Path | None, pictures: bool, seen: SeenSlide | None
    ) -> Path:
        """Write one session to a folder, or to the USB stick, and return what was made.

        Args:
            number: which session.
            folder: where to; None for the USB stick.
            pictures: whether the cells' pictures are written too.
            seen: what was seen of its slide; None for the picture kept when it was closed.

        Raises:
            SessionError: there is none of that number.
            StoreError: it cannot be read.
            OutputError: it cannot be written; nothing is lost.
        """
