"""Simulated cameras that fail as real ones do, and are sound when they are opened again.

``options.source`` is ``FOLDER:SLIDE``: in the folder each opening leaves a file, and the first
one writes there when it begins to fail; the slide is one of the simulated camera's.
"""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from leuko.cameras import CameraOptions, Frame
from leuko.cells import RGBImage
from leuko.errors import CameraError
from leuko.sim.camera import SimCamera

SOUND_S = 3.0
"""For how long the first opening gives sound pictures."""
BEGAN = "began"
"""File with the moment of the first fault, in seconds of ``time.monotonic()``."""
OPENED = "opened-"
"""What the files of the openings begin with; each holds the moment of its first picture."""
_FOR_EVER_S = 3600.0


class FaultyCamera:
    """A simulated camera of which the first opening fails after a while."""

    def __init__(self, folder: Path, camera: SimCamera) -> None:
        """Begin with sound pictures.

        Args:
            folder: where each opening leaves its file.
            camera: gives the sound pictures.
        """
        self._folder = folder
        self._camera = camera
        self._opening = len(list(folder.glob(f"{OPENED}*")))
        self._mark = folder / f"{OPENED}{self._opening}"
        self._first_s = 0.0
        self._last: list[RGBImage] = []
        self._faults = 0

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        """Open the slide, and say that it was opened.

        Raises:
            CameraError: there is no such slide.
        """
        folder, _, slide = options.source.partition(":")
        return cls(Path(folder), SimCamera.opened(replace(options, source=slide)))

    @property
    def name(self) -> str:
        """The kind of fault."""
        return type(self).__name__

    def read(self) -> Frame | None:
        """Return the next picture, or what the fault makes of it."""
        frame = self._camera.read()
        if frame is None:
            return None
        if not self._first_s:
            self._first_s = frame.captured_s
            self._mark.write_text(str(frame.captured_s), encoding="ascii")
        if self._opening or frame.captured_s - self._first_s < SOUND_S:
            self._last = [*self._last[-3:], frame.rgb]
            return frame
        if not self._faults:
            (self._folder / BEGAN).write_text(str(time.monotonic()), encoding="ascii")
        self._faults += 1
        return Frame(self.spoilt(frame.rgb), frame.number, self.captured_s(frame))

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """Return the faulty picture in place of a sound one.

        Raises:
            CameraError: the fault is that there is none.
        """
        return rgb

    def captured_s(self, frame: Frame) -> float:
        """Return when the driver says that a faulty picture was taken."""
        return frame.captured_s

    def close(self) -> None:
        """Close the slide."""
        self._camera.close()

    @property
    def _buffers(self) -> list[RGBImage]:
        """The last sound pictures, as they lie in the driver's buffers."""
        return self._last

    @property
    def _number(self) -> int:
        """How many pictures the fault has spoilt."""
        return self._faults


class HangingCamera(FaultyCamera):
    """Never comes back from the driver."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        time.sleep(_FOR_EVER_S)
        return rgb


class FrozenCamera(FaultyCamera):
    """Repeats its last picture."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        del rgb
        return self._buffers[-1]


class CyclingCamera(FaultyCamera):
    """Goes round in its driver's buffers, of which none is filled again."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        del rgb
        return self._buffers[self._number % len(self._buffers)]


class UnpluggedCamera(FaultyCamera):
    """Is gone."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        raise CameraError(f"the camera was unplugged after {rgb.size} bytes; plug it in again")


class CrashingCamera(FaultyCamera):
    """Takes its process down."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        os.kill(os.getpid(), signal.SIGSEGV)
        return rgb


class FlatCamera(FaultyCamera):
    """Gives the green that a decoder makes of an empty buffer."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        return np.full_like(rgb, (0, 135, 0))


class HalfCamera(FaultyCamera):
    """Gives the upper half of each picture, and grey below."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        half = rgb.copy()
        half[len(half) // 2 :] = 128
        return half


class NoisyCamera(FaultyCamera):
    """Gives bytes that are no picture at all."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        return np.random.default_rng(self._number).integers(0, 256, rgb.shape, np.uint8)


class ResizedCamera(FaultyCamera):
    """Changes the size of its pictures."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        """See `FaultyCamera.spoilt`."""
        return np.ascontiguousarray(rgb[::2, ::2])


class LateCamera(FaultyCamera):
    """Gives pictures that waited for a minute."""

    def captured_s(self, frame: Frame) -> float:
        """See `FaultyCamera.captured_s`."""
        return frame.captured_s - 60


FAULTS: dict[str, type[FaultyCamera]] = {
    "hangs": HangingCamera,
    "repeats its last picture": FrozenCamera,
    "goes round in old buffers": CyclingCamera,
    "is unplugged": UnpluggedCamera,
    "takes its process down": CrashingCamera,
    "gives one flat colour": FlatCamera,
    "gives half pictures": HalfCamera,
    "gives noise": NoisyCamera,
    "changes the picture's size": ResizedCamera,
    "gives old pictures": LateCamera,
}
"""The faults, in words."""
