"""Which image files there are."""

from collections.abc import Iterable
from pathlib import Path

from leuko.errors import ImageError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
"""Names of image files end in one of these, in small or capital letters."""


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


def _images_in(folder: Path) -> list[Path]:
    names = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if not names:
        folders = sum(path.is_dir() for path in folder.iterdir())
        deeper = f"; name the {folders} folders in it instead" if folders else ""
        raise ImageError(
            f"no images in {folder}; give a folder with PNG, JPEG, TIFF or BMP files in it{deeper}"
        )
    return names
