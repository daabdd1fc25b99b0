"""How much room there is for what is kept."""

import os
import shutil
from pathlib import Path

from leuko.errors import StoreError
from leuko.status import Health, Level
from leuko.store._files import beside

_FEW_BYTES, _TOO_FEW_BYTES = 500_000_000, 50_000_000


def disk_health(folder: Path) -> Health:
    """Return how the disk is that a folder lies on."""
    try:
        free = shutil.disk_usage(folder).free
        is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    except OSError as error:
        return Health(Level.FAULT, f"disk is gone: {error.strerror}")
    if is_read_only:
        return Health(Level.FAULT, "disk is read-only")
    if free < _TOO_FEW_BYTES:
        remedy = "put in another medium, or drop the pictures of old sessions: leuko session slim"
        return Health(Level.FAULT, f"too little room: {free // 10**6} MB free; {remedy}")
    if free < _FEW_BYTES:
        return Health(Level.WARNING, f"disk is nearly full: {free // 10**6} MB free")
    return Health(Level.OK, f"{free / 1e9:.0f} GB free")


def store_health(store: Path) -> Health:
    """Return how the disk of a store is, and whether there is room for the store's next copy."""
    health = disk_health(store.parent)
    if health.level is Level.FAULT:
        return health
    try:
        # What is copied at this moment has its room already.
        if has_room(store.parent, size(store) - size(beside(store, "kept-new"))):
            return health
        free = shutil.disk_usage(store.parent).free
    except OSError as error:
        return Health(Level.FAULT, f"disk is gone: {error.strerror}")
    return Health(Level.WARNING, f"no room for a copy: {free // 10**6} MB free")


def refuse_without_room(store: Path) -> None:
    """Refuse a copy that the disk has no room for: cells go first.

    Raises:
        StoreError: with the copy there would be too little room.
    """
    if not has_room(store.parent, needed := size(store)):
        raise StoreError(
            f"store {store}: there is no room for a copy of its {needed // 10**6} MB; free some "
            "space, or drop the pictures of old sessions: leuko session slim"
        )


def has_room(folder: Path, bytes_needed: int) -> bool:
    """Return whether that much more can be written and enough room is left."""
    return shutil.disk_usage(folder).free >= max(0, bytes_needed) + _TOO_FEW_BYTES


def size(store: Path) -> int:
    """Return how many bytes a store has, those that wait in its write-ahead log included."""
    return _bytes(store) + _bytes(store.with_name(f"{store.name}-wal"))


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
