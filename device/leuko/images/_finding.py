"""Which image files there are."""

from collections.abc import Collection, Iterable
from pathlib import Path

from leuko.errors import ImageError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
"""Names of image files end in one of these, in small or capital letters."""

_UNREAD = (
    *(".arw", ".avif", ".cr2", ".cr3", ".czi", ".dng", ".gif", ".heic", ".heif", ".jfif", ".jp2"),
    *(".jxl", ".lif", ".mrxs", ".nd2", ".ndpi", ".nef", ".orf", ".psd", ".raw", ".svs", ".webp"),
)
"""Of images that telephones, cameras and slide scanners save, and that are not read."""
_READ = "only PNG, JPEG, TIFF and BMP files are read"


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
    return [told for folder in folders if (told := _told_unread(folder))]


def _told_unread(folder: Path) -> str:
    unread = _named(folder, _UNREAD)
    if not unread:
        return ""
    number = "1 file" if len(unread) == 1 else f"{len(unread)} files"
    such = ", such as" if len(unread) > 1 else ","
    return f"{number} in {folder}{such} {unread[0].name}, for {_READ}"


def _images_in(folder: Path) -> list[Path]:
    if names := _named(folder, SUFFIXES):
        return names
    if unread := _told_unread(folder):
        raise ImageError(f"no image can be read of {unread}; save them as one of these")
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
