"""Image files: which ones there are, and their pixels as 8-bit RGB.

Pixels are returned as they are stored. A rotation that the EXIF header asks for is not applied
and a colour profile is not followed, so that boxes and masks fit the file for every reader.
"""

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leuko.cells import RGBImage
from leuko.errors import ImageError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
"""Names of image files end in one of these, in small or capital letters."""

SMALLEST_SIDE = 32
"""Pixels; a leukocyte alone is larger at any useful scale."""
LARGEST_SIDE = 16_000
"""Pixels of the longer side."""
LARGEST_AREA = 50_000_000
"""Pixels; twice the sensor of any camera for a microscope, and 150 MB in memory."""

_FORMATS = ("BMP", "JPEG", "PNG", "TIFF")
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


def find_images(paths: Iterable[Path]) -> list[Path]:
    """Return the image files among the paths, each once.

    A file is taken whatever its name. Of a folder, the image files directly in it are taken,
    sorted by name; hidden ones and folders within are passed over.

    Raises:
        ImageError: a path does not exist, or a folder holds no image.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for image in _images_in(path) if path.is_dir() else [path]:
            if not image.exists():
                raise ImageError(f"there is no image at {image}; check the path")
            found.setdefault(image.resolve(), image)
    return list(found.values())


def image_size(path: Path) -> tuple[int, int]:
    """Return the height and width of an image in pixels, without decoding it.

    Raises:
        ImageError: the file is no image, or one that `read_image` refuses for its size.
    """
    with _opened(path) as image:
        return image.height, image.width


def read_image(path: Path) -> RGBImage:
    """Return an image's pixels.

    Grey, palette and CMYK images become RGB; what is transparent becomes white; images of more
    than 8 bits are brought to 8 by the bits that their brightest pixel uses, for cameras of 10,
    12 or 14 bits store them as 16. Of several pages the first is read.

    Returns:
        ``(height, width, 3)`` uint8, RGB, the caller's own.

    Raises:
        ImageError: the file is missing, truncated, no image, too small or too large.
    """
    with _opened(path) as image:
        image.load()
        if _is_deep(image):
            return _from_deep(path, image)
        if image.mode in _WITH_ALPHA or "transparency" in image.info:
            return _on_white(np.asarray(image.convert("RGBA")))
        return np.array(image.convert("RGB"))


def _images_in(folder: Path) -> list[Path]:
    try:
        names = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        )
    except OSError as error:
        raise ImageError(f"{folder} cannot be read: {error.strerror}; check it") from error
    if not names:
        raise ImageError(
            f"no images in {folder}; give a folder with PNG, JPEG, TIFF or BMP files in it"
        )
    return names


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    with _translated(path), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Damaged metadata beside sound pixels is nothing to bother the reader with.
        warnings.simplefilter("ignore", UserWarning)
        with Image.open(path, formats=_FORMATS) as image:
            _check_size(path, image.width, image.height)
            yield image


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path, str(error).split(",")[0].removeprefix("Image size ")) from error
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}; check the path") from error
    except Image.UnidentifiedImageError as error:
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


def _too_large(path: Path, size: str) -> ImageError:
    return ImageError(
        f"{path} is too large ({size}); cut it into fields of at most {LARGEST_SIDE} pixels a "
        f"side and {LARGEST_AREA // 10**6} megapixels"
    )


def _is_deep(image: Image.Image) -> bool:
    return image.mode in {"I", "F"} or image.mode.startswith("I;") or _had_deep_colour(image)


def _had_deep_colour(image: Image.Image) -> bool:
    # Pillow keeps only the upper 8 of 16 bits of a colour image, and forgets the tiles it read.
    bits = getattr(image, "tag_v2", {}).get(258, (8,))
    mode = image.info.get(_RAW_MODE, "")
    return max(bits) > 8 or ";16" in mode


_RAW_MODE = "leuko raw mode"


def _from_deep(path: Path, image: Image.Image) -> RGBImage:
    raise NotImplementedError


def _on_white(rgba: NDArray[Any]) -> RGBImage:
    raise NotImplementedError
