"""A cell beside others: those that a person has confirmed, and the laboratory's own."""

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation import Mixture, SiteAdapter, UsualCells, features_of
from leuko.bundle import ModelBundle, read_arrays
from leuko.cells import LEUKOCYTES, CellClass
from leuko.pipeline._namer import Look
from leuko.vision.laboratory import Laboratory
from leuko.vision.traits import TRAITS, cell_traits

Floats = NDArray[np.float64]

_PRIOR_SPARED = 0.75
"""Of how common classes are elsewhere, what is left away beside own cells, which tell it
themselves, as long as names are not doubted and nobody has confirmed any: an adaptation to
confirmed cells has all of it in what it says.

Left away wholly, a specimen with many lymphocytes loses a point and a half; kept wholly, one with a
third of eosinophils loses two and a half. A laboratory whose neutrophils are taken for eosinophils
needs all of it.
"""


_ENOUGH_EOSINOPHILS = 10
"""Cells named so as they are, from which it is told that they are doubted."""


class Comparer:
    """Says what becomes of a cell's probabilities beside other cells.

    What a person has confirmed goes before: it is a part of what is said of a cell by itself. What
    that makes of it, the laboratory's other cells begin with; they are compared by what the bundle
    says. How common classes are they tell themselves, so less is believed of what is common
    elsewhere, unless cells were confirmed.
    """

    def __init__(
        self, bundle: ModelBundle, adapter: SiteAdapter | None, laboratory: Laboratory
    ) -> None:
        """Read how leukocytes lie to each other elsewhere.

        Args:
            bundle: says so, or compares no cells.
            adapter: to the cells that a person has confirmed; None without any.
            laboratory: has the others.

        Raises:
            BundleError: what the bundle says is damaged or for other features.
        """
        self._spec = bundle.manifest.classifier
        self._adapter = adapter
        self._laboratory = laboratory
        self._usual = _usual_cells(bundle)
        weights = dict(zip(CellClass, self._spec.class_weights, strict=True))
        self._usual_weights = np.array([weights[name] for name in LEUKOCYTES])

    @property
    def has_own_cells(self) -> bool:
        """Whether the laboratory's own cells tell of each other, once there are enough."""
        return self._usual is not None

    @property
    def is_comparing(self) -> bool:
        """Whether they do by now."""
        return self._mixture is not None

    @property
    def doubts_eosinophils(self) -> bool:
        """Whether eosinophils are taken to be few, for neutrophils look like them here."""
        # Names are doubted, too, as long as hardly a cell was seen.
        if self._laboratory.seen_as_eosinophils < _ENOUGH_EOSINOPHILS:
            return False
        mixture = self._mixture
        return mixture is not None and mixture.few > 0

    @property
    def unclassified_below(self) -> float:
        """Probability of its likeliest class below which a cell is unclassified, as things stand.

        What a laboratory's own cells have told of is surer, and asked for more.
        """
        own = self._spec.own_cells
        return own.unclassified_below if own and self._mixture else self._spec.unclassified_below

    def compared(self, told: Floats, look: Look) -> tuple[Floats, Floats]:
        """Return what is said of a cell by itself, and beside the laboratory's others.

        Args:
            told: ``(classes,)``, what the bundle says.
            look: the cell.
        """
        mixture = self._mixture
        if self._adapter is None and mixture is None:
            return told, told
        # A millisecond or two, which is spent only where it is of use.
        said, traits = told, cell_traits(look.crop, look.mask)
        if self._adapter:
            said = np.asarray(self._adapter.adapted(said[None], traits[None])[0])
        if mixture is None:
            return said, said
        return said, np.asarray(mixture.adapted(said[None], features_of(traits, told)[None])[0])

    @property
    def _mixture(self) -> Mixture | None:
        if self._usual is None:
            return None
        if self._adapter:
            return self._laboratory.mixture(self._usual, confirmed=self._adapter.confirmed)
        return self._laboratory.mixture(self._usual, factors=self._factors)

    @property
    def _factors(self) -> Floats:
        return prior_spared(
            self._usual_weights,
            temperature=self._spec.temperature,
            doubt=self._laboratory.doubt,
        )


def prior_spared(weights: Floats, *, temperature: float, doubt: float) -> Floats:
    """Return what takes a part of how common classes are elsewhere out of what the bundle says.

    Args:
        weights: ``(5,)``, what the bundle multiplies probabilities by, in `LEUKOCYTES` order.
        temperature: of its probabilities.
        doubt: of the laboratory's names, 0 to 1.

    Returns:
        Factors of what is said of the five classes, ``(5,)``.
    """
    spared = _PRIOR_SPARED * (1 - doubt)
    return np.asarray(weights ** (-spared / temperature))


def _usual_cells(bundle: ModelBundle) -> UsualCells | None:
    own = bundle.manifest.classifier.own_cells
    return UsualCells.from_arrays(read_arrays(bundle, own.usual), traits=TRAITS) if own else None
