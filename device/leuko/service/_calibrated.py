"""The camera as its calibration makes it: nothing else ever sees an uncorrected frame."""

from dataclasses import replace

from leuko.calibration import CalibratedFrames, Calibration
from leuko.cameras import Frame
from leuko.service._parts import FrameSource
from leuko.status import Health


class CalibratedSource:
    """Corrects every frame of a source; fulfils `FrameSource`."""

    def __init__(self, source: FrameSource, calibration: Calibration) -> None:
        """Stand before a source.

        Args:
            source: gives the frames; who made it closes it.
            calibration: of that camera.
        """
        self._source = source
        self._frames = CalibratedFrames(calibration)

    @property
    def name(self) -> str:
        """What a person calls the camera."""
        return self._source.name

    @property
    def health(self) -> Health:
        """How the camera is at this moment."""
        return self._source.health

    @property
    def has_ended(self) -> bool:
        """Whether there will be no more frames."""
        return self._source.has_ended

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame not read before, corrected; None if none came in time.

        Raises:
            ImageError: it is of another size than the pictures of the calibration.
        """
        frame = self._source.read(timeout_s)
        return replace(frame, rgb=self._frames.calibrated(frame.rgb)) if frame else None
