"""The searched ground of a session in a file, while nothing is searched."""

import io
import logging
import zipfile
from itertools import starmap
from pathlib import Path

import numpy as np

from leuko.durable import flush, write_whole
from leuko.tracking import KeptGround, SearchedGround

logger = logging.getLogger(__name__)

_WHOSE = "session, µm per pixel, width and height of a view, views enough"
_SHEET = "segment "


class GroundFile:
    """Keeps what a session has searched, until more is: then it is to be forgotten.

    So ground is never taken for all that was searched where a power cut came after it was kept.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is read yet."""
        self._path = path

    def keep(self, ground: SearchedGround, session: int, *, um_per_px: float) -> None:
        """Keep the ground of a session; what the disk does not take is said and lost.

        Args:
            ground: that was searched.
            session: id of the session.
            um_per_px: scale of the frames.
        """
        content = io.BytesIO()
        arrays = {_WHOSE: np.array([session, um_per_px, *ground.size_um, ground.enough])}
        for sheet in ground.kept():
            arrays[f"{_SHEET}{sheet.segment} {sheet.top} {sheet.left}"] = sheet.searched
        np.savez_compressed(content, allow_pickle=False, **arrays)
        try:
            write_whole(self._path, content.getvalue())
        except OSError as error:
            logger.warning("searched ground cannot be kept in %s: %s", self._path, error.strerror)

    def forget(self) -> None:
        """Forget what is kept, for more is searched from now on."""
        try:
            self._path.unlink()
            flush(self._path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            logger.warning("searched ground stays in %s: %s", self._path, error.strerror)

    def read(self, session: int, *, um_per_px: float) -> SearchedGround | None:
        """Return the ground of a session.

        Args:
            session: id of the session.
            um_per_px: scale of the frames.

        Returns:
            The ground; None if it is not known.
        """
        try:
            with np.load(io.BytesIO(self._path.read_bytes()), allow_pickle=False) as arrays:
                return _ground_of(dict(arrays), session, um_per_px)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            logger.warning("searched ground in %s cannot be read: %s", self._path, error)
            return None


def _ground_of(
    arrays: dict[str, np.ndarray], session: int, um_per_px: float
) -> SearchedGround | None:
    whose, scale, width_um, height_um, enough = arrays.pop(_WHOSE).tolist()
    if (whose, scale) != (session, um_per_px):
        return None
    ground = SearchedGround(width_um=width_um, height_um=height_um, enough=int(enough))
    ground.restore(starmap(_sheet, arrays.items()))
    return ground


def _sheet(name: str, searched: np.ndarray) -> KeptGround:
    segment, top, left = map(int, name.removeprefix(_SHEET).split())
    if searched.ndim != 2 or searched.dtype != np.bool_:
        raise ValueError(f"{name} is no ground")
    return KeptGround(segment, top, left, searched)
