"""Which cells a classifier learns from: classes and laboratories balanced on purpose."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.cells import CellClass, RGBImage
from leuko_training.crops import USUAL_STYLE, Crop, ViewStyle, draw_view
from leuko_training.dyes import dyes_of, redye
from leuko_training.errors import DatasetError

CLASS_SHARE = {
    CellClass.NEUTROPHIL: 0.17,
    CellClass.LYMPHOCYTE: 0.16,
    CellClass.MONOCYTE: 0.15,
    CellClass.EOSINOPHIL: 0.15,
    CellClass.BASOPHIL: 0.12,
    CellClass.IMMATURE_GRANULOCYTE: 0.08,
    CellClass.ERYTHROBLAST: 0.07,
    CellClass.PLATELET_OR_ARTEFACT: 0.10,
}
"""How often each class is drawn; within a class each set by the square root of its
size and, by slide, each of its slides."""

_INDEX = {label: index for index, label in enumerate(CellClass)}
_COMMON_PART = 0.1
"""How much of all sets' shares is mixed into each one's: no class is ruled out."""
_CELLS_OF_SET = 20.0
"""As many cells of a slide weigh as much as its set in how common the classes on it are."""


class Sample(NamedTuple):
    """A view that is learnt from.

    Attributes:
        view: ``(size, size, 3)`` uint8, RGB.
        label: index of its class in `CellClass`.
        shares: ``(8,)`` float32, how often each class is drawn of its data set or, by slide, of
            its slide; they add up to 1. A class that is never drawn is told an eighth besides:
            nothing can be judged beside a share of 0.
    """

    view: RGBImage
    label: int
    shares: NDArray[np.float32]


class CropSampler:
    """Endless training views, classes and laboratories balanced on purpose."""

    def __init__(
        self,
        crops: Iterable[Crop],
        *,
        shares: Mapping[CellClass, float] = CLASS_SHARE,
        style: ViewStyle = USUAL_STYLE,
        balance: float = 0.5,
        by_slide: bool = False,
    ) -> None:
        """Sort the crops by class and set.

        Args:
            crops: what to learn from.
            shares: how often each class is drawn.
            style: how cells are shown.
            balance: exponent of a set's size in how often it is drawn; 0 draws all sets alike.
            by_slide: draw the slides of a set by their size as well, and tell a slide's shares.

        Raises:
            DatasetError: there are no crops.
        """
        self._style = style
        self._by_slide = by_slide
        self._pools: dict[CellClass, dict[str, list[Crop]]] = {}
        for crop in crops:
            self._pools.setdefault(crop.label, {}).setdefault(crop.dataset, []).append(crop)
        if not self._pools:
            msg = "none of the images shows a cell of known class; get a data set that has some"
            raise DatasetError(msg)
        self._classes = [label for label in CellClass if label in self._pools]
        weights = np.array([shares[label] for label in self._classes])
        self._weights = weights / weights.sum()
        self._set_weights = {
            label: _powered([len(pool) for pool in pools.values()], balance)
            for label, pools in self._pools.items()
        }
        self._cell_weights = {
            (label, name): self._weights_in(pool, balance)
            for label, pools in self._pools.items()
            for name, pool in pools.items()
        }
        self._shares = self._told_shares()

    def draw(self, rng: Generator) -> Sample:
        """Return one augmented view with its class, and the shares beside which it is learnt."""
        label = self._classes[int(rng.choice(len(self._classes), p=self._weights))]
        pools = self._pools[label]
        name = list(pools)[int(rng.choice(len(pools), p=self._set_weights[label]))]
        crop = pools[name][int(rng.choice(len(pools[name]), p=self._cell_weights[label, name]))]
        shares = self._shares[self._source(crop)]
        others = [pool for other, pool in pools.items() if other != name]
        if self._style.redyed and others and rng.random() < self._style.redyed:
            crop = _redyed(crop, _any(others[int(rng.integers(len(others)))], rng), rng)
        return Sample(draw_view(crop, rng, style=self._style), _INDEX[label], shares)

    def _source(self, crop: Crop) -> tuple[str, str]:
        return crop.dataset, crop.slide if self._by_slide else ""

    def _weights_in(self, pool: Sequence[Crop], balance: float) -> NDArray[np.float64]:
        """Return how often each of a set's cells of a class is drawn of them."""
        sizes = Counter(map(self._source, pool))
        power = balance - 1 if self._by_slide else 0.0
        return _powered([sizes[self._source(crop)] for crop in pool], power)

    def _told_shares(self) -> dict[tuple[str, str], NDArray[np.float32]]:
        """Return of each set, or slide, how often each class is drawn of it."""
        drawn: defaultdict[tuple[str, str], NDArray[np.float64]] = defaultdict(_no_shares)
        sizes: Counter[tuple[str, str]] = Counter()
        for (label, name), cell_weights in self._cell_weights.items():
            pools = self._pools[label]
            weight = self._weights[self._classes.index(label)]
            part = weight * self._set_weights[label][list(pools).index(name)]
            for crop, share in zip(pools[name], cell_weights, strict=True):
                drawn[self._source(crop)][_INDEX[label]] += part * share
                sizes[self._source(crop)] += 1
        by_set: defaultdict[str, NDArray[np.float64]] = defaultdict(_no_shares)
        for (name, _), own in drawn.items():
            by_set[name] += own
        common = np.sum(list(by_set.values()), axis=0)
        told: dict[tuple[str, str], NDArray[np.float32]] = {}
        for source, own in drawn.items():
            of_set = by_set[source[0]] / by_set[source[0]].sum()
            # A cell alone says nothing of what else is on its slide.
            known = sizes[source] - 1
            likely = (known * own / own.sum() + _CELLS_OF_SET * of_set) / (known + _CELLS_OF_SET)
            mixed = (1 - _COMMON_PART) * likely + _COMMON_PART * common
            told[source] = np.where(common > 0, mixed, 1 / len(common)).astype(np.float32)
        return told


def _no_shares() -> NDArray[np.float64]:
    return np.zeros(len(CellClass))


def _powered(sizes: Sequence[int], power: float) -> NDArray[np.float64]:
    weights = np.array(sizes, np.float64) ** power
    return np.asarray(weights / weights.sum())


def _any(pool: Sequence[Crop], rng: Generator) -> Crop:
    return pool[int(rng.integers(len(pool)))]


def _redyed(crop: Crop, model: Crop, rng: Generator) -> Crop:
    """Return the crop on its way to the model's dyes, no matter how far."""
    dyes = dyes_of(crop.image, crop.mask > 127), dyes_of(model.image, model.mask > 127)
    return replace(crop, image=redye(crop.image, *dyes, share=float(rng.uniform(0.3, 1.0))))
