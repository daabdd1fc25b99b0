"""Stretches of slide that turn out to be one, at the end of a session and after a crash."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, starmap
from math import hypot
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from leuko.cameras import Frame
from leuko.service import (
    KEYFRAMES_NAME,
    STORE_NAME,
    GroundFile,
    KeyframeFile,
    LiveService,
    Parts,
)
from leuko.status import Target
from leuko.store import CellRecord, Store
from leuko.tracking import Keyframe, Position, SearchedGround

AT_ONCE = 3
"""Leukocytes of the first view."""
SAME_UM = 4
PICTURE_BYTES = 160 * 120 + 3072
"""A shrunk frame and its thumbnail."""
STRANGERS = 300
"""Keyframes of ground that looks like no other; a search for a place takes fifteen frames."""
LONGER_THAN_A_SEARCH = 20
"""Frames."""

NOTHING: Mapping[int, int] = MappingProxyType({})


class Killed(BaseException):
    """What ends the process."""


class KilledAfterJoin(Store):
    """A store that is killed when the cells of a second stretch have just moved into the first."""

    def save_cells(
        self, session_id: int, cells: Sequence[CellRecord], *, merged: Mapping[int, int] = NOTHING
    ) -> None:
        segments = {one.number: one.segment for one in self.cells(session_id, pictures=False)}
        super().save_cells(session_id, cells, merged=merged)
        if any(segments.get(cell.number, cell.segment) != cell.segment for cell in cells):
            raise Killed


def start(service: LiveService) -> None:
    service.start("H-12", operator="ana", target=Target(100), asked_by="ana")


def take(service: LiveService, frames: Iterable[Frame]) -> int:
    for frame in frames:
        service.take(frame)
    return service.status().count.n


def standing(store: Store) -> list[CellRecord]:
    return [cell for cell in store.cells(1, pictures=False) if cell.merged_into is None]


def put_strangers(path: Path) -> None:
    """Keep keyframes of a stretch that is never seen again."""
    rng = np.random.default_rng(5)
    file = KeyframeFile(path, session=1, um_per_px=0.2)
    first = len(file.begin(PICTURE_BYTES))
    for number in range(first, first + STRANGERS):
        place = Position(9, 50.0 * (number - first), 0.0)
        file.put(Keyframe(number, place, 1.0), rng.bytes(PICTURE_BYTES))


def test_ground_is_not_kept_without_the_cells_on_it_that_wait_for_a_search(
    make_parts: Callable[..., Parts], store: Store, frames: list[Frame], tmp_path: Path
) -> None:
    start(LiveService(make_parts(store)))
    put_strangers(store.path.with_name(KEYFRAMES_NAME))
    ground = GroundFile(tmp_path / "ground")
    ground.keep(SearchedGround(width_um=96.0, height_um=72.0, enough=3), 1, um_per_px=0.2)
    service = LiveService(replace(make_parts(store), ground=ground))
    assert take(service, frames[:6] * 2) == 0
    service.pause(asked_by="ana")
    assert ground.read(1, um_per_px=0.2) is None
    service.stop()
    service.run()
    assert service.status().count.n == AT_ONCE
    assert ground.read(1, um_per_px=0.2) is not None


@pytest.mark.parametrize("was_seen", [False, True])
@pytest.mark.parametrize("ends", ["finish", "stop"])
def test_cells_that_wait_for_a_search_count_once_when_the_count_ends(
    make_parts: Callable[..., Parts],
    store: Store,
    frames: list[Frame],
    *,
    ends: str,
    was_seen: bool,
) -> None:
    service = LiveService(make_parts(store))
    start(service)
    before = take(service, frames[:6] if was_seen else [])
    put_strangers(store.path.with_name(KEYFRAMES_NAME))
    service = LiveService(make_parts(store))
    assert take(service, frames[:6] * 2) == before == (AT_ONCE if was_seen else 0)
    if ends == "finish":
        service.finish(asked_by="ana")
    else:
        service.stop()
        service.run()
    assert service.status().count.n == store.count(1).n == AT_ONCE
    assert {cell.segment for cell in standing(store)} == {1 if was_seen else 10}


@pytest.mark.parametrize("comes_back", [False, True])
def test_cells_that_wait_for_a_search_count_once_although_the_view_is_lost_before_the_end(
    make_parts: Callable[..., Parts], store: Store, frames: list[Frame], *, comes_back: bool
) -> None:
    service = LiveService(make_parts(store))
    start(service)
    assert take(service, frames[:6]) == AT_ONCE
    put_strangers(store.path.with_name(KEYFRAMES_NAME))
    service = LiveService(make_parts(store))
    take(service, frames[:6] * 2)
    glass = replace(frames[5], rgb=np.full_like(frames[5].rgb, 228))
    take(service, [glass] * LONGER_THAN_A_SEARCH)
    if comes_back:
        assert take(service, frames[:4]) == AT_ONCE
    service.finish(asked_by="ana")
    assert service.status().count.n == store.count(1).n == AT_ONCE
    assert {cell.segment for cell in standing(store)} == {1}


def test_a_crash_between_cells_and_keyframes_is_mended_when_the_ground_is_seen_again(
    make_parts: Callable[..., Parts], frames: list[Frame], tmp_path: Path
) -> None:
    path = tmp_path / "killed" / STORE_NAME
    path.parent.mkdir()
    # The first view is met again by another way, which leads to where the count began.
    elsewhere, there, on = frames[64:], frames[:6] * 2, frames[6:]
    with KilledAfterJoin.opened(path) as store:
        service = LiveService(make_parts(store))
        start(service)
        take(service, elsewhere)
        assert take(service, there) >= AT_ONCE
        assert 2 in {cell.segment for cell in standing(store)}
        with pytest.raises(Killed):
            take(service, on)
        kept, counted = standing(store), store.count(1).n
        assert {cell.segment for cell in kept} == {1}
    with Store.opened(path) as store:
        service = LiveService(make_parts(store))
        # Its keyframes say still that this is a stretch of its own, in which no cell is known.
        assert take(service, there) == counted + AT_ONCE
        take(service, on)
        cells = standing(store)
        assert store.count(1).n >= counted
    assert {cell.segment for cell in cells} == {1}
    assert all(min(distance_um(one, cell) for cell in cells) < SAME_UM for one in kept)
    assert min(starmap(distance_um, combinations(cells, 2))) > SAME_UM


def distance_um(one: CellRecord, other: CellRecord) -> float:
    return hypot(one.x_um - other.x_um, one.y_um - other.y_um)
