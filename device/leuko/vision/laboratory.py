"""What the cells of one laboratory have in common, and how they lie to each other.

Stain and camera make one laboratory's cells darker than another's (`leuko.vision.tone`). That tells
nothing of a single cell, so it is taken away before one is named. What is left differs between its
cells, and the heaps that they lie in tell of each other's names (`leuko.adaptation.Mixture`).
"""

import contextlib
from collections import deque
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation import FEWEST_CELLS, Mixture, UsualCells, fit_mixture
from leuko.cells import CellClass, RGBImage
from leuko.vision.tone import Tone, doubt_of_names, evened, laboratory_tone, measured_tone

MOST_LOOKS = 200
"""Newest looks that are gone by, and of each specimen those whose names as they are are taken in; a
live count looks at each cell up to seven times."""
_SETTLED_FROM = 120
"""Looks from which a tone may be settled: at sixty leukocytes, twice each."""
_MOST_MEASURED = 400
_GROWTH, _MOST_GROWTH = 1.1, 40
"""Of a specimen's measured cells, from which what they tell is found anew."""

_Measured = tuple[NDArray[np.float64], NDArray[np.float64]]


class Laboratory:
    """One laboratory, known by its leukocytes and what they were named.

    The fewer of them are known, the more it is taken for the one that was calibrated, or else for
    the usual one.
    """

    def __init__(self, *, calibrated: Tone | None = None) -> None:
        """Begin with a laboratory none of whose cells has been seen.

        Args:
            calibrated: how dark its cells were when it was calibrated; None if it never was.
        """
        self._calibrated = calibrated
        self._tones: deque[tuple[CellClass, Tone]] = deque(maxlen=MOST_LOOKS)
        self._unevened: deque[CellClass] = deque(maxlen=MOST_LOOKS)
        self._unevened_of_specimen = 0
        self._are_confirmed = False
        self._is_settled = False
        self._measured: deque[_Measured] = deque(maxlen=_MOST_MEASURED)
        self._of_specimen = 0
        self._fitted_to = -1
        self._mixture: Mixture | None = None

    @property
    def looks(self) -> int:
        """How many looks at cells it is known by; the same cell may be among them twice."""
        return len(self._tones)

    @contextlib.contextmanager
    def learning(self) -> Generator[None]:
        """Forget what is taken in meanwhile if that is cut short: then all of it comes again."""
        looks = self._tones.copy(), self._unevened.copy(), self._unevened_of_specimen
        measured, is_whole = (self._measured.copy(), self._of_specimen), False
        try:
            yield
            is_whole = True
        finally:
            if not is_whole:
                self._tones, self._unevened, self._unevened_of_specimen = looks
                self._measured, self._of_specimen = measured

    def add(self, cell_class: CellClass, tone: Tone) -> None:
        """Take in how dark a leukocyte is, and what it was named, unless its tone is settled."""
        if not self._is_settled:
            self._tones.append((cell_class, tone))

    def settle_tone(self) -> None:
        """Stay with how dark its cells are known to be by now, unless that is hardly known."""
        self._is_settled = len(self._tones) >= _SETTLED_FROM

    @property
    def wants_unevened(self) -> bool:
        """Whether names of this specimen's leukocytes as they are are still to be taken in."""
        return not self._is_settled and self._unevened_of_specimen < MOST_LOOKS

    def add_unevened(self, cell_class: CellClass) -> None:
        """Take in what a leukocyte is named if it is looked at as it is."""
        self._unevened.append(cell_class)
        self._unevened_of_specimen += 1

    @property
    def seen_as_eosinophils(self) -> int:
        """How many of its leukocytes are named eosinophils if they are looked at as they are."""
        return self._unevened.count(CellClass.EOSINOPHIL)

    def confirm(self, cell_class: CellClass, tone: Tone) -> None:
        """Take in how dark a leukocyte is whose class a person has confirmed, as all others here.

        Such names are believed more than those that cells are given.
        """
        self._are_confirmed = True
        self._tones.append((cell_class, tone))

    def take_in(self, probabilities: NDArray[np.float64], features: NDArray[np.float64]) -> None:
        """Take in what is said and measured of a leukocyte; each is to come once.

        Args:
            probabilities: ``(classes,)``, what is said of it at first, in `CellClass` order.
            features: ``(features,)``, what it is compared by, as of
                `leuko.adaptation.features_of`.
        """
        self._measured.append((probabilities, features))
        self._of_specimen += 1

    def begin_specimen(self) -> None:
        """Go on with another specimen: how its cells look stays, how common each class is not."""
        self._of_specimen, self._fitted_to, self._unevened_of_specimen = 0, -1, 0

    def mixture(
        self,
        usual: UsualCells,
        *,
        confirmed: float = 0.0,
        factors: NDArray[np.float64] | None = None,
    ) -> Mixture | None:
        """Return how its cells lie to each other; None while too few were taken in.

        Args:
            usual: how they do elsewhere, the same whenever this is asked.
            confirmed: how many others a person has confirmed; the same.
            factors: ``(5,)``, what is said of the five classes is multiplied by these, as they are
                whenever it is found anew; None for ones.
        """
        if len(self._measured) >= FEWEST_CELLS and self._has_grown:
            probabilities, features = map(np.array, zip(*self._measured, strict=True))
            newest = min(self._of_specimen, len(self._measured))
            self._mixture = fit_mixture(
                probabilities,
                features,
                usual,
                of_specimen=newest,
                confirmed=confirmed,
                factors=factors,
                doubt=0.0 if confirmed else self.doubt,
            )
            self._fitted_to = self._of_specimen
        return self._mixture

    @property
    def _has_grown(self) -> bool:
        enough = min(_GROWTH * self._fitted_to, self._fitted_to + _MOST_GROWTH)
        return self._fitted_to < 0 or self._of_specimen >= max(enough, self._fitted_to + 1)

    @property
    def tone(self) -> Tone:
        """How dark its cells are."""
        return laboratory_tone(self._tones, calibrated=self._calibrated, doubt=self.doubt)

    @property
    def measured_tone(self) -> Tone | None:
        """How dark the cells taken in are, whatever was expected; None without one."""
        return measured_tone(self._tones, doubt=self.doubt)

    @property
    def doubt(self) -> float:
        """How far the names of its cells are doubted, 0 to 1; not at all if they are confirmed."""
        return 0.0 if self._are_confirmed else doubt_of_names(self._unevened)

    def evened(self, crop: RGBImage) -> RGBImage:
        """Return a crop as if the laboratory's tone were the usual one.

        Args:
            crop: ``(height, width, 3)`` uint8, RGB, white balanced; left as it is.
        """
        return evened(crop, self.tone) if self._tones or self._calibrated else crop
