"""Which image files there are."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from leuko.errors import ImageError
from leuko.images._reading import is_own_result

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

_RESULT = "differential.json"
"""Lies in a folder that Leuko wrote, whose pictures are no fields."""
_NAMED = 5
"""Folders that a sentence names."""


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
            raise ImageError(
                f"{path} cannot be read: {error.strerror}; check the path and its permissions"
            ) from error
        if missing:
            raise ImageError(f"there is no image at {missing}; check the path")
        for image in images:
            found.setdefault(image.resolve(), image)
    return list(found.values())


def unread_images(paths: Sequence[Path]) -> list[str]:
    """Return how many files of kinds that are not read `find_images` passes over, by folder."""
    told: list[str] = []
    for folder in dict.fromkeys(path for path in paths if path.is_dir()):
        # Of a folder that cannot be read `find_images` says so.
        with suppress(OSError):
            if unread := _named(folder, _UNREAD):
                told.append(_told_unread(folder, unread))
    return told


def unread_folders(paths: Sequence[Path]) -> list[str]:
    """Return which folders of images within each folder `find_images` passes over."""
    given = {path.resolve() for path in paths if path.is_dir()}
    told: list[str] = []
    for folder in dict.fromkeys(path for path in paths if path.is_dir()):
        with suppress(OSError):
            within = [one for one in _folders_in(folder) if one.resolve() not in given]
            if deeper := [one for one in within if _has_fields(one)]:
                told.append(_told_deeper(folder, deeper))
    return told


def _told_deeper(folder: Path, deeper: Sequence[Path]) -> str:
    which, are = ("a folder", "is") if len(deeper) == 1 else (f"{len(deeper)} folders", "are")
    return f"{which} with images in {folder} {are} not looked into ({_few(deeper)})"


def _few(folders: Sequence[Path]) -> str:
    names = ", ".join(folder.name for folder in folders[:_NAMED])
    return names + (", ..." if len(folders) > _NAMED else "")


def _folders_in(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _has_fields(folder: Path) -> bool:
    """Return whether a folder holds images that `find_images` takes and Leuko did not write."""
    try:
        if (folder / _RESULT).exists():
            return False
        return any(not is_own_result(path) for path in _named(folder, SUFFIXES))
    except OSError:
        return False


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
    folders = _folders_in(folder)
    which = "the folder" if len(folders) == 1 else f"one of the {len(folders)} folders"
    deeper = f"; name {which} in it instead ({_few(folders)})" if folders else ""
    raise ImageError(
        f"no images in {folder}; give a folder with PNG, JPEG, TIFF or BMP files in it{deeper}"
    )


def _named(folder: Path, suffixes: Collection[str]) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    )
