"""Under what circumstances something is measured: what every part says of its origin."""

from collections.abc import Iterable
from dataclasses import dataclass

from leuko.calibration._record import CameraUsed, FrameUsed, Origin
from leuko.clock import Moment


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who measures, when and with what.

    Attributes:
        by: who.
        moment: when.
        bundle: name and version of the model bundle in use.
        bundle_sha256: hash of its manifest.
        driver: of the camera; `FILES` for pictures from a folder.
        source: which camera, as the driver understands it.
    """

    by: str
    moment: Moment
    bundle: str
    bundle_sha256: str
    driver: str
    source: str = ""

    def origin(self, frames: Iterable[FrameUsed], *, shape: tuple[int, int]) -> Origin:
        """Return the origin of what was measured from some pictures.

        Args:
            frames: the pictures.
            shape: height and width of all of them.
        """
        height, width = shape
        return Origin(
            moment=self.moment,
            by=self.by,
            frames=tuple(frames),
            camera=CameraUsed(driver=self.driver, source=self.source, width=width, height=height),
            bundle=self.bundle,
            bundle_sha256=self.bundle_sha256,
        )
