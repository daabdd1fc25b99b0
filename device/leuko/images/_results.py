"""Telling pictures apart: one from its copy, Leuko's own from a camera's."""

import io
from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from leuko.cells import RGBImage

_RESULT = ("Software", "leuko: a result, no field of a smear")
"""Key and text of the chunk that tells Leuko's own pictures from a camera's."""


def pixel_digest(rgb: RGBImage) -> bytes:
    """Return a hash of the pixels: the same in every copy, whatever its file is called or holds.

    Args:
        rgb: ``(height, width, 3)`` uint8; not copied.
    """
    digest = blake2b(repr(rgb.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(rgb).data)
    return digest.digest()


def result_mark() -> PngImagePlugin.PngInfo:
    """Return what Pillow is to write into the PNG of a result, lest it is counted as a field."""
    mark = PngImagePlugin.PngInfo()
    mark.add_text(*_RESULT)
    return mark


def result_png(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Return the content of a PNG file that is marked as a result.

    Args:
        pixels: ``(height, width, 3)`` uint8, RGB, or ``(height, width)`` uint16.
    """
    return _png(pixels, result_mark())


def plain_png(rgb: RGBImage) -> bytes:
    """Return the content of a PNG file that may be counted as a field.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB.
    """
    return _png(rgb, None)


def is_result(info: Mapping[str | tuple[int, int], object]) -> bool:
    """Return whether an image's header says that Leuko wrote it."""
    return info.get(_RESULT[0]) == _RESULT[1]


def _png(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], mark: PngImagePlugin.PngInfo | None
) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "png", pnginfo=mark, compress_level=1)
    return content.getvalue()
