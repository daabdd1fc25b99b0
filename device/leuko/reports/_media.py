"""Where a USB stick is mounted."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from leuko.errors import OutputError

_MOUNTS = Path("/proc/self/mounts")
_BLOCKS = Path("/sys/class/block")
_PLACES = (Path("/media"), Path("/run/media"), Path("/mnt"))
_OCTAL = re.compile(rb"\\([0-7]{3})")
_ON_USB = re.compile(r"/usb[0-9]+/")


def find_usb_stick(
    *,
    mounts: Path = _MOUNTS,
    blocks: Path = _BLOCKS,
    visit: Callable[[Path], object] = os.listdir,
) -> Path:
    """Return the folder that the one USB stick is mounted at.

    Args:
        mounts: what is mounted where, as proc(5) has it.
        blocks: the kernel's folder of block devices.
        visit: looks into a folder, upon which the system mounts what it mounts on demand.

    Raises:
        OutputError: there is none, there are several, or it cannot be written to.
    """
    for mount in tuple(_mounted(mounts)):
        if mount.kind == "autofs" and _is_place(mount.folder):
            # It says so where no stick is plugged in.
            with suppress(OSError):
                visit(mount.folder)
    sticks = {mount.device: mount for mount in _mounted(mounts) if _is_stick(mount, blocks)}
    if not sticks:
        raise OutputError("no USB stick is mounted; plug one in, or name a folder")
    if len(sticks) > 1:
        folders = ", ".join(sorted(str(mount.folder) for mount in sticks.values()))
        raise OutputError(f"there are several USB sticks: {folders}; name the folder of one")
    (stick,) = sticks.values()
    if not stick.is_writable:
        raise OutputError(
            f"the USB stick at {stick.folder} is mounted read-only; "
            "move its lock, have it repaired, or take another"
        )
    return stick.folder


class _Mount(NamedTuple):
    device: str
    folder: Path
    kind: str
    is_writable: bool


def _mounted(mounts: Path) -> Iterator[_Mount]:
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError as error:
        raise OutputError(
            f"cannot tell what is mounted: {error.strerror}; name the folder of the USB stick"
        ) from error
    for line in lines:
        device, folder, kind, options = (os.fsdecode(_unescaped(part)) for part in line.split()[:4])
        yield _Mount(device, Path(folder), kind, "rw" in options.split(","))


def _unescaped(field: bytes) -> bytes:
    return _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), field)


def _is_place(folder: Path) -> bool:
    return any(folder.is_relative_to(place) for place in _PLACES)


def _is_stick(mount: _Mount, blocks: Path) -> bool:
    if not (mount.device.startswith("/dev/") and _is_place(mount.folder)):
        return False
    block = (blocks / Path(mount.device).name).resolve()
    # A partition lies within its disk; many USB disks do not call themselves removable.
    flags = (block / "removable", block.parent / "removable")
    is_removable = any(flag.is_file() and flag.read_bytes().strip() == b"1" for flag in flags)
    return is_removable or _ON_USB.search(str(block)) is not None
