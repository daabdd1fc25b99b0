"""Writing so that a power cut leaves either what was there or what is to be there."""

import contextlib
import shutil
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path

from leuko.durable import flush, put, write, write_whole
from leuko.errors import OutputError

_INCOMING = ".incoming-"
_READABLE = 0o644
_SPARE_BYTES = 64 * 1024 * 1024
"""What an installation leaves free for the sessions."""


def put_file(path: Path, content: bytes) -> None:
    """Write a file in the place of an older one, at once and for good.

    Raises:
        OutputError: it cannot be written.
    """
    with translated(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content, mode=_READABLE)


def put_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder with files; one that is there already gets each of them anew.

    A new folder appears whole or not at all; what an earlier attempt left half written is
    removed. Where there is one, each file is replaced at once, so that a folder which was whole
    and is written again stays whole all the time.

    Args:
        path: the folder, whose name stands for what is in it.
        files: content by name.

    Raises:
        OutputError: it cannot be written, or would leave too little room for the sessions.
    """
    with translated(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in path.parent.glob(f"{_INCOMING}*"):
            shutil.rmtree(stale)
        _check_room(path.parent, sum(len(content) for content in files.values()))
        if path.exists():
            for name, content in files.items():
                put_file(path / name, content)
            return
        incoming = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=path.parent))
        for name, content in files.items():
            (incoming / name).parent.mkdir(parents=True, exist_ok=True)
            write(incoming / name, content, mode=_READABLE)
        for folder in sorted({(incoming / name).parent for name in files} | {incoming}):
            folder.chmod(0o755)
            flush(folder)
        put(incoming, path)


@contextlib.contextmanager
def translated(folder: Path) -> Generator[None]:
    """Say in a sentence what the system says of a folder.

    Raises:
        OutputError: the block failed with an error of the system.
    """
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written to ({error.strerror}); free some space, or ask as its "
            "user: sudo -u leuko leuko bundle"
        ) from error


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE_BYTES:
        raise OutputError(
            f"{folder} has {free / 1e6:.0f} MB left, {(size + _SPARE_BYTES) / 1e6:.0f} MB are "
            "needed; free some space"
        )
