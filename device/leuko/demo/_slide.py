"""The demo's slide and the views that the stage moves through."""

import math
from dataclasses import dataclass, replace

import numpy as np

from leuko.cells import CellClass, RGBImage
from leuko.sim import SimulatedSmear, SmearSpec, TrueCell, laboratory, serpentine

UM_PER_PX = 0.15
"""A 40x objective on a camera of 6 µm pixels, or a 100x one binned 2 x 2."""
WIDTH_PX, HEIGHT_PX = 960, 720

WIDTH_UM, HEIGHT_UM = WIDTH_PX * UM_PER_PX, HEIGHT_PX * UM_PER_PX
_OVERLAP_UM = 24.0
"""Above the diameter of the largest cell, so that each is whole in some view."""
_MARGIN_UM = 3.0
"""By how much the views reach beyond the slide, lest its edge cut a cell."""
_LEUKOCYTES_PER_UM2 = 0.0003
"""A leukocytosis: three new cells a view, where a healthy person's film has one or none."""
_SPARE = 1.4
"""Leukocytes on the slide for each to be counted: some stay out, some may be missed."""

_PATIENT = {
    CellClass.NEUTROPHIL: 0.55,
    CellClass.LYMPHOCYTE: 0.27,
    CellClass.MONOCYTE: 0.07,
    CellClass.EOSINOPHIL: 0.04,
    CellClass.BASOPHIL: 0.02,
    CellClass.IMMATURE_GRANULOCYTE: 0.03,
    CellClass.ERYTHROBLAST: 0.02,
}
_LIKENESS = 60.0
"""How alike patients are: the share of neutrophils then varies by ± 6 points (one sigma)."""


@dataclass(frozen=True, slots=True)
class SlideView:
    """What the camera sees at one stop of the stage.

    Attributes:
        number: 1 for the first view.
        x_um: left edge, from the slide's left edge.
        y_um: upper edge, from the slide's upper edge.
    """

    number: int
    x_um: float
    y_um: float

    @property
    def name(self) -> str:
        """What results call the view."""
        return f"simulated-view-{self.number:03d}"

    def picture(self, smear: SimulatedSmear) -> RGBImage:
        """Return the view as the camera gives it, a new array."""
        return smear.render(
            self.x_um, self.y_um, width_px=WIDTH_PX, height_px=HEIGHT_PX, um_per_px=UM_PER_PX
        )

    def shows_whole(self, cell: TrueCell) -> bool:
        """Whether no edge of the view cuts the cell."""
        radius = cell.diameter_um / 2
        x, y = cell.x_um - self.x_um, cell.y_um - self.y_um
        return radius <= x <= WIDTH_UM - radius and radius <= y <= HEIGHT_UM - radius


def demo_smear(seed: int, target: int) -> SimulatedSmear:
    """Return a slide with enough leukocytes for a count.

    Args:
        seed: decides patient, laboratory and every cell.
        target: leukocytes to be counted.
    """
    leukocytes = math.ceil(_SPARE * target) + 12
    area_um2 = leukocytes / _LEUKOCYTES_PER_UM2
    stain, optics = laboratory(seed)
    return SimulatedSmear(
        SmearSpec(
            seed=seed,
            width_um=math.sqrt(area_um2 * 4 / 3),
            height_um=math.sqrt(area_um2 * 3 / 4),
            leukocytes=leukocytes,
            proportions=_patient(seed),
            stain=stain,
            optics=optics,
        )
    )


def demo_views(smear: SimulatedSmear) -> tuple[SlideView, ...]:
    """Return the views in the order the stage meets them; each cell is whole in one or more."""
    spec = smear.spec
    reach = replace(
        spec,
        width_um=spec.width_um + 2 * _MARGIN_UM,
        height_um=spec.height_um + 2 * _MARGIN_UM,
    )
    path = serpentine(
        reach, view_width_um=WIDTH_UM, view_height_um=HEIGHT_UM, overlap_um=_OVERLAP_UM
    )
    return tuple(
        SlideView(number, x - _MARGIN_UM, y - _MARGIN_UM) for number, (x, y) in enumerate(path, 1)
    )


def _patient(seed: int) -> dict[CellClass, float]:
    rng = np.random.default_rng((seed, 0xB100D))
    shares = rng.dirichlet(_LIKENESS * np.array(list(_PATIENT.values())))
    return dict(zip(_PATIENT, shares.tolist(), strict=True))
