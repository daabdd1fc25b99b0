"""Image files' pixels as 8-bit RGB.

Pixels are returned as they are stored. A rotation that the EXIF header asks for is not applied
and a colour profile is not followed, so that boxes and masks fit the file for every reader.
"""

import contextlib
import hashlib
import os
import warnings
from collections.abc import Generator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from leuko.cells import RGBImage
from leuko.errors import ImageError
from leuko.images._results import is_result

SMALLEST_SIDE = 32
"""Pixels; a leukocyte alone is larger at any useful scale."""
LARGEST_SIDE = 16_000
"""Pixels of the longer side."""
LARGEST_AREA = 50_000_000
"""Pixels; twice the sensor of any camera for a microscope, and 150 MB in memory."""

_FORMATS = ("BMP", "JPEG", "PNG", "TIFF")
_WITHOUT_RANGE = ("I", "F")
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


def image_size(path: Path) -> tuple[int, int]:
    """Return the height and width of an image in pixels, without decoding it.

    Raises:
        ImageError: the file is no image, or one that `read_image` refuses for its size or mark.
    """
    with opened_image(path) as image:
        return image.height, image.width


def page_count(path: Path) -> int:
    """Return how many fields an image file holds: pages of a TIFF as large as its first.

    Smaller ones, such as a thumbnail, show the first again.

    Raises:
        ImageError: the file is no image, or one that `read_image` refuses for its size or mark.
    """
    with opened_image(path) as image:
        if not isinstance(image, TiffImagePlugin.TiffImageFile):
            return 1
        size, fields = image.size, 0
        for page in range(image.n_frames):
            image.seek(page)
            fields += image.size == size
        return fields


def read_image(path: Path) -> RGBImage:
    """Return an image's pixels.

    Grey, palette and CMYK images become RGB; what is transparent becomes white; images of more
    than 8 bits are brought to 8 by the bits that their brightest pixel uses, for cameras of 10,
    12 or 14 bits store them as 16. Of several pages the first is read; see `page_count`.

    Returns:
        ``(height, width, 3)`` uint8, RGB, the caller's own.

    Raises:
        ImageError: the file is missing, truncated, no image, too small, too large, or one of
            Leuko's own results.
    """
    with opened_image(path) as image:
        # Pillow forgets after loading how many bits it dropped.
        is_deep = any(";16" in str(tile) for tile in image.tile)
        with _silent_decoders():
            image.load()
            if is_deep:
                return _from_deep(path, image)
        if image.mode in _WITHOUT_RANGE:
            raise ImageError(f"{path} stores 32 bits a pixel; save it with 8 or 16 bits a channel")
        if image.mode in _WITH_ALPHA or "transparency" in image.info:
            return _on_white(np.asarray(image.convert("RGBA")))
        return np.array(image.convert("RGB"))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of an image file, in hexadecimal.

    Raises:
        ImageError: the file cannot be read.
    """
    with _translated(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_own_result(path: Path) -> bool:
    """Return whether Leuko wrote an image file; of one that cannot be read nobody knows it."""
    with contextlib.suppress(ImageError), _translated(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path, formats=["PNG"]) as image:
            return is_result(image.info)
    return False


@contextlib.contextmanager
def opened_image(path: Path) -> Generator[ImageFile.ImageFile]:
    """Yield an image file whose header was read and is one that Leuko takes.

    Raises:
        ImageError: it is no image, too small, too large, or one of Leuko's own results; or the
            block failed with what Pillow raises on damaged files.
    """
    with _translated(path), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Damaged metadata beside sound pixels is nothing to bother the reader with.
        warnings.simplefilter("ignore", UserWarning)
        with Image.open(path, formats=_FORMATS) as image:
            _check_size(path, image.width, image.height)
            if is_result(image.info):
                raise ImageError(
                    f"{path} was written by leuko itself, as an overlay, a mask or a sheet; "
                    "give the pictures that the camera took"
                )
            yield image


@contextlib.contextmanager
def _silent_decoders() -> Generator[None]:
    # libtiff and libpng print on descriptor 2 what Pillow raises as well.
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def _translated(path: Path) -> Generator[None]:
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path, _told_pixels(str(error))) from error
    except (
        FileNotFoundError,
        IsADirectoryError,
        NotADirectoryError,
        PermissionError,
    ) as error:
        raise ImageError(
            f"{path} cannot be read: {error.strerror}; check the path and its permissions"
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{path} is no PNG, JPEG, TIFF or BMP image; give another") from error
    except MemoryError as error:
        raise ImageError(f"{path} does not fit into memory; give a smaller image") from error
    # What Pillow's decoders raise on damaged files, found by damaging files of every format.
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        EOFError,
        cv2.error,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageError(
            f"{path} is truncated or damaged ({reason}); copy the image again or leave it out"
        ) from error


def _check_size(path: Path, width: int, height: int) -> None:
    if min(width, height) < SMALLEST_SIDE:
        raise ImageError(
            f"{path} is {width} x {height} pixels, too small for a leukocyte; "
            f"give an image of {SMALLEST_SIDE} pixels a side or more"
        )
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_AREA:
        raise _too_large(path, f"{width} x {height} pixels")


def _told_pixels(refusal: str) -> str:
    """Return "400000000 pixels" from Pillow's "Image size (400000000 pixels) exceeds limit ..."."""
    return refusal.partition("(")[2].partition(")")[0]


def _too_large(path: Path, size: str) -> ImageError:
    return ImageError(
        f"{path} is too large ({size}); cut it into fields of at most {LARGEST_SIDE} pixels a "
        f"side and {LARGEST_AREA // 10**6} megapixels"
    )


def _from_deep(path: Path, image: Image.Image) -> RGBImage:
    if np.asarray(image).dtype == np.uint16:
        grey = np.asarray(image)[..., None]
        return _to_eight_bits(grey.repeat(3, axis=2))
    # Pillow has dropped the lower bits of colours; OpenCV keeps them, but forgives damage.
    kept = np.asarray(image.convert("RGBA"))
    stored = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    is_deep = stored is not None and stored.dtype == np.uint16 and stored.ndim == 3
    colours = (
        np.asarray(stored, np.uint16)[..., 2::-1] if is_deep else np.zeros((1, 1, 3), np.uint16)
    )
    if not np.array_equal(colours >> 8, kept[..., :3]):
        raise ImageError(
            f"{path} is damaged or of a rare 16-bit kind; save it with 8 bits a channel"
        )
    return _on_white(np.dstack([_to_eight_bits(colours), kept[..., 3]]))


def _to_eight_bits(colours: NDArray[np.uint16]) -> RGBImage:
    bits = max(8, int(colours.max()).bit_length())
    return (colours >> (bits - 8)).astype(np.uint8)


def _on_white(rgba: NDArray[np.uint8]) -> RGBImage:
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def decoded_picture(content: bytes | None) -> RGBImage | None:
    """Return the picture that is kept of a cell; None if there is none that can be read."""
    stored = np.frombuffer(content or b"", np.uint8)
    bgr = cv2.imdecode(stored, cv2.IMREAD_COLOR) if len(stored) else None
    return None if bgr is None else np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
