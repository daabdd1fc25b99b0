"""What a keyframe looks like: small enough to be kept beside it, good enough for the overview."""

from typing import Final

import cv2
import numpy as np

from leuko.cells import RGBImage

COLUMNS: Final = 80
"""Columns of a thumbnail."""
CODED_BYTES: Final = 3072
"""Room for one as JPEG; of 15 real fields the largest took 2.6 kB at quality 80."""

_QUALITIES = (80, 40, 15)
"""White noise takes 4.0, 2.4 and 1.5 kB."""


def thumbnail(rgb: RGBImage) -> RGBImage:
    """Return a frame shrunk to 80 columns, a new array; half a millisecond.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB, at least 80 columns.
    """
    height, width = rgb.shape[:2]
    # Twice as many pixels as are kept are enough to average.
    step = max(1, width // (2 * COLUMNS))
    size = (COLUMNS, max(1, round(height * COLUMNS / width)))
    small = cv2.resize(
        np.ascontiguousarray(rgb[::step, ::step]), size, interpolation=cv2.INTER_AREA
    )
    return small.astype(np.uint8, copy=False)


def coded(small: RGBImage) -> bytes:
    """Return a thumbnail as `CODED_BYTES` bytes for `decoded`."""
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    for quality in _QUALITIES:
        is_coded, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if is_coded and content.size <= CODED_BYTES:
            return content.tobytes().ljust(CODED_BYTES, b"\0")
    return bytes(CODED_BYTES)


def decoded(content: bytes) -> RGBImage | None:
    """Return the thumbnail that `coded` was given, but for JPEG's loss; None if there is none."""
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return None if bgr is None else np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
