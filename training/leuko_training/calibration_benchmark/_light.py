"""Flat fields from twenty ordinary fields of BCISC, judged on fields that they have not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from leuko.bundle import ModelBundle
from leuko.cells import RGBImage
from leuko.vision.flat_field import FlatField, FlatFieldCorrection
from leuko.vision.shading import ReducedField, fit_flat_field, reduce_field, unevenness
from leuko_training.calibration_benchmark._rulers import Extent
from leuko_training.calibration_benchmark._segmentation import Outlining, Score, View
from leuko_training.datasets import LabelledImage, available_datasets, read_dataset
from leuko_training.datasets.bcisc import FIELD_UM_PER_PX
from leuko_training.images import read_rgb
from leuko_training.partition import TEST_FOLD

FITTED = 20
"""Ordinary fields that a flat field is found from."""
MOST_CLIPPED = 0.02
"""Share of saturated pixels above which ``leuko calibrate`` takes no field."""

_SET = "bcisc_fields"
Shade = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw of the fields that a flat field is found from.

    Attributes:
        seed: which draw.
        others: how many fields the light was measured on again.
        before: unevenness of their light.
        after: the same after correction.
    """

    seed: int
    others: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Light:
    """What flat fields are worth on BCISC.

    Attributes:
        draws: one row a draw, for the light as it was.
        shaded: the same under a simulated camera module's light.
        scores: outlines and names on fold 0, by what was done to the fields.
    """

    draws: tuple[Draw, ...]
    shaded: tuple[Draw, ...]
    scores: dict[str, Score]


def bench_light(bundle: ModelBundle, root: Path, extent: Extent) -> Light | None:
    """Return what flat fields are worth; None where BCISC is missing.

    Args:
        bundle: the models.
        root: folder of all data sets.
        extent: how much is measured.
    """
    if _SET not in available_datasets(root):
        return None
    items = [item for item in read_dataset(_SET, root) if item.um_per_px == FIELD_UM_PER_PX]
    items = items[:: extent.every]
    shade: Shade | None = None
    plain: dict[str, ReducedField] = {}
    shaded: dict[str, ReducedField] = {}
    for item in track(items, "reading fields      "):
        rgb = read_rgb(item.image)
        shade = module_light(*rgb.shape[:2]) if shade is None else shade
        plain[str(item.image)] = reduce_field(rgb)
        shaded[str(item.image)] = reduce_field(under(shade, rgb))
    held = [item for item in items if item.fold == TEST_FOLD and item.mask]
    outlining = Outlining(bundle)
    scores = (
        outlining.scores(held, _views(plain, shaded, items, shade)) if shade is not None else {}
    )
    return Light(tuple(_draws(plain, extent)), tuple(_draws(shaded, extent)), scores)


def module_light(height: int, width: int) -> Shade:
    """Return the light of a small uncorrected camera module: pink corners, a green centre.

    Args:
        height: rows.
        width: columns.

    Returns:
        ``(height, width, 3)`` float32, share of the light.
    """
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    far = ((x + 0.1) ** 2 + (y - 0.1) ** 2)[..., np.newaxis] / 2.2
    fall = 1 - far * np.array([0.55, 0.75, 0.6])
    slope = 1 - 0.2 * (x[..., np.newaxis] + 1) / 2
    return np.asarray(np.maximum(fall * slope, 0.28), np.float32)


def under(light: Shade, rgb: RGBImage) -> RGBImage:
    """Return a field as it looks under a light."""
    return np.asarray(np.rint(rgb * light), np.uint8)


def _draws(fields: dict[str, ReducedField], extent: Extent) -> Iterator[Draw]:
    usable = [field for field in fields.values() if field.clipped <= MOST_CLIPPED]
    for seed in range(extent.draws):
        order = np.random.default_rng(seed).permutation(len(usable))
        chosen = [usable[i] for i in order[: extent.fitted]]
        others = [usable[i] for i in order[extent.fitted : extent.fitted + 3 * extent.fitted]]
        light, correction = fit_flat_field(others), fit_flat_field(chosen)
        after = unevenness(light, corrected_by=correction)
        yield Draw(seed, len(others), unevenness(light), after)


def _views(
    plain: dict[str, ReducedField],
    shaded: dict[str, ReducedField],
    items: Sequence[LabelledImage],
    shade: Shade,
) -> dict[str, View]:
    seen = [str(item.image) for item in items if item.fold != TEST_FOLD]
    seen = [name for name in seen if plain[name].clipped <= MOST_CLIPPED]
    order = np.random.default_rng(0).permutation(len(seen))[:FITTED]
    evened = FlatFieldCorrection(_fit(plain, seen, order))
    mended = FlatFieldCorrection(_fit(shaded, seen, order))
    return {
        "as it is": lambda rgb: rgb,
        "corrected": evened.corrected,
        "shaded": lambda rgb: under(shade, rgb),
        "shaded, corrected": lambda rgb: mended.corrected(under(shade, rgb)),
    }


def _fit(
    fields: dict[str, ReducedField], names: Sequence[str], order: NDArray[np.intp]
) -> FlatField:
    return fit_flat_field([fields[names[i]] for i in order])
