"""What each calibration is called on a display, and what the person should do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Guide:
    """The words for one calibration; short, for they stand on 320 columns.

    Attributes:
        title: what is calibrated.
        instruction: what the person should do while it is measured.
        steps: how many there are; the last asks whether to keep what was measured.
        stopped: what is said once a press has stopped it.
        of_files: the instruction where saved pictures are measured and nobody is at the stage.
    """

    title: str
    instruction: str
    steps: int = 2
    stopped: str = "a press has stopped it and nothing is kept; begin anew"
    of_files: str = "saved pictures"


_STAYS = "a press has stopped it; what was taken stays"

GUIDES: Mapping[str, Guide] = MappingProxyType({
    "flat_field": Guide("even light", "move the slide on"),
    "white_balance": Guide("white balance", "thin part, hold still"),
    "exposure": Guide("exposure", "thin part, hold still"),
    "scale": Guide("size of a pixel", "hold still, in focus"),
    "focus": Guide("sharpness", "turn the focus slowly"),
    "wbc_factor": Guide("leukocytes a litre", "move on, then rest"),
    "stain": Guide("stain", "go from cell to cell"),
    "site": Guide("this laboratory", "wait", of_files="wait"),
    "check": Guide("quality check", "go from cell to cell"),
    "snap": Guide("fields", "move on, then rest", steps=1, stopped=_STAYS),
    "sweep": Guide("pictures", "turn the focus slowly", steps=1, stopped=_STAYS),
    "review": Guide("review", "what is each cell?"),
})
"""By the name of the part that is measured."""

OTHER = Guide("calibration", "follow the manual")
"""For what has no words of its own."""


def guide_for(name: str, *, is_of_files: bool) -> Guide:
    """Return the words for a calibration.

    Args:
        name: of what is measured.
        is_of_files: whether saved pictures are measured.
    """
    guide = GUIDES.get(name, OTHER)
    return replace(guide, instruction=guide.of_files) if is_of_files else guide
