"""A quality check that failed or is due: no new session, and never a stop to an open one."""

from dataclasses import replace

import pytest

from leuko.cameras import Frame
from leuko.errors import SessionError
from leuko.service import LiveService, Parts


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
