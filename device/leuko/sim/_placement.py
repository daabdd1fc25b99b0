"""Where leukocytes and artefacts lie on the slide."""

import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass
from leuko.errors import SettingsError
from leuko.sim._artefacts import Artefact
from leuko.sim._leukocytes import drawn_diameter_um
from leuko.sim._spec import SmearSpec, TrueCell

_GAP_UM = 2.5
_TRIES = 400


def place_leukocytes(spec: SmearSpec, rng: np.random.Generator) -> tuple[TrueCell, ...]:
    """The nucleated cells of a smear: apart, but for the share that touch a neighbour.

    Args:
        spec: the smear.
        rng: source of the places.

    Returns:
        The cells in random order of class.

    Raises:
        SettingsError: so many do not fit on the slide.
    """
    classes = [name for name, count in spec.class_counts().items() for _ in range(count)]
    order = rng.permutation(len(classes))
    placed: list[TrueCell] = []
    # x, y and radius of every cell placed so far, grown in place.
    taken = np.zeros((len(classes), 3))
    for number, index in enumerate(order):
        diameter = drawn_diameter_um(classes[index], rng)
        touching = number > 0 and rng.uniform() < spec.touching_share
        x, y = _place(spec, rng, taken[:number], diameter / 2, touching=touching)
        taken[number] = x, y, diameter / 2
        placed.append(TrueCell(x, y, diameter, classes[index]))
    return tuple(placed)


def _place(
    spec: SmearSpec,
    rng: np.random.Generator,
    taken: NDArray[np.float64],
    radius_um: float,
    *,
    touching: bool,
) -> tuple[float, float]:
    for attempt in range(_TRIES):
        if touching and attempt < _TRIES // 2:
            x, y = _beside(taken[rng.integers(len(taken))], radius_um, rng)
            gap_um = -0.06 * radius_um
        else:
            x, y = rng.uniform(0, spec.width_um), rng.uniform(0, spec.height_um)
            gap_um = _GAP_UM
        inside = (
            radius_um <= x <= spec.width_um - radius_um
            and radius_um <= y <= spec.height_um - radius_um
        )
        if inside and _is_free(taken, x, y, radius_um + gap_um):
            return float(x), float(y)
    message = (
        f"{spec.leukocytes} leukocytes do not fit on {spec.width_um:g} x {spec.height_um:g} µm; "
        "enlarge the slide or ask for fewer"
    )
    raise SettingsError(message)


def _beside(
    neighbour: NDArray[np.float64], radius_um: float, rng: np.random.Generator
) -> tuple[float, float]:
    angle, reach = rng.uniform(0, 2 * np.pi), (neighbour[2] + radius_um) * 0.985
    return neighbour[0] + reach * np.cos(angle), neighbour[1] + reach * np.sin(angle)


def _is_free(taken: NDArray[np.float64], x: float, y: float, radius_um: float) -> bool:
    gaps = np.hypot(taken[:, 0] - x, taken[:, 1] - y) - taken[:, 2]
    return bool(np.all(gaps >= radius_um))


_DEBRIS = {Artefact.CLUMP: 0.45, Artefact.PRECIPITATE: 0.4, Artefact.SMUDGE: 0.15}
_DIAMETERS_UM = {
    Artefact.CLUMP: (5.0, 10.0),
    Artefact.PRECIPITATE: (1.0, 4.0),
    Artefact.SMUDGE: (9.0, 13.0),
}


def place_artefacts(
    spec: SmearSpec, cells: tuple[TrueCell, ...], rng: np.random.Generator
) -> tuple[tuple[TrueCell, Artefact], ...]:
    """Platelets and debris, none on a leukocyte.

    Args:
        spec: the smear.
        cells: its leukocytes.
        rng: source of the places.

    Returns:
        Each artefact and what it is.
    """
    area = spec.width_um * spec.height_um
    kinds = [Artefact.PLATELET] * rng.poisson(spec.platelets_per_um2 * area)
    names = list(_DEBRIS)
    drawn = rng.choice(
        len(names), rng.poisson(spec.debris_per_mm2 * area / 1e6), p=list(_DEBRIS.values())
    )
    kinds += [names[i] for i in drawn]
    taken = np.array([(c.x_um, c.y_um, c.diameter_um / 2) for c in cells]).reshape(-1, 3)
    placed = []
    for kind in kinds:
        diameter = _artefact_diameter_um(kind, rng)
        x, y = rng.uniform(0, spec.width_um), rng.uniform(0, spec.height_um)
        if _is_free(taken, x, y, diameter / 2 + 0.5):
            cell = TrueCell(float(x), float(y), diameter, CellClass.PLATELET_OR_ARTEFACT)
            placed.append((cell, kind))
    return tuple(placed)


def _artefact_diameter_um(kind: Artefact, rng: np.random.Generator) -> float:
    if kind is Artefact.PLATELET:
        return float(np.clip(np.exp(rng.normal(np.log(2.5), 0.22)), 1.5, 4.5))
    return float(rng.uniform(*_DIAMETERS_UM[kind]))
