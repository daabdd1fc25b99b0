"""The tiny bundle, and fields of coloured discs that its models can tell apart."""

import colorsys
import hashlib
import os
import shutil
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import cv2
import numpy as np
import pytest
from PIL import Image

from leuko.calibration import CalibrationHistory, Origin, SitePart, StainPart
from leuko.cells import CellClass, RGBImage
from leuko.cli import main
from leuko.vision.traits import TRAITS

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
DISC_UM_PER_PX = 0.2
KeepSite = Callable[..., None]
Leuko = Callable[..., CompletedProcess[str]]


@pytest.fixture
def leuko(capfd: pytest.CaptureFixture[str]) -> Leuko:
    """The command, run in this very process, which spares two seconds of imports a test."""

    def run(*arguments: object) -> CompletedProcess[str]:
        words = [str(argument) for argument in arguments]
        with pytest.raises(SystemExit) as left:
            main(words)
        return CompletedProcess(words, int(left.value.code or 0), *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def tiny_bundle() -> Path:
    """A bundle that names flat discs by their hue; see tests/golden/README.md."""
    return GOLDEN / "tiny-bundle"


@pytest.fixture
def keep_site() -> KeepSite:
    """Keep an adaptation to a laboratory that changes nothing worth looking at."""

    def keep(history: CalibrationHistory, origin: Origin, **said: object) -> None:
        features = TRAITS + len(CellClass)
        zeros = np.zeros((1, features))
        content = np.concatenate([zeros, np.eye(features), zeros, zeros]).astype("<f4").tobytes()
        part = SitePart.model_validate({
            "origin": origin,
            "sha256": hashlib.sha256(content).hexdigest(),
            "classes": (CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE),
            "lacking": (),
            "strength": 1.0,
            "typical": 1.0,
            "cells": 20,
            "right_before": 10,
            "right_after": 18,
            **said,
        })
        history.keep({"site": part}, cause="site", by="Ada", site=content)

    return keep


@pytest.fixture(scope="session")
def purple_stain() -> Callable[[Origin], StainPart]:
    """A stain with purple nuclei, measured before their darkness was kept."""

    def made(origin: Origin) -> StainPart:
        purple, red_cells = (0.417, 0.769, 0.292), (0.07, 0.225, 0.195)
        return StainPart(
            origin=origin,
            background=(235, 235, 235),
            background_spread_percent=1,
            neutrophils=purple,
            lymphocytes=purple,
            red_cells=red_cells,
            nuclei_spread_percent=5,
            cells=60,
            fields=20,
        )

    return made


@pytest.fixture
def own_bundle(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle, to be damaged."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def disc_field() -> RGBImage:
    """One disc of each class in two rows on a field of red cells, and a neutrophil cut in half."""
    rng = np.random.default_rng(3)
    rgb = np.full((400, 560, 3), 235, np.uint8)
    for _ in range(60):
        middle = (int(rng.integers(60, 560)), int(rng.integers(0, 400)))
        cv2.circle(rgb, middle, 18, (226, 176, 170), cv2.FILLED, cv2.LINE_AA)
    for index, cell_class in enumerate(CellClass):
        middle = (70 + 130 * (index % 4), 100 + 170 * (index // 4))
        cv2.circle(rgb, middle, 33, _colour(cell_class), cv2.FILLED, cv2.LINE_AA)
    cv2.circle(rgb, (0, 200), 33, _colour(CellClass.NEUTROPHIL), cv2.FILLED)
    return np.clip(rgb + rng.normal(0, 2, rgb.shape), 0, 255).astype(np.uint8)


def leukocyte_picture(
    nucleus: tuple[int, int, int], red_cells: tuple[int, int, int] = (200, 140, 150)
) -> RGBImage:
    """A leukocyte as the ledger keeps it: nucleus, cytoplasm, red cells at the corners."""
    rgb = np.full((96, 96, 3), 235, np.uint8)
    for corner in ((0, 0), (0, 95), (95, 0), (95, 95)):
        cv2.circle(rgb, corner, 22, red_cells, cv2.FILLED)
    cv2.circle(rgb, (48, 48), 30, (215, 200, 225), cv2.FILLED)
    cv2.circle(rgb, (48, 48), 18, nucleus, cv2.FILLED)
    return rgb


@pytest.fixture(scope="session")
def stained() -> Callable[..., RGBImage]:
    """Draws a leukocyte with a nucleus of a colour."""
    return leukocyte_picture


@pytest.fixture(scope="session")
def paired_fields() -> tuple[RGBImage, ...]:
    """Twelve fields, each with two neutrophils and two lymphocytes for the tiny bundle."""
    rng = np.random.default_rng(8)
    pair = (CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE)
    return tuple(_four(rng, *pair, *reversed(pair)) for _ in range(12))


@pytest.fixture(scope="session")
def artefact_fields() -> tuple[RGBImage, ...]:
    """Twelve fields, each with four artefacts for the tiny bundle and no leukocyte."""
    rng = np.random.default_rng(8)
    return tuple(_four(rng, *[CellClass.PLATELET_OR_ARTEFACT] * 4) for _ in range(12))


def _four(rng: np.random.Generator, *names: CellClass) -> RGBImage:
    rgb = np.full((300, 400, 3), 235, np.uint8)
    for _ in range(60):
        middle = (int(rng.integers(0, 400)), int(rng.integers(0, 300)))
        cv2.circle(rgb, middle, 18, (226, 176, 170), cv2.FILLED, cv2.LINE_AA)
    for index, name in enumerate(names):
        x, y = (int(rng.integers(45, 155)), int(rng.integers(45, 105)))
        middle = (x + 200 * (index % 2), y + 150 * (index // 2))
        cv2.circle(rgb, middle, 33, _colour(name), cv2.FILLED, cv2.LINE_AA)
    return np.clip(rgb + rng.normal(0, 2, rgb.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def hand() -> Callable[[Path, list[int]], AbstractContextManager[None]]:
    """Taps keys of a keypad that is a FIFO, over and over; the list may change meanwhile."""
    return _tapping


@contextmanager
def _tapping(fifo: Path, keys: list[int]) -> Generator[None]:
    os.mkfifo(fifo)
    ended = threading.Event()

    def tap() -> None:
        descriptor = os.open(fifo, os.O_RDWR)
        while not ended.wait(0.1):
            for code in keys:
                # A key going down and up, as the kernel of this machine writes it.
                for value in (1, 0):
                    os.write(descriptor, struct.pack("@llHHi", 1_700_000_000, 0, 1, code, value))
        os.close(descriptor)

    thread = threading.Thread(target=tap)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def disc_folder(disc_field: RGBImage, tmp_path: Path) -> Path:
    """A folder with that field in ``one.png``."""
    folder = tmp_path / "fields"
    folder.mkdir()
    Image.fromarray(disc_field).save(folder / "one.png")
    return folder


def _colour(cell_class: CellClass) -> tuple[int, int, int]:
    hue = list(CellClass).index(cell_class) / len(CellClass)
    red, green, blue = colorsys.hls_to_rgb(hue, 0.4, 0.6)
    return round(255 * red), round(255 * green), round(255 * blue)
