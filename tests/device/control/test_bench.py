"""What the bench writes to a stick; it ends when it is told to, whatever is pressed meanwhile."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from leuko.control import (
    Action,
    Archive,
    Bench,
    CommandQueue,
    Press,
    SeenSlide,
    SessionEntry,
    SessionReply,
)
from leuko.status import SessionState

Eventually = Callable[[Callable[[], bool]], bool]


class Stick:
    """`Archive` with another one's sessions, session 8 before them, and a stick to write to."""

    def __init__(self, archive: Archive, newest: SessionState) -> None:
        self._archive = archive
        (closed,) = archive.sessions(limit=1)
        self._newest = closed.model_copy(update={"session": 8, "state": newest})

    def sessions(self, *, limit: int) -> Sequence[SessionEntry]:
        return [self._newest, *self._archive.sessions(limit=limit)][:limit]

    def session(self, number: int) -> SessionReply:
        return self._archive.session(number)

    def overview(self, seen: SeenSlide) -> bytes:
        return self._archive.overview(seen)

    def export(
        self, number: int, *, folder: Path | None, pictures: bool, seen: SeenSlide | None
    ) -> Path:
        stick = folder or Path("/media/stick")
        return self._archive.export(number, folder=stick, pictures=pictures, seen=seen)


class NoneClosed(Stick):
    """`Archive` with an open session and no other."""

    def sessions(self, *, limit: int) -> Sequence[SessionEntry]:
        del limit
        return [self._newest]


@pytest.mark.parametrize(
    ("newest", "told"),
    [
        (SessionState.COUNTING, "H-12 (finished) is written to /media/stick/session-7"),
        (SessionState.DISCARDED, "H-12 (discarded) is written to /media/stick/session-8"),
    ],
)
def test_it_writes_the_session_that_was_closed_last_to_the_stick(
    archive: Archive, eventually: Eventually, newest: SessionState, told: str
) -> None:
    with Bench(CommandQueue(), archive=Stick(archive, newest)) as bench:
        bench.press(Press(Action.EXPORT), on="a keypad")
        assert eventually(lambda: bench.notice == told)


def test_without_a_stick_or_a_closed_session_it_says_what_to_do(
    archive: Archive, eventually: Eventually
) -> None:
    with Bench(CommandQueue(), archive=archive) as bench:
        bench.press(Press(Action.EXPORT), on="a keypad")
        assert eventually(lambda: bench.notice.startswith("no USB stick is plugged in; plug one"))
    with Bench(CommandQueue(), archive=NoneClosed(archive, SessionState.PAUSED)) as bench:
        bench.press(Press(Action.EXPORT), on="a keypad")
        assert eventually(lambda: bench.notice.startswith("no session was closed yet; finish one"))


def test_it_ends_with_presses_waiting_and_a_count_that_hangs(eventually: Eventually) -> None:
    others = set(threading.enumerate())
    commands = CommandQueue(answer_s=30)
    bench = Bench(commands)
    for _ in range(100):
        bench.press(Press(Action.GO), on="a keypad")
    bench.close(timeout_s=0.01)
    commands.close()
    assert eventually(lambda: set(threading.enumerate()) <= others)
    bench.close()
