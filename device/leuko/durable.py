"""Files that are whole after a power cut: what was there, or what was to be there."""

import errno
import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file in the place of an older one, at once and for good.

    Args:
        path: the file, in a folder that is there.
        content: of the file.
        mode: its permissions; None for what the process gives to new files.

    Raises:
        OSError: it cannot be written; what was there is still there, and nothing beside it.
    """
    prepared = path.with_name(f".{path.name}.new")
    try:
        write(prepared, content, mode=mode)
        put(prepared, path)
    finally:
        prepared.unlink(missing_ok=True)


def write(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file and have it on the disk before returning; arguments as of `write_whole`.

    Raises:
        OSError: it cannot be written.
    """
    path.write_bytes(content)
    if mode is not None:
        path.chmod(mode)
    flush(path)


def put(prepared: Path, place: Path) -> None:
    """Move a flushed file or folder into its place, at once and for good.

    Raises:
        OSError: it cannot be moved.
    """
    prepared.replace(place)
    flush(place.parent)


def flush(path: Path) -> None:
    """Have a file or folder on the disk before returning.

    Raises:
        OSError: the disk does not take it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems of sticks know no flushing of folders.
        if error.errno != errno.EINVAL or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
