"""Pictures that were taken earlier: a folder of images or a video."""

import itertools
import logging
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from leuko.cameras._base import CameraOptions, Frame
from leuko.cameras._found import Found
from leuko.cells import RGBImage
from leuko.errors import CameraError, ImageError
from leuko.images import find_images, read_image, unread_folders, unread_images

logger = logging.getLogger(__name__)


class ReplayCamera:
    """Gives a folder's images in the order of their names, or a video's, at their own size."""

    def __init__(
        self, source: Path, pictures: Iterator[tuple[str, RGBImage]], *, frames_per_s: float
    ) -> None:
        """Read the first picture, which sets the size of all.

        Args:
            source: what the pictures come from.
            pictures: all of them, each with what it is called; what it raises is passed on.
            frames_per_s: pace to give them at; 0 is as fast as they are read.

        Raises:
            CameraError: the first picture is broken, or there is none.
        """
        first = next(pictures, None)
        if first is None:
            raise CameraError(f"{source} has no picture in it; give another video")
        self._source = source
        self._size = first[1].shape
        self._pictures: Iterator[tuple[str, RGBImage]] = itertools.chain([first], pictures)
        self._numbers = itertools.count()
        self._period_s = 1 / frames_per_s if frames_per_s else 0.0
        self._due_s = time.monotonic()

    @staticmethod
    def refuse_source(options: CameraOptions) -> None:
        """See `leuko.cameras.refuse_source`."""
        source = Path(options.source)
        if not options.source or not source.exists():
            raise CameraError(
                f"there is nothing to replay at {options.source or 'an empty source'}; "
                "name a folder of images or a video"
            )
        if source.is_dir():
            _images_in(source)

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        """Open the folder or video that ``options.source`` names.

        Raises:
            CameraError: it is missing, has no pictures, or the first is broken.
        """
        cls.refuse_source(options)
        source = Path(options.source)
        for unread in (*unread_images([source]), *unread_folders([source])):
            logger.warning("%s", unread)
        pictures = _images_of(source) if source.is_dir() else _frames_of(source)
        return cls(source, pictures, frames_per_s=options.frames_per_s)

    @property
    def name(self) -> str:
        """The driver and the folder or video."""
        return f"replay {self._source}"

    @property
    def found(self) -> Found:
        """The size of the first picture; it is a recording."""
        return Found(self._size[1], self._size[0], is_recording=True)

    def read(self) -> Frame | None:
        """Return the next picture when it is due; None after the last.

        Raises:
            CameraError: an image is broken or of another size than the first.
        """
        named = next(self._pictures, None)
        if named is None:
            return None
        name, rgb = named
        if rgb.shape != self._size:
            raise CameraError(
                f"{name} is {rgb.shape[1]} x {rgb.shape[0]} pixels, the first picture "
                f"{self._size[1]} x {self._size[0]}; keep pictures of one size in a recording"
            )
        self._wait_until_due()
        return Frame(rgb, next(self._numbers), time.monotonic())

    def close(self) -> None:
        """Give no more pictures."""
        self._pictures = iter(())

    def _wait_until_due(self) -> None:
        late_s = time.monotonic() - self._due_s
        if late_s < 0:
            time.sleep(-late_s)
        # What is late stays late: a slow disk does not make the next pictures hurry.
        self._due_s += self._period_s + max(0.0, late_s)


def _images_in(folder: Path) -> list[Path]:
    try:
        return find_images([folder])
    except ImageError as error:
        raise CameraError(str(error)) from error


def _images_of(folder: Path) -> Generator[tuple[str, RGBImage]]:
    try:
        for path in _images_in(folder):
            yield str(path), read_image(path)
    except ImageError as error:
        raise CameraError(str(error)) from error


def _frames_of(video: Path) -> Generator[tuple[str, RGBImage]]:
    capture = cv2.VideoCapture(str(video))
    try:
        if not capture.isOpened():
            raise CameraError(f"{video} is no video that can be read; give another")
        yield from _read_through(capture, video)
    except cv2.error as error:
        raise CameraError(f"{video} cannot be read: {error.err}; give another") from error
    finally:
        capture.release()


def _read_through(capture: cv2.VideoCapture, video: Path) -> Generator[tuple[str, RGBImage]]:
    for number in itertools.count(1):
        is_given, bgr = capture.read()
        if not is_given:
            return
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        yield f"picture {number} of {video}", rgb
