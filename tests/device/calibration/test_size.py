"""µm per pixel: from ruled lines at any angle, from red cells, and refused from anything else."""

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.calibration import Circumstances, Shot, measure_by_red_cells, measure_with_ruler
from leuko.cells import RGBImage
from leuko.errors import CalibrationError, ScaleError
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.vision.ruler import read_ruler

Shots = Callable[[Iterable[RGBImage]], Iterator[Shot]]


def ruled(
    period_px: float, angle_deg: float, *, blur_px: float = 1.5, noise: float = 4.0
) -> RGBImage:
    """A stage micrometer: thin lines, longer at every fifth and tenth, unevenly lit."""
    height, width = 480, 640
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = np.radians(angle_deg)
    along = (x - width / 2) * np.cos(angle) - (y - height / 2) * np.sin(angle)
    across = (x - width / 2) * np.sin(angle) + (y - height / 2) * np.cos(angle)
    number = np.round(across / period_px + 0.37)
    distance = np.abs(across + 0.37 * period_px - number * period_px)
    reach = np.where(number % 10 == 0, width, np.where(number % 5 == 0, 0.3, 0.2) * width)
    line = np.clip(0.09 * period_px + 0.5 - distance, 0, 1) * (along < reach)
    grey = 225 * (1 - 0.2 * ((x / width - 0.5) ** 2 + (y / height - 0.4) ** 2)) * (1 - 0.75 * line)
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), blur_px)
    grain = np.random.default_rng(3).normal(0, noise, soft.shape)
    return np.repeat(np.clip(soft + grain, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)


@pytest.mark.parametrize(
    ("period_px", "angle_deg"), [(52.3, 0), (40.7, 90), (23.1, 17), (61.9, 133), (9.4, 62)]
)
def test_lines_at_any_angle_are_measured_to_a_fifth_of_a_percent(
    period_px: float, angle_deg: float
) -> None:
    reading = read_ruler(ruled(period_px, angle_deg))
    assert reading.period_px == pytest.approx(period_px, rel=0.002)
    off = (reading.angle_deg - angle_deg + 90) % 180 - 90
    assert abs(off) < 0.3


@pytest.mark.parametrize("angle_deg", [3.0, 75.0])
def test_blur_and_noise_cost_less_than_the_reading_says(angle_deg: float) -> None:
    reading = read_ruler(ruled(31.3, angle_deg, blur_px=4, noise=14))
    assert abs(reading.period_px / 31.3 - 1) * 100 < max(0.5, reading.within_percent)
    assert reading.within_percent < 0.5


def smear(seed: int = 4) -> RGBImage:
    drawn = SimulatedSmear(SmearSpec(seed=seed, width_um=120, height_um=90, leukocytes=2))
    return drawn.render(10, 10, width_px=640, height_px=480, um_per_px=0.15)


def noise() -> RGBImage:
    return np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)


def glass() -> RGBImage:
    return np.full((480, 640, 3), 200, np.uint8)


@pytest.mark.parametrize("picture", [noise, glass])
def test_what_shows_no_lines_is_refused(picture: Callable[[], RGBImage]) -> None:
    with pytest.raises(ScaleError, match="no evenly ruled lines"):
        read_ruler(picture())


def test_cells_are_no_lines(even_fields: tuple[RGBImage, ...]) -> None:
    for rgb in even_fields[:3]:
        with pytest.raises(ScaleError, match="no evenly ruled lines"):
            read_ruler(rgb)


def test_the_scale_is_the_division_over_the_lines_distance(
    shots: Shots, circumstances: Circumstances
) -> None:
    pictures = [ruled(40, angle) for angle in (10, 11)]
    part = measure_with_ruler(shots(pictures), circumstances, division_um=10)
    assert part.um_per_px == pytest.approx(0.25, rel=0.002)
    assert part.within_percent < 0.5
    assert (part.method, len(part.origin.frames)) == ("stage micrometer", 2)


def test_pictures_of_two_objectives_contradict_each_other(
    shots: Shots, circumstances: Circumstances
) -> None:
    with pytest.raises(CalibrationError, match=r"lie 30\.\d to 40\.\d pixels apart"):
        measure_with_ruler(shots([ruled(40, 5), ruled(30, 5)]), circumstances, division_um=10)


