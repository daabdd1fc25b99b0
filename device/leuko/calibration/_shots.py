"""Pictures that something is measured from: those of a folder, or of the camera as it is."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from leuko.calibration._lines import as_line
from leuko.calibration._origin import FrameUsed
from leuko.cameras import Frame
from leuko.cells import RGBImage
from leuko.errors import CalibrationError, ImageError
from leuko.images import file_digest, find_images, pixel_digest, read_image
from leuko.status import Health, Level

FILES = "files"
"""Stands for the driver where pictures come from a folder."""

_WAIT_S = 0.5
_LONGEST_S = 120.0
"""How long a person may take to show the camera what is asked for."""
_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture that something may be measured from.

    Attributes:
        rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it.
        used: its name and hash.
    """

    rgb: RGBImage
    used: FrameUsed

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def pixels(self) -> bytes:
        """Hash of the pixels, see `leuko.images.pixel_digest`."""
        return pixel_digest(self.rgb)


class ShotSource(Protocol):
    """What a picture is asked of: `leuko.cameras.CameraProcess`."""

    @property
    def health(self) -> Health:
        """How it is at this moment."""

    @property
    def has_ended(self) -> bool:
        """Whether there will be no more frames."""

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame not read before; None if none came in time."""


def from_all_over(images: Sequence[Path]) -> list[Path]:
    """Return images in an order in which those up to any are from all over, evenly.

    >>> [path.name for path in from_all_over([Path(name) for name in "abcde"])]
    ['a', 'e', 'c', 'b', 'd']
    """
    bits = (len(images) - 1).bit_length()
    # Numbers whose bits are read backwards halve what is left open again and again.
    places = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits))
    return [images[place] for place in places if place < len(images)]


def shots_of_folder(
    folder: Path,
    *,
    left_out: Callable[[str], None] = lambda _reason: None,
    order: Callable[[Sequence[Path]], Sequence[Path]] = list,
) -> Iterator[Shot]:
    """Yield the pictures of a folder in the order of their names, one in memory at a time.

    Args:
        folder: holds them.
        left_out: told why a picture cannot be read.
        order: puts them into another order, such as `from_all_over`.

    Raises:
        ImageError: there are none, or none of them can be read.
    """
    first: ImageError | None = None
    is_any = False
    for path in order(find_images([folder])):
        try:
            rgb, digest = read_image(path), file_digest(path)
        except ImageError as error:
            left_out(str(error))
            first = first or error
            continue
        is_any = True
        yield Shot(rgb, FrameUsed(name=as_line(path.name), sha256=digest))
    if first and not is_any:
        raise ImageError(f"none of the pictures can be used; {first}") from first


def refuse_several_sizes(pictures: Sequence[tuple[FrameUsed, tuple[int, int]]]) -> None:
    """Refuse pictures of several sizes, of which one camera gives none.

    Args:
        pictures: each with its height and width.

    Raises:
        CalibrationError: one is of another size than most; it is named.
    """
    common = Counter(shape for _, shape in pictures).most_common(1)
    odd = next(((used, shape) for used, shape in pictures if shape != common[0][0]), None)
    if odd:
        (height, width), (most_height, most_width) = odd[1], common[0][0]
        raise CalibrationError(
            f"the pictures are of several sizes: {odd[0].name} has {width} x {height} pixels, "
            f"others have {most_width} x {most_height}; give those of one camera"
        )


def shots_of_camera(
    camera: ShotSource,
    *,
    every_s: float = _EVERY_S,
    longest_s: float = _LONGEST_S,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Shot]:
    """Yield a camera's pictures, two a second, until nobody asks any more.

    Args:
        camera: gives them.
        every_s: how far apart they are at least.
        longest_s: how long a person may take, not counting what is done with each picture; two
            minutes where little is asked for.
        clock: monotonic seconds.
        sleep: waits for some seconds.

    Raises:
        CalibrationError: the camera fails, or a person has taken too long.
    """
    until_s = clock() + longest_s
    while not camera.has_ended:
        if clock() > until_s:
            raise CalibrationError(
                f"the camera did not show what is asked for within {longest_s:g} s; try again"
            )
        frame = camera.read(_WAIT_S)
        if camera.health.level is Level.FAULT:
            raise CalibrationError(camera.health.text)
        if frame is not None:
            digest = hashlib.sha256(frame.rgb.tobytes()).hexdigest()
            given_s = clock()
            yield Shot(frame.rgb, FrameUsed(name=f"picture {frame.number}", sha256=digest))
            until_s += clock() - given_s
            sleep(every_s)
