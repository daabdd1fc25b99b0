"""When a picture was taken, by the camera's clock where that can be believed."""

_OLDEST_S = 10.0
"""A picture that claims to be older was stamped by another clock."""


def capture_time(stamp_s: float, *, now_s: float) -> float:
    """Return when a picture was taken, in seconds of ``time.monotonic()``.

    Args:
        stamp_s: what the driver says, on whichever clock; 0 if it says nothing.
        now_s: the monotonic clock when the picture was received.

    >>> capture_time(99.98, now_s=100.0)
    99.98
    >>> capture_time(1_790_000_000.0, now_s=100.0)
    100.0
    """
    return stamp_s if now_s - _OLDEST_S < stamp_s <= now_s else now_s
