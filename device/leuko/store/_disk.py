"""How much room there is for what is kept."""

import os
import shutil
from pathlib import Path

from leuko.status import Health, Level

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
        return Health(Level.FAULT, f"disk is full: {free // 10**6} MB free")
    if free < _FEW_BYTES:
        return Health(Level.WARNING, f"disk is nearly full: {free // 10**6} MB free")
    return Health(Level.OK, f"{free / 1e9:.0f} GB free")
