"""The running count that the check shows: the machine draws it, and the host what it should be."""

from types import MappingProxyType

import numpy as np

from leuko.cells import LEUKOCYTES, CellClass
from leuko.counting import DifferentialCount
from leuko.status import Guidance, Health, LastCell, Level, LiveStatus, SessionState, Target

_OK = Health(Level.OK, "ok")
_COUNTS = (33, 15, 5, 3, 1)


def shown() -> LiveStatus:
    """A count in which nothing is wrong; its last cell is a ramp of red, green and blue."""
    ramp = np.linspace(0, 255, 96, dtype=np.uint8)
    cell = np.zeros((96, 96, 3), np.uint8)
    for channel in range(3):
        cell[32 * channel : 32 * (channel + 1), :, channel] = ramp
    nothing = MappingProxyType(dict.fromkeys(CellClass, 0))
    return LiveStatus(
        state=SessionState.COUNTING,
        specimen="V4L2-CHECK",
        target=Target(),
        count=DifferentialCount(
            counts=MappingProxyType(dict(zip(LEUKOCYTES, _COUNTS, strict=True))),
            excluded=nothing,
            beside=MappingProxyType({name: 0 for name in CellClass if name not in LEUKOCYTES}),
            unclassified=4,
        ),
        guidance=Guidance.NONE,
        last_cell=LastCell(CellClass.NEUTROPHIL, 0.97, cell),
        camera=_OK,
        accelerator=_OK,
        disk=_OK,
        clock=_OK,
        segment=2,
        frames_per_s=21.4,
        notice="",
    )
