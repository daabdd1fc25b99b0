"""What a V4L2 camera's controls may be set to, asked of the kernel: OpenCV does not tell."""

import contextlib
import fcntl
import os
import struct
from pathlib import Path

from leuko.cameras._controls import ControlRanges, Range

# struct v4l2_queryctrl: id, type, name, minimum, maximum, step, default, flags, two reserved.
_QUERY = struct.Struct("=II32siiiiI8x")
_VIDIOC_QUERYCTRL = (3 << 30) | (_QUERY.size << 16) | (ord("V") << 8) | 36
_DISABLED = 0x0001

_EXPOSURE_ABSOLUTE = 0x009A0902
_WHITE_BALANCE_TEMPERATURE = 0x0098091A

EXPOSURE_US = 100
"""``V4L2_CID_EXPOSURE_ABSOLUTE`` counts in units of 100 µs."""


def control_ranges(device: Path, *, frames_per_s: float) -> ControlRanges:
    """Return what can be set of a camera; nothing of a file that is none.

    Gains are left out: what a number of theirs stands for is each maker's own.

    Args:
        device: of the camera, which may be open.
        frames_per_s: pace of its pictures, which bounds the exposure; 0 does not.
    """
    exposure = _range(device, _EXPOSURE_ABSOLUTE)
    if exposure:
        longest_us = 1e6 / frames_per_s if frames_per_s else exposure.most * EXPOSURE_US
        exposure = Range(exposure.least * EXPOSURE_US, min(exposure.most * EXPOSURE_US, longest_us))
    return ControlRanges(
        exposure_us=exposure, white_balance_k=_range(device, _WHITE_BALANCE_TEMPERATURE)
    )


def _range(device: Path, control: int) -> Range | None:
    asked = bytearray(_QUERY.pack(control, 0, b"", 0, 0, 0, 0, 0))
    # A device without the control refuses; so does a file that is no device.
    with contextlib.suppress(OSError):
        file = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(file, _VIDIOC_QUERYCTRL, asked)
        finally:
            os.close(file)
        _, _, _, least, most, _, _, flags = _QUERY.unpack(asked)
        return None if flags & _DISABLED or most <= least else Range(float(least), float(most))
    return None
