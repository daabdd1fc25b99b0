"""The simulated smear: its truth agrees with its pictures, and its cells are those asked for."""

from collections import Counter

import cv2
import numpy as np
import pytest

from leuko.cells import LEUKOCYTES, CellClass
from leuko.errors import SettingsError
from leuko.sim import Optics, SimulatedSmear, SmearSpec, Stain, laboratory, serpentine

NUCLEATED = (*LEUKOCYTES, CellClass.IMMATURE_GRANULOCYTE, CellClass.ERYTHROBLAST)
PERFECT = Optics(vignetting=0, colour_shading=0, electrons=0, jpeg_quality=0)


def two_of_each() -> SmearSpec:
    return SmearSpec(
        seed=4,
        width_um=150,
        height_um=120,
        leukocytes=14,
        proportions=dict.fromkeys(NUCLEATED, 1.0),
        touching_share=0,
        optics=PERFECT,
    )


def test_equal_specs_give_equal_pictures() -> None:
    first, second = (
        SimulatedSmear(two_of_each()).render(20, 20, width_px=160, height_px=120, um_per_px=0.2)
        for _ in range(2)
    )
    assert np.array_equal(first, second)


def test_another_seed_gives_another_smear() -> None:
    assert SimulatedSmear(SmearSpec(seed=1)).cells != SimulatedSmear(SmearSpec(seed=2)).cells


def test_the_same_place_looks_the_same_in_two_overlapping_views() -> None:
    smear = SimulatedSmear(two_of_each())
    first = smear.render(30, 30, width_px=240, height_px=200, um_per_px=0.2)
    second = smear.render(42, 38, width_px=240, height_px=200, um_per_px=0.2)
    difference = np.abs(first[40:, 60:].astype(int) - second[:-40, :-60].astype(int))
    inner = difference[12:-12, 12:-12]  # the point spread mirrors the picture at its border
    assert inner.mean() < 0.3
    assert inner.max() <= 6  # noise of the plasma and focus, interpolated per view


def test_only_the_camera_s_noise_differs_between_frames() -> None:
    noisy = Optics(vignetting=0, colour_shading=0, jpeg_quality=0)
    smear = SimulatedSmear(SmearSpec(seed=4, leukocytes=0, red_cells_per_um2=0, optics=noisy))
    first = smear.render(0, 0, width_px=100, height_px=100, um_per_px=0.2).astype(int)
    second = smear.render(2, 0, width_px=100, height_px=100, um_per_px=0.2).astype(int)
    difference = first[:, 10:] - second[:, :-10]
    assert 0.5 < difference.std() < 4


def test_every_cell_s_outline_has_the_area_of_its_diameter() -> None:
    smear = SimulatedSmear(two_of_each())
    labels = smear.leukocyte_mask(0, 0, width_px=1500, height_px=1200, um_per_px=0.1)
    assert labels.dtype == np.int32
    assert set(np.unique(labels)) == set(range(len(smear.cells) + 1))
    for number, cell in enumerate(smear.cells, start=1):
        area_um2 = np.count_nonzero(labels == number) * 0.01
        assert area_um2 == pytest.approx(np.pi * cell.diameter_um**2 / 4, rel=0.08)


def test_every_cell_is_where_the_truth_says() -> None:
    smear = SimulatedSmear(two_of_each())
    labels = smear.leukocyte_mask(0, 0, width_px=600, height_px=480, um_per_px=0.25)
    for number, cell in enumerate(smear.cells, start=1):
        rows, columns = np.nonzero(labels == number)
        assert (columns.mean() + 0.5) * 0.25 == pytest.approx(cell.x_um, abs=0.6)
        assert (rows.mean() + 0.5) * 0.25 == pytest.approx(cell.y_um, abs=0.6)


def test_every_class_shows_a_nucleus_that_differs_from_the_red_cells() -> None:
    smear = SimulatedSmear(two_of_each())
    picture = smear.render(0, 0, width_px=750, height_px=600, um_per_px=0.2)
    labels = smear.leukocyte_mask(0, 0, width_px=750, height_px=600, um_per_px=0.2)
    red_cells_and_plasma = picture[..., 1][labels == 0]
    for number, cell in enumerate(smear.cells, start=1):
        darkest = np.percentile(picture[..., 1][labels == number], 15)
        assert darkest < np.percentile(red_cells_and_plasma, 3) - 15, cell.cell_class


def test_an_eosinophil_is_redder_than_a_neutrophil() -> None:
    smear = SimulatedSmear(two_of_each())
    picture = smear.render(0, 0, width_px=750, height_px=600, um_per_px=0.2).astype(float)
    labels = smear.leukocyte_mask(0, 0, width_px=750, height_px=600, um_per_px=0.2)
    redness: dict[CellClass, float] = {}
    for number, cell in enumerate(smear.cells, start=1):
        pixels = picture[labels == number]
        redness[cell.cell_class] = float(np.median(pixels[:, 0] - pixels[:, 1]))
    assert redness[CellClass.EOSINOPHIL] > redness[CellClass.NEUTROPHIL] + 15


