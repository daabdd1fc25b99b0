"""The scale of a picture in its PNG file, so that whoever reads it need not be told."""

import struct
import zlib
from pathlib import Path

from leuko.images._reading import opened_image

_KEY = "leuko-um-per-px"
_FINEST, _COARSEST = 0.02, 1.0
"""µm per pixel; what lies beyond is no scale that a leukocyte is seen at."""
_HEADER_BYTES = 33
"""Signature and first chunk of a PNG file, which every other chunk follows."""


def with_scale(png: bytes, um_per_px: float) -> bytes:
    """Return a PNG file that says its scale; its pixels are not coded anew.

    Args:
        png: content of the file.
        um_per_px: what it is to say.
    """
    # PNG (third edition) 11.3.3.2: keyword, zero, text in Latin-1; 5.3: length and CRC around it.
    content = b"tEXt" + f"{_KEY}\0{um_per_px:g}".encode("latin-1")
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return png[:_HEADER_BYTES] + chunk + png[_HEADER_BYTES:]


def scale_in(path: Path) -> float | None:
    """Return what an image file says of its scale, in µm per pixel; None if it says nothing.

    Raises:
        ImageError: the file is no image, or one that `read_image` refuses for its size or mark.
    """
    with opened_image(path) as image:
        said = image.info.get(_KEY)
    try:
        um_per_px = float(said) if isinstance(said, str) else 0.0
    except ValueError:
        return None
    return um_per_px if _FINEST <= um_per_px <= _COARSEST else None
