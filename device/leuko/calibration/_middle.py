"""The middle of a picture of a cell: all that is looked at, in little memory."""

from dataclasses import replace

from leuko.calibration._labels import LabelledCell

MIDDLE_UM = 60.0
"""Side of what is kept: the largest leukocyte three times over, with background around it."""


def middle_of(cell: LabelledCell) -> LabelledCell:
    """Return a confirmed cell with the middle of its picture alone; the rest can be let go.

    Args:
        cell: in a picture of any size, which may be a whole photograph.
    """
    side = max(1, round(MIDDLE_UM / cell.um_per_px))
    height, width = cell.rgb.shape[:2]
    if max(height, width) <= side:
        return cell
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return replace(cell, rgb=cell.rgb[top : top + side, left : left + side].copy())
