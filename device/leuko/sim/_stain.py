"""Dyes of a Romanowsky stain and how much light they take, in optical density.

A layer of the smear is four *dye planes*: how much haemoglobin with eosin, free eosin, azure and
azure-eosin complex stands at each point. Beer and Lambert: densities add, light multiplies.
The complex is a dye of its own because it absorbs near 550 nm, where neither partner peaks; this
is what turns chromatin purple instead of blue (Horobin and Walter 1987, Histochemistry 86:331).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.errors import SettingsError

Plane = NDArray[np.float32]
"""``(height, width)`` float32."""

Dyes = NDArray[np.float32]
"""``(height, width, 4)`` float32: red, eosin, azure and purple, in that order."""

RED, EOSIN, AZURE, PURPLE = range(4)

# Decadic density per unit of dye in linear red, green and blue of a camera. Red and purple are the
# mean ratios of red cells and of nuclei to empty background on stained normal blood; eosin and
# azure never stand alone there, theirs were set by eye on eosinophils and lymphocytes.
_DENSITY = np.array(
    [
        [0.70, 1.00, 0.60],
        [0.24, 0.95, 0.86],
        [1.00, 0.78, 0.10],
        [0.63, 1.00, 0.23],
    ],
    dtype=np.float32,
)


@dataclass(frozen=True, slots=True)
class Stain:
    """How strongly one slide took each dye; 1 is the standard laboratory.

    Attributes:
        red: haemoglobin with its eosin, the red cells.
        eosin: free eosin, the granules of eosinophils and the pink of cytoplasm.
        azure: azure and methylene blue, the blue of cytoplasm.
        purple: azure-eosin complex, chromatin and azurophil granules.
        blueness: shift of red cells from pink (negative) to grey-blue (positive), as a buffer
            too acid or too alkaline gives; about -0.3 to 0.5.
        magenta: shift of chromatin from blue-violet (negative) to magenta (positive); about -0.4
            to 0.9.
        plasma: density of the stained protein film between the cells.

    Raises:
        SettingsError: a strength is negative.
    """

    red: float = 1.0
    eosin: float = 1.0
    azure: float = 1.0
    purple: float = 1.0
    blueness: float = 0.0
    magenta: float = 0.0
    plasma: float = 0.012

    def __post_init__(self) -> None:
        """Refuse dyes that would give light."""
        lowest = min(self.red, self.eosin, self.azure, self.purple, self.plasma)
        if lowest < 0:
            message = f"stain strength {lowest} is negative; give 0 or more"
            raise SettingsError(message)

    @property
    def density(self) -> NDArray[np.float32]:
        """Optical density per unit of dye, ``(4, 3)`` float32: dye by RGB."""
        density = _DENSITY.copy()
        density[RED] += np.float32(self.blueness) * np.array([0.45, 0.05, -0.25], np.float32)
        density[PURPLE] += np.float32(self.magenta) * np.array([-0.22, 0.0, 0.14], np.float32)
        strengths = np.array([self.red, self.eosin, self.azure, self.purple], np.float32)
        return density * strengths[:, np.newaxis]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Stain":
        """A laboratory of its own, drawn from the range that routine slides span."""
        strength = np.exp(rng.normal(0.0, 0.14, 4))
        return cls(
            red=float(strength[0]),
            eosin=float(strength[1]),
            azure=float(strength[2]),
            purple=float(strength[3]),
            blueness=float(rng.uniform(-0.25, 0.5)),
            magenta=float(rng.uniform(-0.4, 0.9)),
            plasma=float(rng.uniform(0.0, 0.04)),
        )
