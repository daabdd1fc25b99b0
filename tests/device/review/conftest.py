"""Finished sessions whose cells are to be reviewed."""

from collections.abc import Callable, Sequence
from itertools import starmap
from pathlib import Path

import cv2
import numpy as np
import pytest

from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.service import STORE_NAME
from leuko.status import SessionState
from leuko.store import CellRecord, SessionSpec, Store

N, L, M, E, B = list(CellClass)[:5]

Seen = tuple[CellClass, float, RGBImage | None]
"""Class and probability that the count gave a cell, and its picture."""
Session = Callable[[Sequence[Seen]], int]


def _png(rgb: RGBImage) -> bytes:
    _, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return png.tobytes()


def _record(number: int, seen: Seen) -> CellRecord:
    name, probability, rgb = seen
    likely = tuple(
        probability if one is name else (1 - probability) / (len(CellClass) - 1)
        for one in CellClass
    )
    status = CellStatus.COUNTED if probability > 0.5 else CellStatus.UNCLASSIFIED
    png = None if rgb is None else _png(rgb)
    return CellRecord(number, 1, 0.0, 0.0, status, name, likely, 3, 90.0, 50.0, picture=png)


@pytest.fixture(scope="session")
def grey() -> Callable[[int], RGBImage]:
    """A picture of one grey level."""
    return lambda level: np.full((96, 96, 3), level, np.uint8)


@pytest.fixture(scope="session")
def record() -> Callable[[int, Seen], CellRecord]:
    """A cell as a session keeps it, by its number."""
    return _record


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory."""
    return tmp_path / "state"


@pytest.fixture
def session(state: Path) -> Session:
    """Keeps a session of such cells, numbered from 1, and finishes it; returns its number."""

    def kept(cells: Sequence[Seen]) -> int:
        with Store.opened(state / STORE_NAME) as store:
            session = store.start_session(SessionSpec(specimen="S-7"))
            store.save_cells(session.id, list(starmap(_record, enumerate(cells, 1))))
            store.set_state(session.id, SessionState.FINISHED)
        return session.id

    return kept


@pytest.fixture
def five(session: Session, grey: Callable[[int], RGBImage]) -> int:
    """A session with a cell of each class of the differential, the first two unclassified."""
    names = ((N, 0.3), (L, 0.4), (M, 0.7), (E, 0.8), (B, 0.9))
    return session([(name, p, grey(40 * i)) for i, (name, p) in enumerate(names, start=1)])
