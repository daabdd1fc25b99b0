"""What a run adds up over its images."""

from collections.abc import Sequence

from leuko.calibration import Calibration, WBCEstimate, estimated_wbc
from leuko.cells import Cell
from leuko.count._scales import ImageScale
from leuko.counting import DifferentialCount, Entry
from leuko.vision.scale import ScaleEstimate


class Tally:
    """Cells of all images, and what those of sharp ones alone are needed for.

    Attributes:
        blurred: images that are not sharp, by what they are called.
        scales: scales found in images, and in which.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.blurred: list[str] = []
        self.scales: dict[ScaleEstimate, list[str]] = {}
        self._entries: list[Entry] = []
        self._sharp_entries: list[Entry] = []
        self._sharp_scales: list[float] = []

    def add(self, image: str, cells: Sequence[Cell], scale: ImageScale, *, is_sharp: bool) -> None:
        """Take in an image.

        Args:
            image: what it is called.
            cells: all that were found.
            scale: of the image.
            is_sharp: whether it is.
        """
        entries = [Entry(one.cell_class, one.status, one.region.cut_by_border) for one in cells]
        self._entries += entries
        if scale.estimate:
            self.scales.setdefault(scale.estimate, []).append(image)
        if is_sharp:
            self._sharp_entries += entries
            self._sharp_scales.append(scale.um_per_px)
        else:
            self.blurred.append(image)

    @property
    def count(self) -> DifferentialCount:
        """The differential of all images."""
        return DifferentialCount.from_entries(self._entries)

    def estimated_wbc(
        self, calibration: Calibration | None, bundle_sha256: str
    ) -> WBCEstimate | None:
        """Return the total white count that sharp fields suggest; None without a factor for it.

        Args:
            calibration: has the factor, if it was measured.
            bundle_sha256: of the bundle that found the cells.
        """
        factor = calibration.record.wbc_factor if calibration else None
        # The factor was measured in sharp fields, in which more leukocytes are found.
        if factor is None:
            return None
        return estimated_wbc(
            factor,
            DifferentialCount.from_entries(self._sharp_entries),
            fields=len(self._sharp_scales),
            scales=self._sharp_scales,
            bundle_sha256=bundle_sha256,
        )
