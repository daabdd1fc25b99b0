"""The flat field: found under simulated and real uneven light, refused where it cannot be."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.calibration import Circumstances, Shot, measure_light
from leuko.cells import RGBImage
from leuko.errors import CalibrationError, ImageError
from leuko.vision.flat_field import FlatField, FlatFieldCorrection
from leuko.vision.shading import fit_flat_field, is_empty, reduce_field, unevenness

Fields = tuple[RGBImage, ...]
Shots = Callable[[Iterable[RGBImage]], Iterator[Shot]]

BCISC = [
    f"bcisc/original-images/{name}.jpg"
    for name in (
        *("baso/4-1", "mono/4-2", "neut/4-2", "lymp/4-4", "lymp/4-2", "mono/4-4", "neut/4-4"),
        *("baso/6-3", "eosi/6-3", "lymp/6-2", "mono/6-4", "neut/7-3", "lymp/7-4", "mono/7-2"),
    )
]


def quarter(path: Path) -> RGBImage:
    """A picture at a quarter of its size, in a quarter of the time."""
    bgr = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_4)
    return np.ascontiguousarray(np.asarray(bgr, np.uint8)[..., ::-1])


def variation(rgb: RGBImage, even: RGBImage) -> float:
    """Of the background, in the channel in which it varies most."""
    levels = rgb[even[..., 1] > 199].astype(float)
    return float((levels.std(axis=0) / levels.mean(axis=0)).max())


@pytest.fixture(scope="module")
def flat_field(shaded_fields: Fields) -> FlatField:
    return fit_flat_field([reduce_field(rgb) for rgb in shaded_fields[:10]])


def test_a_field_that_was_not_fitted_becomes_as_even_as_it_is_without_shading(
    even_fields: Fields, shaded_fields: Fields, flat_field: FlatField
) -> None:
    corrected = FlatFieldCorrection(flat_field).corrected(shaded_fields[11])
    even = even_fields[11]
    assert variation(shaded_fields[11], even) > 5 * variation(even, even)
    assert variation(corrected, even) < 1.4 * variation(even, even)


def test_the_light_that_is_found_is_the_light_that_was(
    flat_field: FlatField, pink_corners: NDArray[np.float32]
) -> None:
    product = flat_field.gain * pink_corners
    assert np.abs(product / np.median(product, axis=(0, 1)) - 1).max() < 0.03


def test_cells_keep_their_colour_beside_the_background(
    even_fields: Fields, shaded_fields: Fields, flat_field: FlatField
) -> None:
    corrected = FlatFieldCorrection(flat_field).corrected(shaded_fields[11]).astype(float)
    truth = even_fields[11].astype(float)
    ratio = np.median(corrected / np.maximum(truth, 1), axis=(0, 1))
    assert np.median(np.abs(corrected / ratio - truth)) <= 2


def test_two_pictures_of_empty_glass_will_do(
    pink_corners: NDArray[np.float32], shots: Shots, circumstances: Circumstances
) -> None:
    rng = np.random.default_rng(2)
    glass = [
        np.clip(180 * pink_corners + rng.normal(0, 3, pink_corners.shape), 0, 255).astype(np.uint8)
        for _ in range(2)
    ]
    part = measure_light(shots(glass), circumstances).part
    assert part.method == "empty glass"
    assert part.after_percent < part.before_percent / 5


def test_the_measurement_says_what_it_was_found_from_and_what_it_is_worth(
    shaded_fields: Fields, shots: Shots, circumstances: Circumstances
) -> None:
    found = measure_light(shots(shaded_fields), circumstances)
    part = found.part
    assert part.method == "fields of a smear"
    assert [frame.name for frame in part.origin.frames] == [f"{n}.png" for n in range(1, 13)]
    assert (part.origin.camera.width, part.origin.camera.height) == (256, 192)
    assert part.after_percent < 1 < 5 * part.after_percent < part.before_percent


def test_pictures_of_one_place_are_left_out_and_too_few_others_refused(
    shaded_fields: Fields, shots: Shots, circumstances: Circumstances
) -> None:
    standing = [shaded_fields[0]] * 10 + list(shaded_fields[1:4])
    with pytest.raises(CalibrationError, match=r"4 of 13 pictures can be used; 2\.png shows what"):
        measure_light(shots(standing), circumstances)


def test_an_overexposed_picture_is_left_out_with_the_reason(
    shaded_fields: Fields, shots: Shots, circumstances: Circumstances
) -> None:
    glaring = np.asarray(np.clip(shaded_fields[4] * 1.6, 0, 255), np.uint8)
    told: list[str] = []
    found = measure_light(
        shots([glaring, *shaded_fields]),
        circumstances,
        told=lambda _done, _of, guidance: told.append(guidance),
    )
    assert [reason.split(" (")[0] for reason in found.left_out] == ["1.png is overexposed"]
    assert told == ["", "less light", *[""] * 12]


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, r"1\.png is black: the camera sees nothing"),
        (0.12, r"too dark .* \(background at 2\d of"),
    ],
)
def test_pictures_without_light_are_refused(
    *, shaded_fields: Fields, shots: Shots, circumstances: Circumstances, share: float, words: str
) -> None:
    dark = [np.asarray(rgb * share, np.uint8) for rgb in shaded_fields]
    with pytest.raises(CalibrationError, match=rf"0 of 12 pictures can be used; .*{words}"):
        measure_light(shots(dark), circumstances)


def test_a_folder_whose_first_pictures_are_dark_is_read_to_its_end(
    shaded_fields: Fields, shots: Shots, circumstances: Circumstances
) -> None:
    dark = [np.asarray(rgb * 0.12, np.uint8) for rgb in shaded_fields[:8]]
    found = measure_light(shots([*dark, *shaded_fields]), circumstances)
    assert (len(found.part.origin.frames), len(found.left_out)) == (12, 8)


def test_a_camera_in_bad_light_says_what_is_wrong_before_it_is_given_up(
    shaded_fields: Fields, shots: Shots, circumstances: Circumstances
) -> None:
    dark = [np.asarray(rgb * 0.12, np.uint8) for rgb in shaded_fields]
    told: list[tuple[int, int, str]] = []
    with pytest.raises(CalibrationError, match=r"0 of 8 pictures can be used; .* too dark"):
        measure_light(
            shots([*dark, *shaded_fields]),
            circumstances,
            is_live=True,
            told=lambda *progress: told.append(progress),
        )
    assert told == [(0, 20, ""), *[(0, 20, "more light")] * 8]


def test_three_places_in_turn_are_no_more_than_three(
    shaded_fields: Fields, shots: Shots, circumstances: Circumstances
) -> None:
    with pytest.raises(
        CalibrationError, match=r"3 of 24 pictures .* 4\.png shows what 1\.png shows"
    ):
        measure_light(shots([*shaded_fields[:3]] * 8), circumstances)


def test_of_pictures_of_two_sizes_the_fewer_are_left_out_wherever_they_stand(
    shaded_fields: Fields, shots: Shots, circumstances: Circumstances
) -> None:
    small = [np.ascontiguousarray(rgb[:150]) for rgb in shaded_fields[:2]]
    found = measure_light(shots([*small, *shaded_fields[2:]]), circumstances)
    assert (found.part.origin.camera.width, found.part.origin.camera.height) == (256, 192)
    assert found.left_out == (
        "1.png is 256 x 150 pixels, most are 256 x 192",
        "2.png is 256 x 150 pixels, most are 256 x 192",
    )
    halves = [np.ascontiguousarray(rgb[:150]) for rgb in shaded_fields[:6]]
    with pytest.raises(CalibrationError, match="6 pictures are 256 x 150 pixels and as many are"):
        measure_light(shots([*halves, *shaded_fields[6:]]), circumstances)


def test_what_covers_one_place_in_every_field_is_taken_for_light(shaded_fields: Fields) -> None:
    spotted = [rgb.copy() for rgb in shaded_fields]
    for rgb in spotted:
        rgb[80:100, 90:110] = 0.8 * rgb[80:100, 90:110]
    gain = fit_flat_field([reduce_field(rgb) for rgb in spotted]).gain
    assert gain[90, 100, 1] / gain[90, 130, 1] == pytest.approx(1 / 0.8, rel=0.05)


def test_a_condenser_far_off_the_axis_is_refused(shaded_fields: Fields) -> None:
    dark = np.linspace(1, 0.15, shaded_fields[0].shape[1], dtype=np.float32)[None, :, None]
    fields = [reduce_field((rgb * dark).astype(np.uint8)) for rgb in shaded_fields]
    with pytest.raises(ImageError, match="right of the field; centre the condenser"):
        fit_flat_field(fields)


def test_fields_of_two_cameras_are_refused(shaded_fields: Fields) -> None:
    fields = [reduce_field(rgb) for rgb in (*shaded_fields[:5], shaded_fields[5][:150])]
    with pytest.raises(ImageError, match="several sizes"):
        fit_flat_field(fields)


def test_a_frame_of_another_size_is_refused(flat_field: FlatField) -> None:
    with pytest.raises(ImageError, match="100 x 90 pixels, the flat field is for 256 x 192"):
        FlatFieldCorrection(flat_field).corrected(np.zeros((90, 100, 3), np.uint8))


def test_a_field_of_cells_is_not_empty(even_fields: Fields) -> None:
    assert not any(is_empty(reduce_field(rgb)) for rgb in even_fields)
    assert is_empty(reduce_field(np.full((192, 256, 3), 210, np.uint8)))


def test_the_flare_of_real_fields_is_evened_out(datasets: Path) -> None:
    fields = [reduce_field(quarter(datasets / path)) for path in BCISC]
    fitted, others = fit_flat_field(fields[::2]), fit_flat_field(fields[1::2])
    before, after = unevenness(others), unevenness(others, corrected_by=fitted)
    assert after < before / 2.5
    assert after < 0.012
