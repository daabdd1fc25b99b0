"""What sharp means, from a sweep of the focus; refused where the sweep does not show it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import cv2
import numpy as np
import pytest
from PIL import Image

from leuko.calibration import (
    FOLDER_NAME,
    CalibrationHistory,
    Circumstances,
    ScalePart,
    Shot,
    measure_focus,
)
from leuko.cells import RGBImage
from leuko.errors import CalibrationError

Shots = Callable[[Iterable[RGBImage]], Iterator[Shot]]

UM_PER_PX = 0.22
SWEEP = (5.0, 4.0, 3.0, 2.0, 1.2, 0.6, 0.6, 1.2, 2.0, 3.0, 4.0, 5.0)


def as_it_is(rgb: RGBImage) -> RGBImage:
    return rgb


@pytest.fixture(scope="module")
def sweep(even_fields: tuple[RGBImage, ...]) -> Callable[[Sequence[float]], list[RGBImage]]:
    """Makes pictures of one place through lost focus, the spread of each in pixels."""
    large = cv2.resize(even_fields[0], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(4)

    def made(spreads: Sequence[float]) -> list[RGBImage]:
        soft = [cv2.GaussianBlur(large, (0, 0), spread) for spread in spreads]
        noisy = [one + rng.normal(0, 1.5, one.shape) for one in soft]
        return [np.clip(one, 0, 255).astype(np.uint8) for one in noisy]

    return made


def test_a_sweep_tells_focus_from_its_loss(
    sweep: Callable[..., list[RGBImage]], shots: Shots, circumstances: Circumstances
) -> None:
    part = measure_focus(shots(sweep(SWEEP)), circumstances, even=as_it_is, um_per_px=UM_PER_PX)
    assert part.softest < part.least_sharpness < part.best_sharpness
    assert part.least_sharpness - 1 == pytest.approx(0.4 * (part.best_sharpness - 1), abs=0.01)
    assert len(part.origin.frames) == len(SWEEP)


def test_after_a_sweep_the_next_part_is_not_sent_to_the_sweep(
    sweep: Callable[..., list[RGBImage]],
    circumstances: Circumstances,
    leuko: Callable[..., CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    pictures = sweep(SWEEP)
    for number, rgb in enumerate(pictures):
        Image.fromarray(rgb).save(tmp_path / f"{number:02}.png")
    scale = ScalePart(
        origin=circumstances.origin([], shape=pictures[0].shape[:2]),
        um_per_px=UM_PER_PX,
        within_percent=0.1,
        method="stage micrometer",
        measured=40,
    )
    state = tmp_path / "state"
    CalibrationHistory(state / FOLDER_NAME).keep({"scale": scale}, cause="scale", by="Ada")
    run = leuko("calibrate", "focus", "--from", tmp_path, "--state-dir", state, "--yes")
    assert run.stdout.endswith(f"leuko calibrate stain --from FOLDER --state-dir {state}\n")


def test_a_softer_optic_is_asked_for_less(
    sweep: Callable[..., list[RGBImage]], shots: Shots, circumstances: Circumstances
) -> None:
    sharp = measure_focus(shots(sweep(SWEEP)), circumstances, even=as_it_is, um_per_px=UM_PER_PX)
    dull = [np.hypot(spread, 1.0) for spread in SWEEP]
    soft = measure_focus(shots(sweep(dull)), circumstances, even=as_it_is, um_per_px=UM_PER_PX)
    assert soft.least_sharpness < sharp.least_sharpness


def test_sharpness_is_judged_under_even_light_as_the_live_gate_does(
    sweep: Callable[..., list[RGBImage]], shots: Shots, circumstances: Circumstances
) -> None:
    def even(rgb: RGBImage) -> RGBImage:
        return np.clip(rgb.astype(np.float64) * 2, 0, 255).astype(np.uint8)

    pictures = sweep(SWEEP)
    dim = [(one // 2).astype(np.uint8) for one in pictures]
    lit = measure_focus(shots(dim), circumstances, even=even, um_per_px=UM_PER_PX)
    evened = [even(one) for one in dim]
    usual = measure_focus(shots(evened), circumstances, even=as_it_is, um_per_px=UM_PER_PX)
    assert lit.best_sharpness == usual.best_sharpness


@pytest.mark.parametrize(
    ("spreads", "sentence"),
    [
        (SWEEP[6:], "6 pictures cannot be a sweep"),
        (SWEEP[:7] + SWEEP[5:7], "begins or ends in focus"),
        ((9.0,) * 8, "no picture is sharp"),
    ],
)
def test_a_sweep_that_shows_nothing_is_refused(
    *,
    sweep: Callable[..., list[RGBImage]],
    shots: Shots,
    circumstances: Circumstances,
    spreads: Sequence[float],
    sentence: str,
) -> None:
    with pytest.raises(CalibrationError, match=sentence):
        measure_focus(shots(sweep(spreads)), circumstances, even=as_it_is, um_per_px=UM_PER_PX)