def test_the_classes_follow_the_proportions_asked_for() -> None:
    shares = {CellClass.NEUTROPHIL: 6.0, CellClass.LYMPHOCYTE: 3.0, CellClass.MONOCYTE: 1.0}
    smear = SimulatedSmear(SmearSpec(seed=9, leukocytes=99, proportions=shares))
    counts = Counter(cell.cell_class for cell in smear.cells)
    assert counts.total() == 99
    for name, share in shares.items():
        assert abs(counts[name] - 9.9 * share) < 1


def test_red_cells_have_a_median_diameter_of_7_2_micrometres() -> None:
    spec = SmearSpec(
        seed=5,
        leukocytes=0,
        red_cells_per_um2=0.004,
        platelets_per_um2=0,
        debris_per_mm2=0,
        stain=Stain(plasma=0),
        optics=PERFECT,
    )
    green = SimulatedSmear(spec).render(0, 0, width_px=1500, height_px=1500, um_per_px=0.15)[..., 1]
    contours, _ = cv2.findContours(
        (green < 214).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    alone = [
        contour
        for contour in contours
        if cv2.contourArea(contour) > 400
        and cv2.contourArea(contour) / cv2.contourArea(cv2.convexHull(contour)) > 0.95
    ]
    diameters = [2 * np.sqrt(cv2.contourArea(contour) / np.pi) * 0.15 for contour in alone]
    assert len(diameters) > 60
    assert np.median(diameters) == pytest.approx(7.2, rel=0.05)


def test_leukocytes_stay_apart_unless_some_shall_touch() -> None:
    def closest_gap_um(touching_share: float) -> float:
        spec = SmearSpec(seed=6, leukocytes=80, touching_share=touching_share)
        cells = SimulatedSmear(spec).cells
        return min(
            float(np.hypot(a.x_um - b.x_um, a.y_um - b.y_um)) - (a.diameter_um + b.diameter_um) / 2
            for i, a in enumerate(cells)
            for b in cells[:i]
        )

    assert closest_gap_um(0) >= 2
    assert -1 < closest_gap_um(0.2) < 0.2


def test_platelets_and_debris_are_artefacts_and_not_cells() -> None:
    smear = SimulatedSmear(SmearSpec(seed=3))
    assert {cell.cell_class for cell in smear.artefacts} == {CellClass.PLATELET_OR_ARTEFACT}
    assert CellClass.PLATELET_OR_ARTEFACT not in {cell.cell_class for cell in smear.cells}
    assert len(smear.artefacts) > 100


def test_laboratories_differ_and_each_can_be_had_again() -> None:
    assert laboratory(1) == laboratory(1)
    assert laboratory(1) != laboratory(2)


def test_a_serpentine_shows_every_place_of_the_slide() -> None:
    spec = SmearSpec(width_um=250, height_um=170, leukocytes=10)
    path = serpentine(spec, view_width_um=96, view_height_um=72, overlap_um=20)
    seen = np.zeros((170, 250), bool)
    for x_um, y_um in path:
        seen[round(y_um) : round(y_um) + 72, round(x_um) : round(x_um) + 96] = True
    assert seen.all()


def test_a_serpentine_never_moves_farther_than_one_view() -> None:
    path = serpentine(SmearSpec(), view_width_um=96, view_height_um=72, overlap_um=20)
    steps = np.abs(np.diff(np.array(path.positions), axis=0))
    assert steps[:, 0].max() <= 76
    assert steps[:, 1].max() <= 52
    assert np.all(np.count_nonzero(steps, axis=1) == 1)


def test_more_leukocytes_than_fit_are_refused_with_the_remedy() -> None:
    with pytest.raises(SettingsError, match="do not fit on 60 x 60 µm; enlarge the slide"):
        SimulatedSmear(SmearSpec(width_um=60, height_um=60, leukocytes=50))


@pytest.mark.parametrize(
    "make",
    [
        lambda: SmearSpec(width_um=0),
        lambda: SmearSpec(leukocytes=-1),
        lambda: SmearSpec(touching_share=2),
        lambda: SmearSpec(proportions={CellClass.PLATELET_OR_ARTEFACT: 1.0}),
        lambda: SmearSpec(proportions={CellClass.MONOCYTE: 0.0}),
        lambda: Stain(eosin=-1),
        lambda: Optics(vignetting=1),
        lambda: Optics(electrons=-5),
    ],
)
def test_impossible_smears_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(SettingsError):
        make()
