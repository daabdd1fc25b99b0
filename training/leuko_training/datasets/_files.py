"""Finding the files of a set, and reading what their names and headers say."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from leuko_training.errors import DatasetError


def images_in(folder: Path, *suffixes: str) -> Iterator[Path]:
    """Image files directly in a folder, by name, without the hidden ones.

    Hidden files are skipped because the published PBC archive holds a damaged ``.DS_169665.jpg``.

    Args:
        folder: may be absent; then there are no images.
        suffixes: lower-case file name endings such as ``.jpg``.
    """
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in suffixes and not path.name.startswith("."):
                yield path


def existing(path: Path) -> Path | None:
    """The path if there is such a file."""
    return path if path.is_file() else None


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from the file's header.

    Raises:
        DatasetError: The file is no image.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError) as error:
        message = f"{path} is not a readable image; unpack its data set again"
        raise DatasetError(message) from error


def csv_rows(path: Path) -> list[Mapping[str, str]]:
    """Rows of a table with a header line, as mappings from column to text.

    Raises:
        DatasetError: The file is missing or is no text table.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} is missing or no table; unpack its data set again"
        raise DatasetError(message) from error
