"""Which image files there are."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from leuko.errors import ImageError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
"""Names of image files end in one of these, in small or capital letters."""

_UNREAD = frozenset([
    ".arw",
    ".avif",
    ".cr2",
    ".cr3",
    ".czi",
    ".dng",
    ".gif",
    ".heic",
    ".heif",
    ".jfif",
    ".jp2",
    ".jxl",
    ".lif",
    ".mrxs",
    ".nd2",
    ".ndpi",
    ".nef",
    ".orf",
    ".psd",
    ".raw",
    ".svs",
    ".webp",
])
"""Of images that telephones, cameras and slide scanners save, and that are not read."""


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


def unread_images(paths: Iterable[Path]) -> list[str]:
    """Return how many images of each folder `find_images` passes over for their kind, in words."""
    folders = [path for path in dict.fromkeys(paths) if path.is_dir()]
    # Of a folder that cannot be read `find_images` says so.
    with suppress(OSError):
        named = [(folder, _named(folder, _UNREAD)) for folder in folders]
        return [_told_unread(folder, unread) for folder, unread in named if unread]
    return []


def _told_unread(folder: Path, unread: Sequence[Path]) -> str:
    name = unread[0].name
    if len(unread) == 1:
        told = f"1 file in {folder} is not read ({name})"
    else:
        told = f"{len(unread)} files in {folder} are not read (such as {name})"
    return f"{told}: only PNG, JPEG, TIFF and BMP are"


def _images_in(folder: Path) -> list[Path]:
    if names := _named(folder, SUFFIXES):
        return names
    if unread := _named(folder, _UNREAD):
        them = "it" if len(unread) == 1 else "them"
        raise ImageError(f"{_told_unread(folder, unread)}; save {them} as one of these")
    folders = sum(path.is_dir() for path in folder.iterdir())
    which = "the folder" if folders == 1 else f"the {folders} folders"
    deeper = f"; name {which} in it instead" if folders else ""
    raise ImageError(
        f"no images in {folder}; give a folder with PNG, JPEG, TIFF or BMP files in it{deeper}"
    )


def _named(folder: Path, suffixes: Collection[str]) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    )
