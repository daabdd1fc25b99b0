"""A quality check that failed or is due: no new session, and never a stop to an open one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from leuko.cameras import Frame
from leuko.errors import SessionError
from leuko.service import LiveService, Parts
from leuko.store import Store


def test_a_lockout_refuses_a_new_session_and_leaves_an_open_one_alone(
    parts: Parts, frames: list[Frame]
) -> None:
    reasons = [""]
    service = LiveService(replace(parts, lockout=lambda: reasons[0]))
    service.start("FIRST", operator="", target=None, asked_by="Ada")
    reasons[0] = "quality check 7 failed; repeat leuko calibrate check"
    for frame in frames[:3]:
        service.take(frame)
    assert service.status().count.n > 0
    service.finish(asked_by="Ada")
    with pytest.raises(SessionError, match="no session may begin: quality check 7 failed"):
        service.start("SECOND", operator="", target=None, asked_by="Ada")
    locked = LiveService(replace(parts, lockout=lambda: reasons[0]))
    assert locked.status().notice == reasons[0]


def test_why_no_session_may_begin_is_said_before_what_lasts(
    make_parts: Callable[..., Parts], store: Store, frames: list[Frame]
) -> None:
    given_up, reasons = "bundle new was given up", ["quality check 7 failed"]
    parts = make_parts(store, um_per_px=None)
    service = LiveService(replace(parts, bundle_notice=given_up, lockout=lambda: reasons[0]))
    service.take(frames[0])
    looking = "finding the scale from the red cells"
    assert service.status().notice == f"{reasons[0]}; {looking}; {given_up}"
    reasons[0] = ""
    unlocked = LiveService(replace(parts, bundle_notice=given_up, lockout=lambda: reasons[0]))
    assert unlocked.status().notice == given_up
