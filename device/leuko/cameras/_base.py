"""What the live count asks of a camera."""

from dataclasses import dataclass, field
from typing import Protocol, Self

from leuko.cameras._controls import Locks
from leuko.cells import RGBImage


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from a camera.

    Attributes:
        rgb: ``(height, width, 3)`` uint8, RGB; nobody writes to it.
        number: counts the camera's pictures since it was opened; a gap means dropped ones.
        captured_s: when it was taken, in seconds of ``time.monotonic()``, which all processes of
            one boot share.
    """

    rgb: RGBImage
    number: int
    captured_s: float


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """How a camera is to be opened.

    Attributes:
        source: which one: a device, a folder, a video or a slide, as the driver understands it.
        width: columns wanted.
        height: rows wanted.
        frames_per_s: pictures a second wanted; 0 is as fast as possible.
        locks: what its controls are to be locked at; the others are locked where it finds them.
        um_per_px: scale of the pictures, for sources that are drawn at a scale.
        seed: source of all chance, for simulated sources.
    """

    source: str = ""
    width: int = 1280
    height: int = 960
    frames_per_s: float = 20.0
    locks: Locks = field(default_factory=Locks)
    um_per_px: float = 0.1
    seed: int = 0


class Camera(Protocol):
    """A source of pictures, opened by its constructor; used from one thread."""

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        """Open the camera and lock exposure and white balance.

        Raises:
            CameraError: it is missing, in use, or not what the options ask for.
        """

    @property
    def name(self) -> str:
        """What a person calls it: driver and device, for the display and the log."""

    def read(self) -> Frame | None:
        """Wait for the next picture and return it; None when the source has come to its end.

        Called in a row as fast as pictures are wanted. A picture that comes late is returned
        late: who cannot wait puts the camera into a process of its own (`CameraProcess`).

        Raises:
            CameraError: the camera is gone, or gave something that is no picture.
        """

    def close(self) -> None:
        """Let go of the device; later calls do nothing."""
