"""A display in its thread never holds up the count, whatever it does."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Self

import pytest

from leuko.displays import DisplayOptions, DisplayThread, load_display
from leuko.errors import DisplayError
from leuko.shown import Shown
from leuko.status import Health, Level, LiveStatus

SOON_S = 10.0
"""Longer than any of this takes; nobody waits for it unless something is wrong."""


class Recorder:
    """A display that keeps what it is shown, and fails when asked to."""

    name = "recorder"

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.changed = threading.Condition()
        self.opened_times = 0
        self.shows_begun = 0
        self.closed_times = 0
        self.failures_left = 0
        self.may_show = threading.Event()
        self.may_show.set()

    @classmethod
    def opened(cls, _: DisplayOptions) -> Self:
        return cls()

    def open_again(self) -> Self:
        with self.changed:
            self.opened_times += 1
            self.changed.notify_all()
        return self

    def show(self, shown: Shown) -> None:
        with self.changed:
            self.shows_begun += 1
            self.changed.notify_all()
        self.may_show.wait(SOON_S)
        with self.changed:
            if self.failures_left:
                self.failures_left -= 1
                raise DisplayError("the cable is out; push it in")
            self.shown.append(shown)
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self.closed_times += 1
            self.changed.notify_all()

    def wait_until(self, holds: Callable[[Self], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: holds(self), SOON_S)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def wait_for(holds: Callable[[], bool], otherwise: str) -> None:
    until_s = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < until_s, otherwise
        time.sleep(0.001)


def threaded(open_display: Callable[[], Recorder]) -> DisplayThread:
    return DisplayThread(open_display, period_s=0.001, first_wait_s=0.001, longest_wait_s=0.01)


def test_what_is_shown_reaches_the_display(recorder: Recorder, status: LiveStatus) -> None:
    with threaded(recorder.open_again) as thread:
        thread.show(status)
        recorder.wait_until(lambda display: display.shown == [status])
        wait_for(lambda: thread.health == Health(Level.OK, "recorder"), "it was never well")
    assert recorder.closed_times == 1


def test_the_newest_status_wins(recorder: Recorder, statuses: Mapping[str, LiveStatus]) -> None:
    first, *passed_over, last = statuses.values()
    recorder.may_show.clear()
    with threaded(recorder.open_again) as thread:
        thread.show(first)
        recorder.wait_until(lambda display: display.shows_begun == 1)
        for status in (*passed_over, last):
            thread.show(status)
        recorder.may_show.set()
        recorder.wait_until(lambda display: last in display.shown)
    assert not any(status in recorder.shown for status in passed_over)


def test_what_would_be_drawn_as_before_is_not_drawn_again(
    recorder: Recorder, status: LiveStatus
) -> None:
    later = [replace(status, captured_s=status.captured_s + number) for number in range(1, 20)]
    changed = replace(later[-1], segment=status.segment + 1)
    with DisplayThread(recorder.open_again, period_s=0.0, redraw_s=1000.0) as thread:
        thread.show(status)
        recorder.wait_until(lambda display: display.shown == [status])
        for one in later:
            thread.show(one)
            time.sleep(0.002)
        thread.show(changed)
        recorder.wait_until(lambda display: len(display.shown) >= 2)
    assert recorder.shown == [status, changed]


def test_what_looks_as_before_is_drawn_again_after_a_while(
    recorder: Recorder, status: LiveStatus
) -> None:
    later = replace(status, captured_s=status.captured_s + 1)
    with DisplayThread(recorder.open_again, period_s=0.0, redraw_s=0.0) as thread:
        thread.show(status)
        recorder.wait_until(lambda display: display.shown == [status])
        thread.show(later)
        recorder.wait_until(lambda display: display.shown == [status, later])


def test_a_display_that_fails_is_closed_and_opened_again(
    recorder: Recorder, status: LiveStatus
) -> None:
    recorder.failures_left = 3
    with threaded(recorder.open_again) as thread:
        thread.show(status)
        recorder.wait_until(lambda display: bool(display.shown))
        assert recorder.opened_times == 4
        assert recorder.closed_times == 3
        wait_for(lambda: thread.health.level is Level.OK, "it was never well again")


def test_a_display_that_opens_and_takes_no_picture_is_one_fault_in_the_log(
    recorder: Recorder, status: LiveStatus, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.failures_left = 1000
    with caplog.at_level("INFO", "leuko.displays"), threaded(recorder.open_again) as thread:
        thread.show(status)
        recorder.wait_until(lambda display: display.closed_times >= 5)
        assert thread.health == Health(Level.FAULT, "the cable is out; push it in")
    assert caplog.messages == ["display: the cable is out; push it in"]


def test_a_display_that_is_missing_is_a_fault_in_words(status: LiveStatus) -> None:
    tried = threading.Semaphore(0)

    def open_display() -> Recorder:
        tried.release()
        raise DisplayError("there is no display; plug one in")

    with threaded(open_display) as thread:
        thread.show(status)
        for _ in range(5):
            assert tried.acquire(timeout=SOON_S)
        assert thread.health.level is Level.FAULT
        assert thread.health.text == "there is no display; plug one in"


def test_a_display_that_stays_away_for_long_is_still_tried(
    recorder: Recorder, status: LiveStatus
) -> None:
    failures = iter(range(1100))

    def open_display() -> Recorder:
        if next(failures, None) is not None:
            raise DisplayError("there is no display; plug one in")
        return recorder

    with DisplayThread(open_display, first_wait_s=0.0) as thread:
        thread.show(status)
        recorder.wait_until(lambda display: display.shown == [status])
        wait_for(lambda: thread.health.level is Level.OK, "it was never well")


def test_an_unknown_driver_does_not_stop_the_count() -> None:
    tried = threading.Semaphore(0)

    def open_display() -> Recorder:
        tried.release()
        return load_display("hdmi", DisplayOptions())  # type: ignore[return-value]

    with threaded(open_display) as thread:
        for _ in range(2):
            assert tried.acquire(timeout=SOON_S)
        assert "choose one of" in thread.health.text


def test_a_display_that_hangs_holds_nobody_up(recorder: Recorder, status: LiveStatus) -> None:
    recorder.may_show.clear()
    thread = threaded(recorder.open_again)
    thread.show(status)
    recorder.wait_until(lambda display: display.shows_begun == 1)
    for _ in range(1000):
        thread.show(status)
    thread.close(timeout_s=0.01)
    recorder.may_show.set()
    recorder.wait_until(lambda display: display.closed_times == 1)


def test_a_display_that_takes_too_long_is_a_fault(
    recorder: Recorder,
    status: LiveStatus,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("leuko.displays._thread.SILENT_S", 0.0)
    recorder.may_show.clear()
    with threaded(recorder.open_again) as thread:
        recorder.wait_until(lambda display: display.opened_times == 1)
        thread.show(status)
        wait_for(lambda: "hangs" in thread.health.text, "the health never said that it hangs")
        logged = caplog.text.count("display: hangs")
        assert logged
        assert thread.health.level is Level.FAULT
        assert caplog.text.count("display: hangs") == logged
        recorder.may_show.set()


def test_a_display_that_hung_and_works_again_is_told_in_the_log(
    recorder: Recorder,
    statuses: Mapping[str, LiveStatus],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second, third, *_ = statuses.values()
    with caplog.at_level("INFO", "leuko.displays"), threaded(recorder.open_again) as thread:
        thread.show(first)
        wait_for(lambda: thread.health == Health(Level.OK, "recorder"), "it was never well")
        recorder.may_show.clear()
        thread.show(second)
        recorder.wait_until(lambda display: display.shows_begun == 2)
        with monkeypatch.context() as impatient:
            impatient.setattr("leuko.displays._thread.SILENT_S", 0.0)
            wait_for(lambda: "hangs" in thread.health.text, "it was never said to hang")
        recorder.may_show.set()
        wait_for(lambda: len(caplog.messages) > 2, "it was never said to work again")
        thread.show(third)
        recorder.wait_until(lambda display: third in display.shown)
    hangs = "display: hangs; look at its cable, and restart the service"
    assert caplog.messages == ["display: recorder", hangs, "display: recorder"]


def test_it_may_be_closed_twice_and_without_having_shown_anything(recorder: Recorder) -> None:
    thread = threaded(recorder.open_again)
    recorder.wait_until(lambda display: display.opened_times == 1)
    thread.close()
    thread.close()
    assert recorder.closed_times == 1


def test_the_driver_is_opened_in_the_thread(
    status: LiveStatus, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("display")
    with DisplayThread(partial(load_display, "png", DisplayOptions(device=str(folder)))) as thread:
        thread.show(status)
        wait_for((folder / "display.png").exists, "no picture was written")
        assert thread.health.level is not Level.FAULT
    assert (folder / "display.png").stat().st_size > 0
