"""Under what circumstances something is measured: what every part says of its origin."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from leuko.calibration._lines import as_line
from leuko.calibration._origin import MOST_FRAMES, CameraUsed, FrameUsed, Origin
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
            by=as_line(self.by),
            frames=tuple(islice(frames, MOST_FRAMES)),
            camera=CameraUsed(
                driver=as_line(self.driver),
                source=as_line(self.source),
                width=width,
                height=height,
            ),
            bundle=as_line(self.bundle),
            bundle_sha256=self.bundle_sha256,
        )
