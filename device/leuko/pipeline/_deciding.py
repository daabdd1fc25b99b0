"""What becomes of a cell by its probabilities."""

from leuko.cells import CellClass, CellStatus
from leuko.pipeline._comparing import Floats

_STRANGE = "unlike anything the models have learnt from"
_LEFT_OF_STRANGE = 0.001
"""Of how a strange cell's probabilities differ from equal ones."""


def as_of_strange(likely: Floats) -> Floats:
    """Return the probabilities of a cell that is unlike anything learnt from.

    Hardly anything is known of it, but which class comes first: beside other views of the same
    cell this one weighs next to nothing.

    Args:
        likely: ``(classes,)``, adding up to 1.
    """
    alike = 1 / likely.size
    return alike + _LEFT_OF_STRANGE * (likely - alike)


def decided(
    probabilities: tuple[float, ...], *, unclassified_below: float
) -> tuple[CellStatus, str]:
    """Return what becomes of a whole cell, and why if it is not counted.

    Args:
        probabilities: one per `CellClass`, in its order.
        unclassified_below: probability of the likeliest class below which a cell has none.
    """
    probability = max(probabilities)
    if probability <= 1 / len(probabilities) + _LEFT_OF_STRANGE:
        return CellStatus.UNCLASSIFIED, _STRANGE
    if probability < unclassified_below:
        reason = f"probability {probability:.2f} is below {unclassified_below:.2f}"
        return CellStatus.UNCLASSIFIED, reason
    if not list(CellClass)[probabilities.index(probability)].is_counted:
        return CellStatus.EXCLUDED, "not one of the five leukocyte classes"
    return CellStatus.COUNTED, ""