def test_a_picture_of_another_size_than_the_others_is_named(
    shots: Shots, circumstances: Circumstances
) -> None:
    sentence = r"2\.png has 300 x 200 pixels, others have (\d+) x (\d+); give those of one camera"
    lines = ruled(40, 5)
    odd = [lines, lines[:200, :300], lines]
    with pytest.raises(CalibrationError, match=sentence):
        measure_with_ruler(shots(odd), circumstances, division_um=10)
    field = smear()
    odd = [field, field[:200, :300], smear(5)]
    with pytest.raises(CalibrationError, match=sentence):
        measure_by_red_cells(shots(odd), circumstances)


def test_a_wrong_division_is_noticed(shots: Shots, circumstances: Circumstances) -> None:
    with pytest.raises(CalibrationError, match="no scale of a microscope"):
        measure_with_ruler(shots([ruled(40, 5)]), circumstances, division_um=100)


def test_red_cells_give_the_scale_and_say_how_sure_they_are(
    shots: Shots, circumstances: Circumstances
) -> None:
    part = measure_by_red_cells(shots([smear()]), circumstances)
    assert part.um_per_px == pytest.approx(0.15, rel=0.04)
    assert 4 <= part.within_percent < 6
    assert part.method == "red cells"


def test_a_copy_counts_once_and_what_is_blurred_or_dark_not_at_all(
    shots: Shots, circumstances: Circumstances
) -> None:
    sharp = smear()
    alone = measure_by_red_cells(shots([sharp]), circumstances)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 4), np.uint8)
    dark = np.asarray(sharp * 0.12, np.uint8)
    told: list[str] = []
    part = measure_by_red_cells(
        shots([blurred, dark, sharp, *[sharp] * 12]),
        circumstances,
        is_live=True,
        told=lambda shot, reason: told.append(f"{shot.used.name} {reason}".strip()),
    )
    assert (part.measured, part.um_per_px) == (alone.measured, alone.um_per_px)
    assert part.within_percent == alone.within_percent
    assert told[:3] == ["1.png focus", "2.png more light", "3.png"]
    # A slide at rest shows nothing else: that there is nothing to come is known after ten.
    assert told[3:] == [
        f"{n}.png it is the same picture as 3.png; its cells count once" for n in range(4, 14)
    ]
    with pytest.raises(CalibrationError, match=r"none of 2 pictures can be used \(1\.png: focus\)"):
        measure_by_red_cells(shots([blurred, dark]), circumstances)


def test_what_follows_copies_in_a_folder_is_measured(
    shots: Shots, circumstances: Circumstances
) -> None:
    pictures = [*[smear()] * 12, smear(seed=5)]
    folder = measure_by_red_cells(shots(pictures), circumstances)
    camera = measure_by_red_cells(shots(pictures), circumstances, is_live=True)
    assert [frame.name for frame in folder.origin.frames] == ["1.png", "13.png"]
    assert [frame.name for frame in camera.origin.frames] == ["1.png"]


def told_of(rgb: NDArray[np.floating], shots: Shots, circumstances: Circumstances) -> str:
    """What is said of a field that stands before a good one."""
    picture = np.asarray(np.clip(rgb, 0, 255), np.uint8)
    told: list[str] = []
    measure_by_red_cells(
        shots([picture, smear()]), circumstances, told=lambda _shot, reason: told.append(reason)
    )
    assert not told[1]
    return told[0]


def test_blur_is_noticed_in_glaring_light_and_in_a_pale_film(
    shots: Shots, circumstances: Circumstances
) -> None:
    sharp = smear().astype(np.float64)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 4)
    for rgb in (sharp, blurred):
        assert told_of(1.3 * rgb, shots, circumstances) == "less light"
    assert told_of(225 + 0.1 * (blurred - 225), shots, circumstances) == "focus"
    assert not told_of(225 + 0.1 * (sharp - 225), shots, circumstances)


def test_fields_of_two_microscopes_in_one_folder_are_doubted(
    shots: Shots, circumstances: Circumstances
) -> None:
    coarse = [smear(seed=seed) for seed in (3, 4, 5)]
    height, width = coarse[0].shape[:2]
    # The same picture size at another scale: enlarged, and cut back to the size.
    fine = [
        np.asarray(cv2.resize(one, None, fx=1.2, fy=1.2)[:height, :width], np.uint8)
        for one in coarse
    ]
    told: list[str] = []
    measure_by_red_cells(shots(coarse), circumstances, doubted=told.append)
    assert told == []
    measure_by_red_cells(shots([*coarse, *fine]), circumstances, doubted=told.append)
    (doubt,) = told
    assert doubt.startswith("the red cells of 3 images (such as ")
    assert doubt.endswith("; measure the fields of each microscope by themselves")
