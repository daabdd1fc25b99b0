"""The stain of a session: said once on display, in log and report, and taken back."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import pytest

from leuko.calibration import STAIN_DIFFERS, StainPart
from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.service import LiveService, Parts, StainGuard, stain_of_log
from leuko.store import CellRecord, SessionRecord, SessionSpec, Store
from leuko.tracking import TrackedCell

Stained = Callable[..., RGBImage]

PURPLE, PALE = (90, 40, 120), (160, 130, 185)
SHARES = (1.0, *[0.0] * (len(CellClass) - 1))


@pytest.fixture
def session(store: Store) -> SessionRecord:
    return store.start_session(SessionSpec("TEST", um_per_px=0.2), asked_by="Ada")


def tracked(number: int, picture: RGBImage) -> TrackedCell:
    return TrackedCell(
        number=number,
        segment=1,
        x_um=20.0 * number,
        y_um=0.0,
        status=CellStatus.COUNTED,
        cell_class=CellClass.NEUTROPHIL,
        probabilities=SHARES,
        views=3,
        area_um2=120.0,
        sharpness=50.0,
        picture=picture,
    )


def kinds(store: Store, session: SessionRecord) -> list[str]:
    return [entry.kind for entry in store.log(session.id) if entry.kind.startswith("stain")]


def test_a_stain_that_differs_is_said_once_and_taken_back(
    store: Store, session: SessionRecord, stain: StainPart, stained: Stained
) -> None:
    guard = StainGuard(stain, store)
    guard.take_up(session)
    for number in range(1, 13):
        guard.see([tracked(number, stained(PALE))])
    assert guard.notice == STAIN_DIFFERS
    assert kinds(store, session) == ["stain differs"]
    told = stain_of_log(store.log(session.id))
    assert told is not None
    assert told["differs"]
    for number in range(13, 60):
        guard.see([tracked(number, stained(PURPLE))])
    assert not guard.notice
    assert kinds(store, session) == ["stain differs", "stain agrees"]


def test_after_a_restart_the_kept_cells_say_the_same_and_the_log_does_not_repeat_it(
    *, store: Store, session: SessionRecord, stain: StainPart, stained: Stained, parts: Parts
) -> None:
    guard = StainGuard(stain, store)
    guard.take_up(session)
    png = cv2.imencode(".png", stained(PALE)[..., ::-1])[1].tobytes()
    for number in range(1, 10):
        cell = tracked(number, stained(PALE))
        guard.see([cell])
        store.save_cells(session.id, [record(cell, png)])
    service = LiveService(replace(parts, stain=stain))
    assert service.status().stain == STAIN_DIFFERS
    again = StainGuard(stain, store)
    again.take_up(session)
    again.see([tracked(10, stained(PALE))])
    assert kinds(store, session) == ["stain differs"]


def test_a_long_session_is_judged_by_its_newest_cells_also_after_a_restart(
    store: Store, session: SessionRecord, stain: StainPart, stained: Stained
) -> None:
    pale, purple = stained(PALE), stained(PURPLE)
    cells = [tracked(number, pale if number <= 250 else purple) for number in range(1, 451)]
    guard = StainGuard(stain, store)
    guard.take_up(session)
    guard.see(cells[:250])
    assert guard.notice == STAIN_DIFFERS
    guard.see(cells[250:])
    assert not guard.notice
    pngs = {id(one): cv2.imencode(".png", one[..., ::-1])[1].tobytes() for one in (pale, purple)}
    store.save_cells(session.id, [record(cell, pngs[id(cell.picture)]) for cell in cells])
    again = StainGuard(stain, store)
    again.take_up(session)
    assert not again.notice


def test_without_a_calibrated_stain_nothing_is_said(
    store: Store, session: SessionRecord, stained: Stained
) -> None:
    guard = StainGuard(None, store)
    guard.take_up(session)
    guard.see([tracked(number, stained(PALE)) for number in range(1, 20)])
    assert not guard.notice
    assert kinds(store, session) == []


def record(cell: TrackedCell, png: bytes) -> CellRecord:
    return CellRecord(
        number=cell.number,
        segment=cell.segment,
        x_um=cell.x_um,
        y_um=cell.y_um,
        status=cell.status,
        cell_class=cell.cell_class,
        probabilities=cell.probabilities,
        views=cell.views,
        area_um2=cell.area_um2,
        sharpness=cell.sharpness,
        picture=png,
    )
