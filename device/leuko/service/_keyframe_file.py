"""The keyframes of a slide in a file: a session that goes on knows its ground again."""

import logging
import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import starmap
from pathlib import Path
from typing import BinaryIO

from leuko.tracking import Keyframe, Position

logger = logging.getLogger(__name__)

_HEADER = struct.Struct("<8sqdq")
_MARK = b"leukokf1"
_SUM = struct.Struct("<I")
_PLACE = struct.Struct("<qddd")


class KeyframeFile:
    """Keeps the keyframes of one session; fulfils `leuko.tracking.KeyframeArchive`.

    Nothing is flushed: what a power cut takes of it costs cells that are counted again on ground
    seen in the last seconds, and a flush for every keyframe would hold up frames. What the disk
    does not take stays in memory.
    """

    def __init__(self, path: Path, *, session: int, um_per_px: float) -> None:
        """Name the file; nothing is read yet.

        Args:
            path: the file; what it holds of another session or scale is given up.
            session: id of the session; 0 without one.
            um_per_px: scale of the frames.
        """
        self._path = path
        self._session = session
        self._um_per_px = um_per_px
        self._picture_bytes = 0
        self._untaken: dict[int, bytes] = {}

    def begin(self, picture_bytes: int) -> Sequence[Keyframe]:
        """See `leuko.tracking.KeyframeArchive`."""
        self._picture_bytes = picture_bytes
        header = _HEADER.pack(_MARK, self._session, self._um_per_px, picture_bytes)
        try:
            if self._session and self._path.exists():
                with self._path.open("rb") as file:
                    if file.read(_HEADER.size) == header:
                        return list(starmap(_keyframe, enumerate(self._kept(file))))
            self._path.write_bytes(header)
        except OSError as error:
            logger.warning("keyframes cannot be kept in %s: %s", self._path, error.strerror)
        return ()

    def put(self, keyframe: Keyframe, picture: bytes) -> None:
        """See `leuko.tracking.KeyframeArchive`."""
        self._untaken.pop(keyframe.number, None)
        content = _SUM.pack(zlib.crc32(picture)) + picture + _place(keyframe)
        if not self._is_written(self._start(keyframe.number), content):
            self._untaken[keyframe.number] = picture

    def move(self, keyframe: Keyframe) -> None:
        """See `leuko.tracking.KeyframeArchive`."""
        if keyframe.number not in self._untaken:
            end = self._start(keyframe.number + 1)
            self._is_written(end - _PLACE.size, _place(keyframe))

    def get(self, number: int) -> bytes:
        """See `leuko.tracking.KeyframeArchive`."""
        if number in self._untaken:
            return self._untaken[number]
        with self._path.open("rb") as file:
            file.seek(self._start(number) + _SUM.size)
            return file.read(self._picture_bytes)

    def _start(self, number: int) -> int:
        return _HEADER.size + number * (_SUM.size + self._picture_bytes + _PLACE.size)

    def _is_written(self, start: int, content: bytes) -> bool:
        try:
            with self._path.open("r+b", buffering=0) as file:
                file.seek(start)
                return file.write(content) == len(content)
        except OSError:
            return False

    def _kept(self, file: BinaryIO) -> Iterator[bytes]:
        """The places of the keyframes, up to the first that is not whole."""
        size = self._start(1) - self._start(0)
        while len(record := file.read(size)) == size:
            (checksum,) = _SUM.unpack_from(record)
            if zlib.crc32(record[_SUM.size : -_PLACE.size]) != checksum:
                return
            yield record[-_PLACE.size :]


def _place(keyframe: Keyframe) -> bytes:
    at = keyframe.position
    return _PLACE.pack(at.segment, at.x_um, at.y_um, keyframe.sharpness)


def _keyframe(number: int, place: bytes) -> Keyframe:
    segment, x_um, y_um, sharpness = _PLACE.unpack(place)
    return Keyframe(number, Position(segment, x_um, y_um), sharpness)
