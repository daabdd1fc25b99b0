"""What of a reference slide is looked at, and what counts once."""

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from leuko.bundle import load_bundle
from leuko.calibration import FrameUsed, Shot
from leuko.cells import RGBImage
from leuko.checks import CheckedField, CheckMeasurement, measure_check
from leuko.errors import CalibrationError, ImageError
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser
from leuko.status import Guidance

Look = Callable[..., CheckMeasurement]


@pytest.fixture(scope="module")
def analyser(tiny_bundle: Path) -> FieldAnalyser:
    return FieldAnalyser(load_bundle(tiny_bundle), LiteRTEngine(threads=1))


@pytest.fixture
def told() -> list[Guidance]:
    return []


@pytest.fixture
def seen() -> list[CheckedField]:
    return []


@pytest.fixture
def look(analyser: FieldAnalyser, told: list[Guidance], seen: list[CheckedField]) -> Look:
    """Looks at pictures one after the other."""

    def looked(*pictures: RGBImage) -> CheckMeasurement:
        used = FrameUsed(name="x", sha256="0" * 64)
        return measure_check(
            (Shot(rgb, used) for rgb in pictures),
            find=lambda rgb: analyser.analyse(rgb, um_per_px=0.2),
            even=lambda rgb: rgb,
            um_per_px=0.2,
            told=lambda _, guidance: told.append(guidance),
            seen=seen.append,
        )

    return looked


def field_at(smear: RGBImage, x: int, y: int) -> RGBImage:
    return smear[y : y + 320, x : x + 400]


def test_a_leukocyte_in_two_overlapping_fields_is_located_once(look: Look, smear: RGBImage) -> None:
    one, other = field_at(smear, 0, 0), field_at(smear, 180, 0)
    assert (look(one).located, look(other).located) == (2, 2)
    both = look(one, other)
    assert (both.located, both.fields) == (3, 2)


def test_ground_that_another_field_has_shown_is_drawn_darker(
    look: Look, smear: RGBImage, seen: list[CheckedField]
) -> None:
    look(field_at(smear, 0, 0), field_at(smear, 180, 60))
    assert not seen[0].known.any()
    assert seen[1].known[:258, :218].all()
    assert not seen[1].known[262:].any()
    assert not seen[1].known[:, 222:].any()
    drawn = seen[1].drawn()
    assert drawn[:258, :218].mean() < 0.6 * drawn[:258, 222:].mean()


def test_fields_of_other_places_are_told_apart(look: Look, smear: RGBImage) -> None:
    found = look(field_at(smear, 0, 0), field_at(smear, 400, 320), field_at(smear, 0, 320))
    assert (found.located, found.fields) == (5, 3)


def test_a_field_between_two_shows_that_they_are_neighbours(look: Look, smear: RGBImage) -> None:
    found = look(field_at(smear, 0, 0), field_at(smear, 400, 0), field_at(smear, 200, 40))
    assert (found.located, found.fields) == (4, 3)


def test_a_field_that_is_come_back_to_is_not_looked_at_again(look: Look, smear: RGBImage) -> None:
    first = field_at(smear, 0, 0)
    found = look(first, field_at(smear, 400, 320), first, field_at(smear, 10, 5))
    assert (found.located, found.fields) == (3, 2)


def test_a_field_with_nothing_new_still_shows_that_two_others_are_neighbours(
    look: Look, smear: RGBImage
) -> None:
    left, right = field_at(smear, 0, 320), field_at(smear, 290, 250)
    apart = look(left, right)
    found = look(left, right, field_at(smear, 50, 320))
    assert (found.fields, found.located) == (2, apart.located - 1)


def test_what_is_blurred_or_smeared_by_motion_is_refused_as_the_live_gate_does(
    look: Look, smear: RGBImage, told: list[Guidance]
) -> None:
    sharp = field_at(smear, 0, 0)
    smeared = cv2.blur(sharp, (19, 1))
    found = look(cv2.GaussianBlur(sharp, (0, 0), 4), smeared, sharp, smeared)
    assert told == [Guidance.FOCUS, Guidance.SLOWER, Guidance.NONE, Guidance.SLOWER]
    assert (found.located, found.fields) == (2, 1)
    with pytest.raises(CalibrationError, match=r"1 field \(3 pictures left out: slower\) are too"):
        found.measured(missed=0)


def test_where_no_picture_is_good_there_is_nothing_to_check(look: Look, smear: RGBImage) -> None:
    with pytest.raises(CalibrationError, match=r"no picture to check \(1 picture left out: more"):
        look(smear // 8)


@pytest.mark.parametrize(
    ("shape", "words"),
    [((320, 300), "300 x 320 pixels came after fields of 400 x 320"), ((100, 150), "too small")],
)
def test_fields_of_several_cameras_and_tiny_ones_are_refused(
    look: Look, smear: RGBImage, shape: tuple[int, int], words: str
) -> None:
    odd = smear[: shape[0], : shape[1]]
    before = [] if words == "too small" else [field_at(smear, 400, 0)]
    with pytest.raises(ImageError, match=words):
        look(*before, odd)
