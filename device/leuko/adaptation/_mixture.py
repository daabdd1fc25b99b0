"""What a laboratory's own cells tell of each other's names, without anybody's word.

Its cells lie in five heaps, wherever its stain and its camera have put them. A mixture of the five
classes is fitted to what was measured of them by expectation and maximisation (Dempster, Laird and
Rubin, Maximum likelihood from incomplete data via the EM algorithm, JRSS B 39, 1977): it begins
with the bundle's word for each cell, and how the classes lie to each other in laboratories that
are known holds it where there are few cells.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from leuko.adaptation._adapter import Floats, below, logarithms, posterior
from leuko.adaptation._usual_cells import UsualCells
from leuko.cells import LEUKOCYTES, CellClass

FEWEST_CELLS = 20
"""Cells below which nothing is told from them."""

_FIVE = [list(CellClass).index(name) for name in LEUKOCYTES]
_ROUNDS = 40
_FIRM, _LEAST_FIRM, _LOOSE = 0.4, 20.0, 3.0
"""What usual means weigh, in cells of a class: in the first round a share of all cells, twenty at
least; in the last three, which is what laboratories differ by.

Held firmly first, a heap is less easily torn in two for no better reason than that the bundle takes
a part of it for another class. Where cells were confirmed twenty are enough, and more went wrong.
"""
_CELLS_OF_USUAL_SPREAD = 60.0
_CELLS_OF_USUAL_SHARES = 5.0
"""Cells that weigh as much as how common the classes usually are: none is ruled out."""
_NEUTROPHIL, _EOSINOPHIL = (
    LEUKOCYTES.index(name) for name in (CellClass.NEUTROPHIL, CellClass.EOSINOPHIL)
)
_FEW_EOSINOPHILS = 0.07
"""Of a healthy adult's neutrophils and eosinophils, what share are eosinophils: 350 to 4540 in a
cubic millimetre, the middles of the intervals (Zacharski et al., Am J Clin Pathol 56, 1971)."""
_DOUBTED = 3.0
"""Weight of that against what the cells themselves tell, where names are doubted; with ten, the
eosinophils of a specimen that is full of them are lost the more (decision 11)."""
_TAKEN_FOR, _ARE = 1.5, 3.0
"""Eosinophils to each neutrophil by the bundle's word, up to which they are taken for neutrophils
that were named wrongly if names are doubted, and from which for what they are called."""
_SHRINKAGE = 0.3
_SMALLEST = 1e-12
"""Where nothing is said of the five classes, nothing is left of them, either."""
_STRENGTH = 0.4
"""What half a squared distance counts for: many of the numbers say the same."""
_TRUST = 0.7
"""Share of the logarithms that is the mixture's and not the bundle's, while nobody has confirmed
cells."""
_CONFIRMED = 100.0
"""Confirmed cells that halve it."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """The five classes as a laboratory's own cells show them.

    Attributes:
        whitening: ``(features, features)``, what features are multiplied by.
        means: ``(5, features)``, of each class in the space that this leads to.
        shares: ``(5,)``, how common each class is among the cells.
        trust: share of the logarithms that is this mixture's, 0 to 1.
        factors: ``(5,)``, what is said of the five classes is multiplied by these first.
        few: what it weighed that eosinophils are few, 0 where names are not doubted.
    """

    whitening: Floats
    means: Floats
    shares: Floats
    trust: float
    factors: Floats
    few: float = 0.0

    def adapted(self, probabilities: Floats, features: Floats) -> Floats:
        """Return probabilities as the laboratory's own cells suggest, ``(cells, all classes)``.

        What a cell's other classes have, such as immature granulocytes, they keep; and where one
        of these is the likeliest, it stays so.

        Args:
            probabilities: ``(cells, all classes)``, what is said of each by itself, adding up to 1.
            features: ``(cells, features)``, as of `leuko.adaptation.features_of`.
        """
        result = probabilities.copy()
        wanted = self.parts(probabilities, features)
        is_other = ~np.isin(probabilities.argmax(axis=1), _FIVE)
        others = probabilities[is_other]
        wanted[is_other] = below(others.max(axis=1), others[:, _FIVE], wanted[is_other])
        result[:, _FIVE] = wanted
        return result

    def parts(self, probabilities: Floats, features: Floats) -> Floats:
        """Return what part of each cell belongs to each of the five classes, ``(cells, 5)``.

        Args:
            probabilities: ``(cells, all classes)``, what is said of each by itself, adding up to 1.
            features: ``(cells, features)``, what the cells are compared by.
        """
        points = features @ self.whitening
        distances = np.square(points[:, None] - self.means[None]).sum(axis=-1)
        scores = np.log(self.shares) - _STRENGTH * distances / 2
        five = _five(probabilities, self.factors)
        likely = posterior(self.trust * scores + (1 - self.trust) * logarithms(five))
        return np.asarray(likely * five.sum(axis=1, keepdims=True))


def fit_mixture(
    probabilities: Floats,
    features: Floats,
    usual: UsualCells,
    *,
    of_specimen: int | None = None,
    confirmed: float = 0.0,
    factors: Floats | None = None,
    doubt: float = 0.0,
) -> Mixture:
    """Return the mixture of the five classes that a laboratory's cells make.

    Where the classes lie is the laboratory's; how common they are is the specimen's.

    Args:
        probabilities: ``(cells, all classes)``, what is said of each by itself, adding up to 1;
            some of it of the five. The fit begins with it.
        features: ``(cells, features)``, as of `leuko.adaptation.features_of`.
        usual: how classes lie elsewhere.
        of_specimen: how many of the cells, the last ones, are of the specimen that is to be named;
            None if all are.
        confirmed: how many other cells a person has confirmed, which an adaptation has put into
            the probabilities, but not into the features: the more, the less is left to tell.
        factors: ``(5,)``, what is said of the five classes is multiplied by these first: how common
            they are is the specimen's, so less may be made of how common they are elsewhere; None
            for ones.
        doubt: how far the laboratory's names are doubted, 0 to 1, as of
            `leuko.vision.tone.doubt_of_names`: so far eosinophils are taken to be few beside
            neutrophils, unless the bundle finds hardly a neutrophil beside them.
    """
    trust = _TRUST * _CONFIRMED / (_CONFIRMED + confirmed)
    factors = np.ones(len(_FIVE)) if factors is None else factors
    said = parts = _five(probabilities, factors)
    firm = _LEAST_FIRM if confirmed else max(_LEAST_FIRM, _FIRM * len(parts))
    mixture_of = partial(
        _mixture,
        features,
        usual=usual,
        few=_few(said, doubt),
        trust=trust,
        factors=factors,
    )
    mixture = mixture_of(parts, usual_means=firm)
    for cells in np.geomspace(firm, _LOOSE, _ROUNDS)[1:].tolist():
        parts = mixture.parts(probabilities, features)
        mixture = mixture_of(parts, usual_means=cells)
    if of_specimen is None:
        return mixture
    newest = len(parts) - of_specimen
    few = _few(said[newest:], doubt)
    return replace(mixture, shares=_shares(parts[newest:], usual, few=few), few=few)


def _few(said: Floats, doubt: float) -> float:
    """Return what it weighs that eosinophils are few, against what the cells tell.

    Where the bundle itself finds hardly a neutrophil beside many eosinophils, though it looks at
    cells as if the laboratory were the usual one, they may as well be what they are called.

    Args:
        said: ``(cells, 5)``, what the bundle says of each.
        doubt: of the laboratory's names, 0 to 1.
    """
    cells = said.sum(axis=0)
    many = cells[_EOSINOPHIL] / max(cells[_NEUTROPHIL], _SMALLEST)
    return _DOUBTED * doubt * float(np.interp(many, (_TAKEN_FOR, _ARE), (1.0, 0.0)))


def _shares(parts: Floats, usual: UsualCells, *, few: float) -> Floats:
    """Return how common the classes are among cells that are of each in part, ``(cells, 5)``."""
    cells = parts.sum(axis=0) + _CELLS_OF_USUAL_SHARES * usual.shares
    both = cells[_NEUTROPHIL] + cells[_EOSINOPHIL]
    eosinophils = (cells[_EOSINOPHIL] + few * both * _FEW_EOSINOPHILS) / (1 + few)
    cells[_NEUTROPHIL], cells[_EOSINOPHIL] = both - eosinophils, eosinophils
    return np.asarray(cells / cells.sum())


def _five(probabilities: Floats, factors: Floats) -> Floats:
    """Return the five classes' probabilities times these factors, adding up to what they did."""
    five = probabilities[:, _FIVE]
    weighted = five * factors
    before, after = (one.sum(axis=1, keepdims=True) for one in (five, weighted))
    return np.asarray(weighted * (before / np.maximum(after, _SMALLEST)))


