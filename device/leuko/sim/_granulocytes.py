"""Neutrophils, eosinophils, basophils and their immature forms."""

import numpy as np

from leuko.sim._cytoplasm import Body, Cytoplasm, Drawing, cell_body
from leuko.sim._nuclei import Chromatin, bent, rounded, segmented
from leuko.sim._stain import AZURE, EOSIN, PURPLE, Plane
from leuko.sim._texture import Plate

_RIPE = Chromatin(density=1.5, contrast=0.42, clump_um=0.85, openness=0.3, rim=0.2)


def neutrophil(plate: Plate, radius_um: float) -> Drawing:
    """Two to five lobes on thin filaments, or a band, in pale pink with fine lilac granules."""
    rng = plate.rng
    pink = rng.uniform(0.7, 1.3)
    cytoplasm = Cytoplasm(eosin=0.05 * pink, azure=0.015, purple=0.12 * pink, grain=0.22, edge=0.2)
    body = cell_body(plate, radius_um, cytoplasm, unevenness=0.03)
    _dust(body, radius_um, per_um2=rng.uniform(2.0, 6.0), amount=rng.uniform(0.06, 0.22))
    lobes = int(rng.choice([1, 2, 3, 4, 5], p=[0.1, 0.12, 0.42, 0.28, 0.08]))
    body.put(segmented(plate, radius_um, lobes=lobes), _RIPE)
    return body.finished()


def eosinophil(plate: Plate, radius_um: float) -> Drawing:
    """Two lobes, cytoplasm packed with large orange-red grains that catch the light."""
    rng = plate.rng
    cytoplasm = Cytoplasm(eosin=0.16, azure=0.02, purple=0.07, grain=0.1, edge=0.5)
    body = cell_body(plate, radius_um, cytoplasm)
    lobes = int(rng.choice([2, 3], p=[0.8, 0.2]))
    covered = body.put(segmented(plate, radius_um, lobes=lobes), _RIPE)
    bare = 1 - np.float32(0.88) * covered
    points = plate.packed(0.62, radius_um - 0.15)
    points = points[rng.uniform(size=len(points)) < rng.uniform(0.75, 1.0)]
    grains = plate.dots(points, 0.6) * bare
    hearts = plate.dots(points + 0.06, 0.28) * bare
    strength = np.float32(rng.uniform(0.34, 0.55)) + np.float32(0.11) * plate.noise(0.9)
    body.add(EOSIN, (strength * (grains - np.float32(0.5) * hearts)).astype(np.float32))
    body.add(PURPLE, np.float32(0.09) * (grains - hearts))
    return body.finished()


def basophil(plate: Plate, radius_um: float) -> Drawing:
    """Coarse dark purple granules of uneven size that cover most of a paler lobed nucleus."""
    rng = plate.rng
    cytoplasm = Cytoplasm(eosin=0.08, azure=0.0, purple=0.4, grain=0.25, edge=0.2)
    body = cell_body(plate, radius_um, cytoplasm, unevenness=0.03)
    pale = Chromatin(density=0.95, contrast=0.35, clump_um=0.9, openness=0.3)
    body.put(segmented(plate, radius_um * 1.15, lobes=int(rng.integers(2, 4))), pale)
    area = np.pi * radius_um**2
    fill = rng.uniform(0.6, 1.15)
    for size, per_um2, amount in ((0.45, 2.4, 0.5), (0.65, 1.3, 0.7), (0.85, 0.45, 0.75)):
        points = plate.scattered(round(area * per_um2 * fill), radius_um + 0.1)
        grains = plate.dots(points, size * rng.uniform(0.9, 1.1))
        body.add(PURPLE, np.float32(amount) * grains)
        body.add(AZURE, np.float32(0.08 * amount) * grains)
    _pile_up(body)
    return body.finished()


def _pile_up(body: Body) -> None:
    """Keep piled granules from going black, and let those on the rim belong to the cell."""
    purple = body.dyes[..., PURPLE]
    purple[...] = 2.3 * np.tanh(purple / 2.3)
    np.maximum(body.cover, np.minimum(purple, 1), out=body.cover)


def immature_granulocyte(plate: Plate, radius_um: float) -> Drawing:
    """Promyelocyte to metamyelocyte: one round to dented nucleus, reddish granules over blue."""
    rng = plate.rng
    ripeness = rng.uniform(0, 1)
    cytoplasm = Cytoplasm(
        eosin=0.06 * ripeness,
        azure=0.34 - 0.26 * ripeness,
        purple=0.08 + 0.06 * ripeness,
        grain=0.2,
        edge=0.35,
    )
    body = cell_body(plate, radius_um, cytoplasm, unevenness=0.035)
    shape = _single_nucleus(plate, radius_um, ripeness)
    young = Chromatin(
        density=1.15 + 0.2 * ripeness, contrast=0.3, clump_um=0.5 + 0.3 * ripeness, openness=0.35
    )
    body.put(shape, young, pink=0.08)
    _dust(body, radius_um, per_um2=rng.uniform(2.0, 5.0), amount=0.34, diameter_um=0.32)
    body.add(EOSIN, np.float32(0.06 * ripeness) * body.cover)
    return body.finished()


def _single_nucleus(plate: Plate, radius_um: float, ripeness: float) -> list[Plane]:
    """Round in a promyelocyte, smaller in a myelocyte, a bean in a metamyelocyte."""
    rng = plate.rng
    if ripeness < _METAMYELOCYTE:
        size = radius_um * (0.78 - 0.16 * ripeness)
        return rounded(plate, size, offset=(radius_um - size) * 0.7, indent=0)
    widths = radius_um * rng.uniform(0.36, 0.42) * rng.uniform(0.95, 1.08, 4)
    bean = bent(
        plate.warped(0.12, 1.8), radius_um * 0.42, sweep=rng.uniform(0.6, 1.15), widths_um=widths
    )
    return [plate.blur(bean, 0.4)]


_METAMYELOCYTE = 0.6


def _dust(
    body: Body, radius_um: float, *, per_um2: float, amount: float, diameter_um: float = 0.26
) -> None:
    """Fine azurophil granules over the whole cell."""
    count = round(np.pi * radius_um**2 * per_um2)
    points = body.plate.scattered(count, radius_um * 0.97)
    grains = body.plate.dots(points, diameter_um) * body.cover
    body.add(PURPLE, np.float32(amount) * grains)
    body.add(EOSIN, np.float32(0.25 * amount) * grains)
