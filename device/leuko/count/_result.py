"""What a run is asked for beside the tables, and what it came to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leuko.calibration import WBCEstimate
from leuko.counting import DifferentialCount
from leuko.reports import FailedImage
from leuko.vision.scale import ScaleEstimate

_NAMED = 5
"""Images that a sentence names."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many images are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Which pictures to write beside the tables.

    Attributes:
        overlay: the image with outlines and names.
        masks: the label image.
        sheet: cells of the run by class, the least sure of each; none that were set aside.
    """

    overlay: bool = False
    masks: bool = False
    sheet: bool = False


NO_PICTURES = Pictures()
"""Tables only."""


@dataclass(frozen=True, slots=True)
class CountResult:
    """What a run came to.

    Attributes:
        count: the differential over all images.
        images: how many were analysed.
        failed: those that were left out.
        um_per_px: the scale that was stated or calibrated; None when it was to be found.
        scales: the distinct scales that were found from red cells, and what the results call the
            images of each; empty when one was stated.
        warnings: what the reader should look at again, a sentence each.
        is_calibrated: whether that scale is the calibration's.
        blurred: what the results call the images that are not sharp; they are counted all the
            same.
        wbc: what its sharp images let one guess of the leukocytes in blood; None without a factor
            for it.
        scale_doubts: those of the warnings that are of the scale.
    """

    count: DifferentialCount
    images: int
    failed: tuple[FailedImage, ...]
    um_per_px: float | None
    scales: Mapping[ScaleEstimate, Sequence[str]]
    warnings: tuple[str, ...]
    is_calibrated: bool = False
    blurred: tuple[str, ...] = ()
    wbc: WBCEstimate | None = None
    scale_doubts: tuple[str, ...] = ()

    @property
    def scale_detail(self) -> dict[str, object]:
        """Where the scale is from, and what speaks against it."""
        given = "calibrated" if self.is_calibrated else "stated"
        origin = "red cells" if self.um_per_px is None else given
        return {"origin": origin, "doubts": list(self.scale_doubts)}


def named_few(images: Sequence[str]) -> str:
    """Return the names of images as a sentence has room for them."""
    return ", ".join(images[:_NAMED]) + (", ..." if len(images) > _NAMED else "")


def told_replaced(folder: Path) -> str:
    """Return that a folder's earlier result is gone, and how to keep the next."""
    return f"the earlier result in {folder} is replaced; give each count a folder of its own"
