"""Running counts to be shown, none of them of a real specimen, and displays to show them on."""

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np
import pytest

from leuko.cells import LEUKOCYTES, CellClass, RGBImage
from leuko.counting import DifferentialCount
from leuko.shown import CalibrationStep
from leuko.status import (
    EstimatedWBC,
    Guidance,
    Health,
    LastCell,
    Level,
    LiveStatus,
    SessionState,
    Target,
)

OK = Health(Level.OK, "ok")


def count_of(
    *counts: int, erythroblasts: int = 0, unclassified: int = 0, smudge_cells: int = 0
) -> DifferentialCount:
    """A differential with that many of each of the five classes."""
    beside = {
        CellClass.IMMATURE_GRANULOCYTE: 0,
        CellClass.ERYTHROBLAST: erythroblasts,
        CellClass.PLATELET_OR_ARTEFACT: 6,
    }
    return DifferentialCount(
        counts=MappingProxyType(dict(zip(LEUKOCYTES, counts or (0,) * 5, strict=True))),
        excluded=MappingProxyType({name: beside.get(name, 0) for name in CellClass}),
        beside=MappingProxyType(beside),
        unclassified=unclassified,
        smudge_cells=smudge_cells,
    )


def drawn_cell() -> RGBImage:
    """A neutrophil, after a fashion: three lobes in pink cytoplasm between red cells."""
    rgb = np.full((96, 96, 3), (236, 230, 226), np.uint8)
    for middle in ((8, 20), (90, 12), (92, 84), (14, 90)):
        cv2.circle(rgb, middle, 17, (222, 170, 166), cv2.FILLED, cv2.LINE_AA)
    cv2.circle(rgb, (48, 48), 30, (228, 198, 214), cv2.FILLED, cv2.LINE_AA)
    for middle in ((38, 38), (56, 44), (44, 60)):
        cv2.circle(rgb, middle, 11, (96, 52, 132), cv2.FILLED, cv2.LINE_AA)
    return rgb


def drawn_field() -> RGBImage:
    """A field of red cells with a leukocyte among them, after a fashion."""
    rng = np.random.default_rng(3)
    rgb = np.full((192, 256, 3), (236, 230, 226), np.uint8)
    for _ in range(60):
        middle = (int(rng.integers(0, 256)), int(rng.integers(0, 192)))
        cv2.circle(rgb, middle, 11, (222, 170, 166), cv2.FILLED, cv2.LINE_AA)
    cv2.circle(rgb, (140, 80), 20, (96, 52, 132), cv2.FILLED, cv2.LINE_AA)
    return rgb


STEPS = {
    "calibrating": CalibrationStep(
        "even light",
        "step 1 of 2",
        "move the slide on",
        figures=("picture 7 of 20",),
        picture=drawn_field(),
    ),
    "keep": CalibrationStep(
        "white balance",
        "step 2 of 2",
        "keep it?",
        answers="[Enter] yes · [+] again · hold [/] no",
        figures=("red 233", "green 235", "blue 236", "of 255"),
        picture=drawn_field(),
    ),
    "missed": CalibrationStep(
        "quality check",
        "step 1 of 2",
        "how many were missed?",
        answers="[Enter] ok · [+][-] set · hold [/] stop",
        figures=("missed 1", "seen 3", "field 12"),
        picture=drawn_field(),
        is_about_picture=True,
    ),
    "refused": CalibrationStep(
        "exposure",
        "refused",
        "try again?",
        answers="[Enter] again · hold [/] stop",
        picture=drawn_field(),
        refusal=(
            "the lamp is too dim: at 50000 µs and a gain of 16.0 the background is at 41 of 255 "
            "instead of 235; turn it up, or open the condenser's diaphragm"
        ),
    ),
}
"""Each kind of a calibration's step, by the name of its pictures."""


def status_of(
    state: SessionState = SessionState.COUNTING,
    *,
    count: DifferentialCount | None = None,
    guidance: Guidance = Guidance.NONE,
    specimen: str = "S-2041",
    target: Target | None = None,
    last: CellClass | None = CellClass.NEUTROPHIL,
    health: Mapping[str, Health] = MappingProxyType({}),
    notice: str = "",
    wbc: EstimatedWBC | None = None,
) -> LiveStatus:
    """A status in which nothing is wrong, save what is asked for."""
    count = count or count_of(33, 15, 5, 3, 1, erythroblasts=2, unclassified=4)
    return LiveStatus(
        state=state,
        specimen=specimen,
        target=target or Target(),
        count=count,
        guidance=guidance,
        last_cell=LastCell(last, 0.97, drawn_cell()) if count.n else None,
        camera=health.get("camera", OK),
        accelerator=health.get("accelerator", OK),
        disk=health.get("disk", OK),
        clock=health.get("clock", OK),
        segment=2 if count.n else 0,
        frames_per_s=21.4 if count.n else 0.0,
        notice=notice,
        estimated_wbc=wbc,
    )


STATUSES = {
    "counting": status_of(),
    "thick": status_of(guidance=Guidance.TOO_THICK),
    "focus": status_of(
        guidance=Guidance.FOCUS,
        last=CellClass.EOSINOPHIL,
        health={"clock": Health(Level.WARNING, "not set")},
    ),
    "paused": status_of(SessionState.PAUSED, notice="went on after a power cut; 57 cells kept"),
    "reached": status_of(
        SessionState.REACHED,
        count=count_of(121, 58, 14, 6, 1, erythroblasts=3, unclassified=7),
        guidance=Guidance.DONE,
        target=Target(cells=200),
        last=CellClass.BASOPHIL,
    ),
    "estimated": status_of(
        count=count_of(63, 41, 9, 4, 1, erythroblasts=2, unclassified=5),
        target=Target(cells=200),
        wbc=EstimatedWBC(11.27, 26.4, {}),
    ),
    "fault": status_of(
        guidance=Guidance.NO_CAMERA,
        last=None,
        health={
            "camera": Health(Level.FAULT, "no picture for 2 s, opening it again"),
            "disk": Health(Level.WARNING, "300 MB left"),
        },
    ),
    "faults": status_of(
        guidance=Guidance.NO_CAMERA,
        last=None,
        health={
            "camera": Health(
                Level.FAULT, "/dev/video0 gives no picture since 14 s; look at its cable and plug"
            ),
            "disk": Health(
                Level.FAULT,
                "database or disk is full; free some of it: 12 cells wait, the count stands still",
            ),
        },
    ),
    "idle": status_of(SessionState.IDLE, count=count_of(), specimen=""),
    "long": status_of(
        count=count_of(1204, 581, 140, 66, 9, erythroblasts=310, unclassified=77, smudge_cells=243),
        guidance=Guidance.TOO_THIN,
        specimen="Hämatologie-Station-4/2026-11-03/0000123456-B",
        target=Target(cells=None, half_width=1.5),
        last=CellClass.LYMPHOCYTE,
        health={
            "accelerator": Health(Level.WARNING, "Edge TPU gone, going on with the processor"),
            "clock": Health(Level.WARNING, "not set since the start; times are not to be trusted"),
        },
        notice="the store was damaged and has been restored from the copy kept yesterday",
    ),
}
"""Each state that has pictures to compare with, by the name of its pictures."""


@pytest.fixture(scope="session")
def statuses() -> Mapping[str, LiveStatus]:
    return STATUSES


@pytest.fixture(scope="session")
def steps() -> Mapping[str, CalibrationStep]:
    return STEPS


@pytest.fixture
def status() -> LiveStatus:
    """One of them, where it does not matter which."""
    return STATUSES["counting"]
