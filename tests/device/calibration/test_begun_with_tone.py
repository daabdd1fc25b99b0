"""Whatever names cells begins with how dark they were when this laboratory's stain was measured.

The darkness that is calibrated here is that of no laboratory: with it the tiny bundle takes every
disc for a monocyte, whatever it is without. Flat discs tell no darkness of their own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image

from leuko.calibration import FOLDER_NAME, CalibrationHistory, Circumstances, Origin, StainPart
from leuko.cameras import CameraOptions
from leuko.cells import CellClass, RGBImage
from leuko.service import STORE_NAME
from leuko.sim.camera import SimCamera
from leuko.store import SessionSpec, Store
from leuko.vision.tone import Tone

PATIENCE_S = 240
"""A machine that trains a model meanwhile is slow; the tests themselves take seconds."""
EVERYTHING_IS_PALE = Tone(5.5, 5.4)
"""Cells so dark that they are made as pale as the background."""
FIELD = (400, 300)
"""Columns and rows of every field."""
SETTINGS = {
    "LEUKO_UM_PER_PX": "0.2",
    "LEUKO_FRAME_WIDTH": str(FIELD[0]),
    "LEUKO_FRAME_HEIGHT": str(FIELD[1]),
    "LEUKO_FRAMES_PER_S": "0",
}

Leuko = Callable[..., CompletedProcess[str]]
PurpleStain = Callable[[Origin], StainPart]


@pytest.fixture
def state(purple_stain: PurpleStain, circumstances: Circumstances, tmp_path: Path) -> Path:
    """A state directory with that darkness."""
    stain = purple_stain(circumstances.origin([], shape=FIELD[::-1]))
    parts = {"stain": stain.with_tone(EVERYTHING_IS_PALE)}
    CalibrationHistory(tmp_path / "state" / FOLDER_NAME).keep(parts, cause="stain", by="Ada")
    return tmp_path / "state"


@pytest.fixture
def leuko(leuko: Leuko, state: Path, own_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Leuko:
    """The command on that device, with a bundle that evens laboratories."""
    manifest = own_bundle / "manifest.toml"
    said = manifest.read_text("utf-8")
    evening = said.replace("[classifier]\n", "[classifier]\nevens_laboratory = true\n")
    manifest.write_text(evening, "utf-8")
    settings = {"LEUKO_STATE_DIR": state, "LEUKO_BUNDLE": own_bundle, **SETTINGS}
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    return leuko


@pytest.fixture
def slide(artefact_fields: tuple[RGBImage, ...], tmp_path: Path) -> Path:
    """A folder of fields in which no leukocyte is found but for that darkness."""
    return saved(artefact_fields, tmp_path / "slide")


def saved(pictures: Iterable[RGBImage], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number, rgb in enumerate(pictures):
        Image.fromarray(rgb).save(folder / f"{number:02}.png")
    return folder


def test_a_stain_of_fields_in_which_no_nucleus_stands_out_says_that_it_tells_no_darkness(
    leuko: Leuko, paired_fields: tuple[RGBImage, ...], tmp_path: Path
) -> None:
    fields = saved(paired_fields, tmp_path / "flat")
    run = leuko("calibrate", "stain", "--from", fields, "--yes", "--json")
    assert json.loads(run.stdout)["stain"]["tone"] is None
    assert "leuko: nuclei hardly stand out, so how dark cells are is not known, and" in run.stderr


def test_an_adaptation_begins_with_the_calibrated_darkness(
    leuko: Leuko, disc_field: RGBImage, tmp_path: Path
) -> None:
    rng = np.random.default_rng(4)
    for index, name in enumerate((CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE)):
        disc = disc_field[40:160, 10 + 130 * index :][:, :120]
        saved((noisy(disc, rng) for _ in range(8)), tmp_path / "cells" / name)
    run = leuko("calibrate", "site", tmp_path / "cells", "--json")
    # Without, all are named right, and nothing is to be adapted.
    assert run.returncode == 0, run.stderr
    site = json.loads(run.stdout)["site"]
    assert (site["cells"], site["right_before"]) == (16, 0)


def noisy(rgb: RGBImage, rng: np.random.Generator) -> RGBImage:
    return np.clip(rgb + rng.normal(0, 3, rgb.shape), 0, 255).astype(np.uint8)


def test_a_quality_check_begins_with_the_calibrated_darkness(leuko: Leuko, slide: Path) -> None:
    run = leuko("calibrate", "check", "--from", slide, "--missed", 0, "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["check"]["located"] >= 20


def test_a_factor_to_blood_begins_with_the_calibrated_darkness(leuko: Leuko, slide: Path) -> None:
    run = leuko("calibrate", "wbc-factor", "--known", 8, "--from", slide, "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["wbc_factor"]["cells"] == 48


@pytest.mark.usefixtures("leuko")
def test_the_service_begins_with_the_calibrated_darkness(state: Path, tmp_path: Path) -> None:
    with Store.opened(state / STORE_NAME) as store:
        session = store.start_session(SessionSpec("H-12", um_per_px=0.2))
    run = [sys.executable, "-m", "leuko", "run", "--backend", "cpu", "--camera", "replay"]
    run += ["--camera-source", str(rest(tmp_path / "rest")), "--socket", str(tmp_path / "socket")]
    subprocess.run(run, env=os.environ, check=True, timeout=PATIENCE_S)
    with Store.opened(state / STORE_NAME) as store:
        named = {cell.cell_class for cell in store.cells(session.id)}
    # Without, the tiny bundle takes what it sees of that smear for erythroblasts.
    assert named == {CellClass.MONOCYTE}


def rest(folder: Path) -> Path:
    """Save what a hand shows of a simulated smear while it rests."""
    options = CameraOptions("smear:24:40", *FIELD, frames_per_s=0, um_per_px=0.2)
    with closing(SimCamera.opened(options)) as camera:
        return saved((frame.rgb for _ in range(6) if (frame := camera.read())), folder)
