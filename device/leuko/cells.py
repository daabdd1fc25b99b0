"""The vocabulary of the differential: classes of cells, regions of pixels, and cells.

A *region* is pixels that look like one leukocyte; a *cell* is a region with a class.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

RGBImage = NDArray[np.uint8]
"""``(height, width, 3)`` uint8, RGB."""

Mask = NDArray[np.bool_]
"""``(height, width)`` bool, true on the object."""


class CellClass(StrEnum):
    """What a cell is; the order is the order of the classifier's outputs."""

    NEUTROPHIL = "neutrophil"
    """Band and segmented neutrophils."""
    LYMPHOCYTE = "lymphocyte"
    """Small, large and reactive lymphocytes."""
    MONOCYTE = "monocyte"
    """Monocytes."""
    EOSINOPHIL = "eosinophil"
    """Eosinophils."""
    BASOPHIL = "basophil"
    """Basophils."""
    IMMATURE_GRANULOCYTE = "immature_granulocyte"
    """Promyelocyte, myelocyte or metamyelocyte; stays out of the differential."""
    ERYTHROBLAST = "erythroblast"
    """Nucleated red cell; tallied per 100 leukocytes."""
    PLATELET_OR_ARTEFACT = "platelet_or_artefact"
    """Platelets, clumps, debris and stain: no leukocyte at all."""

    @property
    def is_counted(self) -> bool:
        """Whether the class belongs to the five-part differential."""
        return self in LEUKOCYTES


LEUKOCYTES = (
    CellClass.NEUTROPHIL,
    CellClass.LYMPHOCYTE,
    CellClass.MONOCYTE,
    CellClass.EOSINOPHIL,
    CellClass.BASOPHIL,
)
"""The five classes of the differential, in the order they are reported."""


class CellStatus(StrEnum):
    """What became of a cell in the count."""

    COUNTED = "counted"
    """In the differential."""
    EXCLUDED = "excluded"
    """Seen and set aside: not one of the five classes, or cut by the border."""
    UNCLASSIFIED = "unclassified"
    """A leukocyte whose class the model is not sure of; never in the denominator."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the original image, top-left origin."""

    x: int
    y: int
    width: int
    height: int

    @property
    def centre(self) -> tuple[float, float]:
        """Row and column of the middle."""
        return self.y + self.height / 2, self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class CellRegion:
    """The pixels of one leukocyte in its field.

    Attributes:
        box: smallest rectangle around the region, in pixels of the original image.
        mask: ``(box.height, box.width)`` bool, the region inside its box.
        area_um2: area in µm².
        cut_by_border: whether the field's border cuts the cell.
    """

    box: Box
    mask: Mask
    area_um2: float
    cut_by_border: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A region that has been classified.

    Attributes:
        region: where it is and how it is outlined.
        cell_class: the likeliest class, also when the status is unclassified.
        probabilities: one per `CellClass`, in its order; they sum to 1.
        sharpness: variance of the Laplacian of the crop, in grey levels squared.
        status: counted, excluded or unclassified.
        reason: why it was not counted, in words; empty for a counted cell.
    """

    region: CellRegion
    cell_class: CellClass
    probabilities: tuple[float, ...]
    sharpness: float
    status: CellStatus
    reason: str

    @property
    def probability(self) -> float:
        """Probability of the likeliest class, 0 to 1."""
        return self.probabilities[list(CellClass).index(self.cell_class)]
