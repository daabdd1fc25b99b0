"""What a simulated smear is made of, and what truly lies on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from leuko.cells import CellClass
from leuko.errors import SettingsError
from leuko.sim._leukocytes import NUCLEATED
from leuko.sim._optics import Optics
from leuko.sim._stain import Stain

_PROPORTIONS = {
    CellClass.NEUTROPHIL: 0.54,
    CellClass.LYMPHOCYTE: 0.28,
    CellClass.MONOCYTE: 0.07,
    CellClass.EOSINOPHIL: 0.04,
    CellClass.BASOPHIL: 0.02,
    CellClass.IMMATURE_GRANULOCYTE: 0.03,
    CellClass.ERYTHROBLAST: 0.02,
}


@dataclass(frozen=True, slots=True)
class SmearSpec:
    """A smear to simulate; equal specs give equal smears.

    Attributes:
        seed: decides every random choice.
        width_um: width of the slide.
        height_um: height of the slide.
        leukocytes: number of nucleated cells on it.
        proportions: share of each class among them; scaled to sum to 1.
        touching_share: share of them that touch a neighbour.
        red_cells_per_um2: density of red cells, about 0.005 (thin) to 0.014 (thick).
        platelets_per_um2: density of platelets.
        debris_per_mm2: density of clumps, precipitate and smudged nuclei together.
        stain: the laboratory.
        optics: the microscope.

    Raises:
        SettingsError: a size, count or share is out of range.
    """

    seed: int = 0
    width_um: float = 1200.0
    height_um: float = 900.0
    leukocytes: int = 100
    proportions: Mapping[CellClass, float] = field(default_factory=lambda: dict(_PROPORTIONS))
    touching_share: float = 0.04
    red_cells_per_um2: float = 0.0105
    platelets_per_um2: float = 0.0005
    debris_per_mm2: float = 25.0
    stain: Stain = field(default_factory=Stain)
    optics: Optics = field(default_factory=Optics)

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        if min(self.width_um, self.height_um) <= 0:
            message = f"slide of {self.width_um} x {self.height_um} µm has no area; enlarge it"
            raise SettingsError(message)
        counts = (self.seed, self.leukocytes, self.red_cells_per_um2, self.platelets_per_um2)
        if min(*counts, self.debris_per_mm2) < 0:
            message = "seed, number or density of cells is negative; give 0 or more"
            raise SettingsError(message)
        if not 0 <= self.touching_share <= 1:
            message = f"touching share {self.touching_share} is no share; give 0 to 1"
            raise SettingsError(message)
        self._check_proportions()

    def _check_proportions(self) -> None:
        for cell_class, share in self.proportions.items():
            if cell_class not in NUCLEATED or share < 0:
                message = (
                    f"proportion {share} of {cell_class} cannot be simulated; "
                    "give shares of nucleated cells, 0 or more"
                )
                raise SettingsError(message)
        if sum(self.proportions.values()) <= 0:
            message = "proportions of the leukocytes sum to 0; give one class more"
            raise SettingsError(message)

    def class_counts(self) -> dict[CellClass, int]:
        """How many cells of each class the smear has, by largest remainder."""
        shares = np.array([self.proportions.get(name, 0.0) for name in NUCLEATED])
        exact = shares / shares.sum() * self.leukocytes
        counts = np.floor(exact).astype(int)
        missing = self.leukocytes - int(counts.sum())
        counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
        return dict(zip(NUCLEATED, counts.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class TrueCell:
    """A cell or artefact that lies on the smear.

    Attributes:
        x_um: centre, from the slide's left edge.
        y_um: centre, from the slide's upper edge.
        diameter_um: diameter of the disc of equal area.
        cell_class: what it is.
    """

    x_um: float
    y_um: float
    diameter_um: float
    cell_class: CellClass


def laboratory(seed: int) -> tuple[Stain, Optics]:
    """Stain and optics of a random laboratory, for slides that do not all look alike.

    Args:
        seed: which laboratory.

    Returns:
        Its stain and its microscope.
    """
    rng = np.random.default_rng((seed, 0x1AB))
    return Stain.drawn(rng), Optics.drawn(rng)
