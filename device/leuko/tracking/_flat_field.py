"""What every view has in common: vignetting, flare and dust, learned while the stage moves."""

import numpy as np

from leuko.vision.imprints import Plane

_DOUBT = 8
"""Views after which half of what is common is believed to be fixed in the optics."""
_MEMORY = 64
"""Views that are remembered; dust moves when somebody cleans."""


class FlatField:
    """The mean of distinct views, which is taken off before views are compared."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._mean: Plane | None = None
        self._views = 0

    def learn(self, density: Plane) -> None:
        """Take in a view that shows another place than those before.

        Args:
            density: ``(rows, columns)`` float32, as the camera gave it; not kept.
        """
        level = density - density.mean()
        self._views += 1
        if self._mean is None:
            self._mean = level
        else:
            self._mean += (level - self._mean) / np.float32(min(self._views, _MEMORY))

    def removed(self, density: Plane) -> Plane:
        """Return a density without what is known to be fixed."""
        if self._mean is None:
            return density
        return density - self._mean * np.float32(self._views / (self._views + _DOUBT))
