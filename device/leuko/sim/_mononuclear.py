"""Lymphocytes, monocytes and erythroblasts: cells with one nucleus and few granules."""

import numpy as np

from leuko.sim._cytoplasm import Body, Cytoplasm, Drawing, cell_body
from leuko.sim._nuclei import Chromatin, kidney, rounded
from leuko.sim._stain import AZURE, EOSIN, PURPLE, RED
from leuko.sim._texture import Plate

LARGE_LYMPHOCYTE_UM = 11.0
"""Diameter above which a lymphocyte shows a wide pale cytoplasm and looser chromatin."""


def lymphocyte(plate: Plate, radius_um: float) -> Drawing:
    """A dense round nucleus that nearly fills the cell, in a rim of sky blue."""
    rng = plate.rng
    large = 2 * radius_um > LARGE_LYMPHOCYTE_UM
    blue = rng.uniform(0.22, 0.4) if large else rng.uniform(0.34, 0.6)
    cytoplasm = Cytoplasm(eosin=0.0, azure=blue, purple=0.07, grain=0.16, edge=0.35)
    body = cell_body(plate, radius_um, cytoplasm, unevenness=0.035)
    size = radius_um * (rng.uniform(0.68, 0.8) if large else rng.uniform(0.83, 0.93))
    room = radius_um - size
    shape = rounded(
        plate, size, offset=room * rng.uniform(0.3, 0.95), indent=_sometimes(rng, 0.3, 0.3)
    )
    dense = Chromatin(
        density=1.25 if large else 1.5, contrast=0.34, clump_um=1.15, openness=0.35, rim=0.18
    )
    body.put(shape, dense, blue=0.05)
    if large:
        _sparse_granules(body, radius_um, count=int(rng.integers(0, 9)))
    return body.finished()


def monocyte(plate: Plate, radius_um: float) -> Drawing:
    """A large folded nucleus of lacy chromatin in grey-blue cytoplasm with some vacuoles."""
    rng = plate.rng
    grey = rng.uniform(0.75, 1.25)
    cytoplasm = Cytoplasm(eosin=0.02, azure=0.16 * grey, purple=0.12 * grey, grain=0.2, edge=0.25)
    body = cell_body(plate, radius_um, cytoplasm, unevenness=0.06)
    dust = plate.dots(plate.scattered(round(9 * radius_um**2), radius_um), 0.25)
    body.add(PURPLE, np.float32(0.12) * dust * body.cover)
    _vacuoles(
        body, radius_um, count=int(rng.choice([0, 1, 2, 4, 7], p=[0.3, 0.3, 0.2, 0.15, 0.05]))
    )
    lacy = Chromatin(density=1.12, contrast=0.4, clump_um=0.6, openness=0.42, rim=0.3)
    body.put(kidney(plate, radius_um, size=rng.uniform(0.7, 0.82)), lacy, pink=0.1)
    return body.finished()


def erythroblast(plate: Plate, radius_um: float) -> Drawing:
    """A small, nearly black round nucleus in smooth cytoplasm from blue-grey to pink-grey."""
    rng = plate.rng
    ripeness = rng.uniform(0.1, 1)
    cytoplasm = Cytoplasm(
        eosin=0.0, azure=0.42 - 0.36 * ripeness, purple=0.04, grain=0.07, edge=0.3
    )
    body = cell_body(plate, radius_um, cytoplasm, unevenness=0.035)
    body.add(RED, np.float32(0.12 + 0.2 * ripeness) * body.cover)
    size = radius_um * (0.74 - 0.2 * ripeness)
    shape = rounded(plate, size, offset=(radius_um - size) * rng.uniform(0.1, 0.6), indent=0)
    inky = Chromatin(
        density=1.75 + 0.3 * ripeness,
        contrast=0.42 - 0.3 * ripeness,
        clump_um=1.1,
        openness=0.3,
        rim=0.1,
    )
    body.put(shape, inky, blue=0.06, pink=0.02)
    return body.finished()


def _vacuoles(body: Body, radius_um: float, *, count: int) -> None:
    """Clear holes in the cytoplasm; those under the nucleus vanish beneath it."""
    for width_um in body.plate.rng.uniform(0.6, 1.6, 2):
        holes = body.plate.dots(body.plate.scattered(count, radius_um * 0.85), float(width_um))
        body.thin(np.float32(0.7) * holes)


def _sparse_granules(body: Body, radius_um: float, *, count: int) -> None:
    grains = body.plate.dots(body.plate.scattered(count, radius_um * 0.9), 0.45) * body.cover
    body.add(PURPLE, np.float32(0.5) * grains)
    body.add(EOSIN, np.float32(0.1) * grains)
    body.add(AZURE, np.float32(-0.1) * grains)


def _sometimes(rng: np.random.Generator, chance: float, amount: float) -> float:
    return float(rng.uniform(0.2, 1) * amount) if rng.uniform() < chance else 0.0
