"""What every nucleated cell shares: its outline, its cytoplasm and how a nucleus lies in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leuko.sim._nuclei import Chromatin, painted
from leuko.sim._stain import AZURE, EOSIN, PURPLE, Dyes, Plane
from leuko.sim._texture import Plate, smooth_step


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """One drawn object, at the plate's scale.

    Attributes:
        dyes: ``(n, n, 4)`` float32, dye planes.
        body: ``(n, n)`` float32, 0 to 1, where the object pushes everything else aside.
    """

    dyes: Dyes
    body: Plane


@dataclass(frozen=True, slots=True)
class Cytoplasm:
    """How the cytoplasm of a cell took the stain.

    Attributes:
        eosin: pink.
        azure: blue.
        purple: lilac of fine azurophil dust.
        grain: how mottled it is, as a share of its density.
        edge: extra density along the cell's membrane.
    """

    eosin: float
    azure: float
    purple: float
    grain: float
    edge: float = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A cell with cytoplasm, waiting for its nucleus and granules.

    Attributes:
        plate: where it is drawn.
        depth: ``(n, n)`` float32, µm inside the membrane.
        cover: ``(n, n)`` float32, 0 to 1, where the cell is.
        dyes: ``(n, n, 4)`` float32, added to in place as parts are drawn.
    """

    plate: Plate
    depth: Plane
    cover: Plane
    dyes: Dyes

    def add(self, dye: int, amount: Plane) -> None:
        """More of one dye."""
        self.dyes[..., dye] += amount

    def thin(self, amount: Plane) -> None:
        """Less of every dye, by a share 0 to 1."""
        self.dyes[...] *= (1 - amount)[..., np.newaxis]

    def put(
        self,
        lobes: Sequence[Plane],
        chromatin: Chromatin,
        *,
        blue: float = 0.03,
        pink: float = 0.05,
    ) -> Plane:
        """Lay a nucleus in the cell; the cytoplasm over and under it stays faintly visible.

        Args:
            lobes: depth in µm inside each lobe, the lowest first; the membrane holds them in.
            chromatin: how the nucleus is filled.
            blue: azure per unit of chromatin.
            pink: eosin that shows in the gaps of the chromatin.

        Returns:
            Where the nucleus is, 0 to 1.
        """
        room = self.depth - np.float32(0.25)
        nucleus = painted(self.plate, [np.minimum(lobe, room) for lobe in lobes], chromatin)
        self.thin(np.float32(0.75) * nucleus.cover)
        self.add(PURPLE, nucleus.density)
        self.add(AZURE, np.float32(blue) * nucleus.density)
        self.add(EOSIN, np.float32(pink) * nucleus.cover)
        return nucleus.cover

    def finished(self) -> Drawing:
        """The cell as it is now."""
        np.maximum(self.dyes, 0, out=self.dyes)
        return Drawing(self.dyes, self.cover)


def cell_body(
    plate: Plate, radius_um: float, cytoplasm: Cytoplasm, *, unevenness: float = 0.025
) -> Body:
    """A cell of that mean radius, filled with cytoplasm.

    Args:
        plate: where to draw.
        radius_um: radius of the disc of equal area.
        cytoplasm: its stain.
        unevenness: standard deviation of the radius, as a share of it.

    Returns:
        The body, without nucleus.
    """
    depth = plate.warped(0.09, 1.4).blob(radius_um, unevenness=unevenness)
    cover = smooth_step(depth, -0.16, 0.16)
    membrane = np.exp(-(((depth - np.float32(0.2)) / np.float32(0.2)) ** 2))
    mottle = np.float32(cytoplasm.grain) * (plate.noise(0.35) + plate.noise(1.1)) * 0.7
    thickness = (1 + mottle) * (1 + np.float32(cytoplasm.edge) * membrane) * cover
    dyes = np.zeros((*plate.x.shape, 4), np.float32)
    dyes[..., EOSIN] = np.float32(cytoplasm.eosin) * thickness
    dyes[..., AZURE] = np.float32(cytoplasm.azure) * thickness
    dyes[..., PURPLE] = np.float32(cytoplasm.purple) * thickness
    return Body(plate, depth, cover, dyes)
