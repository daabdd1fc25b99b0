"""Which cells a classifier learns from: classes and laboratories balanced on purpose."""

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
"""How often each class is drawn; within a class each set by the square root of its size."""

_INDEX = {label: index for index, label in enumerate(CellClass)}
_COMMON_PART = 0.1
"""How much of all sets' shares is mixed into each one's: no class is ruled out."""


class Sample(NamedTuple):
    """A view that is learnt from.

    Attributes:
        view: ``(size, size, 3)`` uint8, RGB.
        label: index of its class in `CellClass`.
        set_shares: ``(8,)`` float32, how often each class is drawn of its data set; add up to 1.
    """

    view: RGBImage
    label: int
    set_shares: NDArray[np.float32]


class CropSampler:
    """Endless training views, classes and laboratories balanced on purpose."""

    def __init__(
        self,
        crops: Iterable[Crop],
        *,
        shares: Mapping[CellClass, float] = CLASS_SHARE,
        style: ViewStyle = USUAL_STYLE,
        balance: float = 0.5,
    ) -> None:
        """Sort the crops by class and set.

        Args:
            crops: what to learn from.
            shares: how often each class is drawn.
            style: how cells are shown.
            balance: exponent of a set's size in how often it is drawn; 0 draws all sets alike.

        Raises:
            DatasetError: there are no crops.
        """
        self._style = style
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
            label: _set_weights(pools, balance) for label, pools in self._pools.items()
        }
        self._set_shares = self._shares_by_set()

    def draw(self, rng: Generator) -> Sample:
        """Return one augmented view with its class, and its data set's shares of the classes."""
        label = self._classes[int(rng.choice(len(self._classes), p=self._weights))]
        pools = list(self._pools[label].values())
        pool = pools[int(rng.choice(len(pools), p=self._set_weights[label]))]
        crop = _any(pool, rng)
        others = [other for other in pools if other is not pool]
        if self._style.redyed and others and rng.random() < self._style.redyed:
            crop = _redyed(crop, _any(others[int(rng.integers(len(others)))], rng), rng)
        view = draw_view(crop, rng, style=self._style)
        return Sample(view, _INDEX[label], self._set_shares[crop.dataset])

    def _shares_by_set(self) -> dict[str, NDArray[np.float32]]:
        """Return of each set how often each class is drawn of it."""
        drawn: dict[str, NDArray[np.float64]] = {}
        for label, weight in zip(self._classes, self._weights, strict=True):
            for name, part in zip(self._pools[label], self._set_weights[label], strict=True):
                drawn.setdefault(name, np.zeros(len(CellClass)))[_INDEX[label]] = weight * part
        common = np.sum(list(drawn.values()), axis=0)
        return {
            name: ((1 - _COMMON_PART) * one / one.sum() + _COMMON_PART * common).astype(np.float32)
            for name, one in drawn.items()
        }


def _set_weights(pools: Mapping[str, Sequence[Crop]], balance: float) -> NDArray[np.float64]:
    weights = np.array([len(pool) for pool in pools.values()]) ** balance
    return np.asarray(weights / weights.sum())


def _any(pool: Sequence[Crop], rng: Generator) -> Crop:
    return pool[int(rng.integers(len(pool)))]


def _redyed(crop: Crop, model: Crop, rng: Generator) -> Crop:
    """Return the crop on its way to the model's dyes, no matter how far."""
    dyes = dyes_of(crop.image, crop.mask > 127), dyes_of(model.image, model.mask > 127)
    return replace(crop, image=redye(crop.image, *dyes, share=float(rng.uniform(0.3, 1.0))))
