"""What every data set becomes: labelled images, and a specification of where they come from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leuko.cells import CellClass
from leuko.vision.scale import RED_CELL_UM

RED_CELL_DIAMETER_UM = RED_CELL_UM
"""Median diameter of a red cell on a dried smear, µm: the ruler of every nominal scale here."""


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image of a data set, with what is known about it.

    Attributes:
        dataset: name of the set, a key of `DATASETS`.
        image: the image file.
        mask: file with the whole-leukocyte mask, None where the set has none.
        label: class of the (single) leukocyte, None when unknown or several.
        group: slide, donor or run that must stay together; unique within the set only.
        fold: "0" to "4"; "transfer" (never trained on), "unlabelled", or "" where no split
            is known, which must be kept out of training and of published figures alike.
        um_per_px: nominal scale of the image as it is stored.
        box: x, y, width, height of the leukocyte in pixels, if annotated.
    """

    dataset: str
    image: Path
    mask: Path | None
    label: CellClass | None
    group: str
    fold: str
    um_per_px: float
    box: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """What a data set is, where it comes from, and what should be found in it.

    Attributes:
        name: key of the set, and `LabelledImage.dataset` of its images.
        title: name in its publication.
        citation: publication, with DOI where it has one.
        licence: licence of the images as its publisher states it.
        layout: glob patterns below the root of all data sets; each must match something.
        remedy: where to get it and how to unpack it.
        read: takes the root of all data sets; the images found there, with the group as the
            set itself tells it, and the fold "" unless the set fixes one.
        expected_images: number of images of the full public set.
        expected_labels: images of each class in the full public set, where it has classes.
        same_photographs_as: other sets that show photographs of this one.
    """

    name: str
    title: str
    citation: str
    licence: str
    layout: tuple[str, ...]
    remedy: str
    read: Callable[[Path], list[LabelledImage]]
    expected_images: int
    expected_labels: Mapping[CellClass, int] = field(default_factory=dict)
    same_photographs_as: tuple[str, ...] = ()
