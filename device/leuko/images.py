"""Image files: which ones there are, and their pixels as 8-bit RGB.

Pixels are returned as they are stored. A rotation that the EXIF header asks for is not applied
and a colour profile is not followed, so that boxes and masks fit the file for every reader.
"""

import contextlib
import io
import os
import warnings
from collections.abc import Generator, Iterable
from hashlib import blake2b
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

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

_RESULT = ("Software", "leuko: a result, no field of a smear")
"""Key and text of the chunk that tells Leuko's own pictures from a camera's."""

_FORMATS = ("BMP", "JPEG", "PNG", "TIFF")
_WITHOUT_RANGE = ("I", "F")
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


def find_images(paths: Iterable[Path]) -> list[Path]:
    """Return the image files among the paths, each once.

    A file is taken whatever its name. Of a folder, the image files directly in it are taken,
    sorted by name; hidden ones and folders within are passed over.

    Raises:
        ImageError: a path does not exist or cannot be reached, or a folder holds no image.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        try:
            images = _images_in(path) if path.is_dir() else [path]
            missing = next((image for image in images if not image.exists()), None)
        except OSError as error:
            raise ImageError(f"{path} cannot be read: {error.strerror}; check the path") from error
        if missing:
            raise ImageError(f"there is no image at {missing}; check the path")
        for image in images:
            found.setdefault(image.resolve(), image)
    return list(found.values())


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
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "png", pnginfo=result_mark(), compress_level=1)
    return content.getvalue()


def image_size(path: Path) -> tuple[int, int]:
    """Return the height and width of an image in pixels, without decoding it.

    Raises:
        ImageError: the file is no image, or one that `read_image` refuses for its size or mark.
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
        ImageError: the file is missing, truncated, no image, too small, too large, or one of
            Leuko's own results.
    """
    with _opened(path) as image:
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


def _images_in(folder: Path) -> list[Path]:
    names = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if not names:
        raise ImageError(
            f"no images in {folder}; give a folder with PNG, JPEG, TIFF or BMP files in it"
        )
    return names


@contextlib.contextmanager
def _opened(path: Path) -> Generator[ImageFile.ImageFile]:
    with _translated(path), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Damaged metadata beside sound pixels is nothing to bother the reader with.
        warnings.simplefilter("ignore", UserWarning)
        with Image.open(path, formats=_FORMATS) as image:
            _check_size(path, image.width, image.height)
            _refuse_result(path, image)
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
        raise _too_large(path, str(error).split(",")[0].removeprefix("Image size ")) from error
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}; check the path") from error
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


def _refuse_result(path: Path, image: ImageFile.ImageFile) -> None:
    if image.info.get(_RESULT[0]) == _RESULT[1]:
        raise ImageError(
            f"{path} was written by leuko itself, as an overlay, a mask or a sheet; "
            "give the pictures that the camera took"
        )


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
