"""Whether the one who asks and the service mean the same folder by a path."""

from pathlib import Path

from leuko.errors import OutputError

FolderId = tuple[int, int]
"""Device and inode."""


def folder_id(folder: Path) -> FolderId | None:
    """Return what tells a folder from every other of this machine; None if it cannot be seen."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def refuse_another(folder: Path, meant: FolderId | None) -> None:
    """Refuse a path that leads to another folder here than where it was named.

    A service under systemd may have a /tmp of its own and see no home folder (PrivateTmp= and
    ProtectHome= in systemd.exec(5)); what it wrote there nobody would find.

    Args:
        folder: the path.
        meant: the folder that it leads to where it was named; None if that is not known.

    Raises:
        OutputError: it leads to another folder, or to none.
    """
    if meant is not None and folder_id(folder) != meant:
        raise OutputError(
            f"the service does not see your {folder}: it has a /tmp of its own and no way into "
            "home folders; name a folder below /media or /mnt, or none for the USB stick"
        )
