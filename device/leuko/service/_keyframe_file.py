"""The keyframes of a slide in a file: a session that goes on knows its ground again."""

import logging
import os
import struct
import weakref
import zlib
from collections.abc import Sequence
from pathlib import Path

from leuko.tracking import Keyframe, Position

logger = logging.getLogger(__name__)

_HEADER = struct.Struct("<8sqdq")
_MARK = b"leukokf2"
_PLACE = struct.Struct("<qdddI")
"""Segment, x, y, sharpness, and the checksum of the picture, which binds it to the place."""
_SUM = struct.Struct("<I")
_END = _PLACE.size + _SUM.size


class KeyframeFile:
    """Keeps the keyframes of one session; fulfils `leuko.tracking.KeyframeArchive`.

    Nothing is flushed: what a power cut takes of it costs cells that are counted again on ground
    seen in the last seconds, and a flush for every keyframe would hold up frames. What the disk
    does not take stays in memory.
    """

    def __init__(
        self, path: Path, *, session: int, um_per_px: float, holds_moves: bool = False
    ) -> None:
        """Name the file; nothing is read yet.

        Args:
            path: the file; what it holds of another session or scale is given up.
            session: id of the session; 0 without one.
            um_per_px: scale of the frames.
            holds_moves: whether moves wait for `commit`. Keyframes that moved before the cells
                that were seen with them would hide them from a session that goes on.
        """
        self._path = path
        self._session = session
        self._um_per_px = um_per_px
        self._file = -1
        self._picture_bytes = 0
        self._sums: list[int] = []
        self._untaken: dict[int, bytes] = {}
        self._holds_moves = holds_moves
        self._moved: dict[int, Keyframe] = {}

    def begin(self, picture_bytes: int) -> Sequence[Keyframe]:
        """See `leuko.tracking.KeyframeArchive`."""
        self._picture_bytes = picture_bytes
        header = _HEADER.pack(_MARK, self._session, self._um_per_px, picture_bytes)
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            weakref.finalize(self, os.close, self._file)
            if self._session and os.pread(self._file, _HEADER.size, 0) == header:
                return self._kept()
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, header, 0)
        except OSError as error:
            logger.warning("keyframes cannot be kept in %s: %s", self._path, error.strerror)
        return ()

    def put(self, keyframe: Keyframe, picture: bytes) -> None:
        """See `leuko.tracking.KeyframeArchive`."""
        self._untaken.pop(keyframe.number, None)
        self._moved.pop(keyframe.number, None)
        self._sums[keyframe.number : keyframe.number + 1] = [zlib.crc32(picture)]
        if not self._is_written(self._start(keyframe.number), picture + self._end(keyframe)):
            self._untaken[keyframe.number] = picture

    def move(self, keyframe: Keyframe) -> None:
        """See `leuko.tracking.KeyframeArchive`."""
        self._moved[keyframe.number] = keyframe
        if not self._holds_moves:
            self.commit()

    def commit(self) -> None:
        """Write the moves that were held: the cells that moved with them are kept."""
        for number, keyframe in self._moved.items():
            if number not in self._untaken:
                self._is_written(self._start(number + 1) - _END, self._end(keyframe))
        self._moved.clear()

    def get(self, number: int) -> bytes:
        """See `leuko.tracking.KeyframeArchive`."""
        if number in self._untaken:
            return self._untaken[number]
        picture = self._read(self._start(number), self._picture_bytes)
        if len(picture) == self._picture_bytes and zlib.crc32(picture) == self._sums[number]:
            return picture
        logger.warning("keyframe %d in %s cannot be read", number, self._path)
        return bytes(self._picture_bytes)

    def _kept(self) -> list[Keyframe]:
        """The keyframes that are whole; they move up in the file to where others are not."""
        kept: list[Keyframe] = []
        size = self._start(1) - self._start(0)
        count = (os.fstat(self._file).st_size - self._start(0)) // size
        for number in range(count):
            record = self._read(self._start(number), size)
            if not self._is_whole(record):
                continue
            place = _PLACE.unpack_from(record, self._picture_bytes)
            kept.append(_keyframe(len(kept), place[:4]))
            self._sums.append(place[4])
            if len(kept) <= number:
                self.put(kept[-1], record[: self._picture_bytes])
        if len(kept) < count:
            logger.warning("%d keyframes in %s are damaged", count - len(kept), self._path)
        os.ftruncate(self._file, self._start(len(kept)))
        return kept

    def _is_whole(self, record: bytes) -> bool:
        if len(record) < self._start(1) - self._start(0):
            return False
        place = record[self._picture_bytes : -_SUM.size]
        sums = (_PLACE.unpack(place)[-1], *_SUM.unpack(record[-_SUM.size :]))
        return sums == (zlib.crc32(record[: self._picture_bytes]), zlib.crc32(place))

    def _start(self, number: int) -> int:
        return _HEADER.size + number * (self._picture_bytes + _END)

    def _end(self, keyframe: Keyframe) -> bytes:
        at, checksum = keyframe.position, self._sums[keyframe.number]
        place = _PLACE.pack(at.segment, at.x_um, at.y_um, keyframe.sharpness, checksum)
        return place + _SUM.pack(zlib.crc32(place))

    def _is_written(self, start: int, content: bytes) -> bool:
        try:
            return os.pwrite(self._file, content, start) == len(content)
        except OSError:
            return False

    def _read(self, start: int, size: int) -> bytes:
        try:
            return os.pread(self._file, size, start)
        except OSError:
            return b""


def _keyframe(number: int, place: tuple[int, float, float, float]) -> Keyframe:
    segment, x_um, y_um, sharpness = place
    return Keyframe(number, Position(segment, x_um, y_um), sharpness)