def _mixture(
    features: Floats,
    parts: Floats,
    *,
    usual: UsualCells,
    usual_means: float,
    few: float,
    trust: float,
    factors: Floats,
) -> Mixture:
    """Return the mixture of cells that are of each class in part, ``(cells, 5)``.

    As many cells of a class as ``usual_means`` says weigh as much as where it lies elsewhere.
    """
    cells, total = parts.sum(axis=0), parts.sum()
    sums = parts.T @ features
    common = (sums - cells[:, None] * usual.means).sum(axis=0) / total
    means = sums + usual_means * (common + usual.means)
    means /= (cells + usual_means)[:, None]
    crossed = sums.T @ means
    scatter = (features * parts.sum(axis=1, keepdims=True)).T @ features
    scatter += (means * cells[:, None]).T @ means - crossed - crossed.T
    covariance = scatter + _CELLS_OF_USUAL_SPREAD * usual.covariance
    covariance /= total + _CELLS_OF_USUAL_SPREAD
    whitening = _whitening(covariance, np.sqrt(np.diag(usual.covariance)))
    shares = _shares(parts, usual, few=few)
    return Mixture(whitening, means @ whitening, shares, trust, factors, few)


def _whitening(covariance: Floats, spread: Floats) -> Floats:
    """Return what features are multiplied by to have unit covariance, once it is shrunken.

    Args:
        covariance: ``(features, features)``.
        spread: ``(features,)``, usual standard deviations: units that features are compared in.
    """
    alike = covariance / np.outer(spread, spread)
    even = np.trace(alike) / len(alike)
    shrunken = (1 - _SHRINKAGE) * alike + _SHRINKAGE * even * np.eye(len(alike))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(shrunken)) / spread[:, None])
