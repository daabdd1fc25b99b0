"""Platelets, their clumps, stain precipitate and smudged nuclei: no leukocytes, but in the way."""

from enum import StrEnum

import numpy as np

from leuko.sim._cytoplasm import Body, Cytoplasm, Drawing, cell_body
from leuko.sim._stain import AZURE, EOSIN, PURPLE
from leuko.sim._texture import Plate, smooth_step


class Artefact(StrEnum):
    """What lies between the cells."""

    PLATELET = "platelet"
    """A single platelet, 1.5 to 4 µm."""
    CLUMP = "clump"
    """Platelets stuck together, 5 to 10 µm."""
    PRECIPITATE = "precipitate"
    """Dark grains of dried stain."""
    SMUDGE = "smudge"
    """A bare, torn nucleus without cytoplasm."""


def artefact(plate: Plate, radius_um: float, kind: Artefact) -> Drawing:
    """One artefact of that kind and size.

    Args:
        plate: where to draw.
        radius_um: mean radius.
        kind: what to draw.

    Returns:
        The drawing; it pushes nothing aside, its ``body`` is 0.
    """
    draw = {
        Artefact.PLATELET: _platelet,
        Artefact.CLUMP: _clump,
        Artefact.PRECIPITATE: _precipitate,
        Artefact.SMUDGE: _smudge,
    }[kind]
    drawing = draw(plate, radius_um).finished()
    return Drawing(drawing.dyes, np.zeros_like(drawing.body))


def _platelet(plate: Plate, radius_um: float) -> Body:
    blue = float(plate.rng.uniform(0.08, 0.24))
    hyalomere = Cytoplasm(eosin=0.0, azure=blue, purple=0.12, grain=0.3, edge=0.1)
    body = cell_body(plate, radius_um, hyalomere, unevenness=0.1)
    _granulomere(body, radius_um)
    return body


def _granulomere(body: Body, radius_um: float) -> None:
    """The purple grains in a platelet's middle."""
    rng = body.plate.rng
    count = max(3, round(6.5 * radius_um**2))
    points = body.plate.scattered(count, radius_um * 0.8)
    grains = body.plate.dots(points, float(rng.uniform(0.38, 0.55))) * body.cover
    body.add(PURPLE, np.float32(rng.uniform(0.5, 1.0)) * grains)
    body.add(EOSIN, np.float32(0.1) * grains)


def _clump(plate: Plate, radius_um: float) -> Body:
    pale = Cytoplasm(eosin=0.0, azure=0.14, purple=0.16, grain=0.35, edge=0.2)
    body = cell_body(plate.warped(0.5, 2.2), radius_um, pale, unevenness=0.14)
    lumps = smooth_step(plate.noise(2.2), -0.9, 0.5)
    body.thin(np.float32(0.6) * (1 - lumps))
    points = plate.scattered(round(5.0 * radius_um**2), radius_um * 0.95)
    grains = plate.dots(points, 0.45) * body.cover * lumps
    body.add(PURPLE, np.float32(0.8) * grains)
    return body


def _precipitate(plate: Plate, radius_um: float) -> Body:
    none = Cytoplasm(eosin=0.0, azure=0.0, purple=0.04, grain=0.3, edge=0.0)
    body = cell_body(plate.warped(0.3, 1.0), radius_um, none, unevenness=0.15)
    count = int(plate.rng.integers(2, 14))
    points = plate.scattered(count, radius_um)
    grains = plate.dots(points, float(plate.rng.uniform(0.4, 0.9)))
    body.add(PURPLE, np.float32(1.3) * grains)
    body.add(AZURE, np.float32(0.6) * grains)
    return body


def _smudge(plate: Plate, radius_um: float) -> Body:
    streaky = Cytoplasm(eosin=0.04, azure=0.03, purple=0.5, grain=0.22, edge=0.0)
    body = cell_body(plate.warped(0.6, 3.0), radius_um, streaky, unevenness=0.12)
    fade = np.clip(body.depth / np.float32(radius_um * 0.6), 0, 1)
    body.thin(1 - np.float32(0.25) - np.float32(0.75) * fade)
    body.thin(np.float32(0.35) * smooth_step(plate.noise(1.2), 0.2, 1.4))
    return body
