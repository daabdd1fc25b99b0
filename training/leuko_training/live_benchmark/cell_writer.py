"""Counts cells into a store as fast as it can: a process of its own, which is going to be cut off.

``python -m leuko_training.live_benchmark.cell_writer STORE SEED`` goes on with the open session,
or begins one. When a transaction is on the disk, and only then, it prints a line for each thing
that it may show from now on: ``cell NUMBER VIEWS`` or ``merged GONE INTO``.
"""

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from leuko.cells import LEUKOCYTES, CellClass, CellStatus
from leuko.store import CellRecord, SessionSpec, Store

READY = "ready"
"""Said before the store is opened, so that opening can be cut off as well."""
_SAVES_A_COPY = 30


def drawn_cell(number: int, dice: random.Random) -> CellRecord:
    """Return a cell with a picture of the size that a real one has."""
    cell_class = dice.choice(LEUKOCYTES)
    return CellRecord(
        number=number,
        segment=1,
        x_um=dice.uniform(0, 5000),
        y_um=dice.uniform(0, 5000),
        status=CellStatus.COUNTED,
        cell_class=cell_class,
        probabilities=tuple(0.93 if each is cell_class else 0.01 for each in CellClass),
        views=1,
        area_um2=dice.uniform(60, 200),
        sharpness=dice.uniform(20, 200),
        picture=dice.randbytes(dice.randint(2500, 6000)),
    )


def count_on(store: Store, dice: random.Random) -> None:
    """Save new cells, changes of earlier ones and mergers, without end.

    Args:
        store: opened to write.
        dice: source of all chance.
    """
    session = store.active_session() or store.start_session(SessionSpec("durability"))
    standing = {
        cell.number: cell
        for cell in store.cells(session.id, pictures=False)
        if cell.merged_into is None
    }
    last = max((cell.number for cell in store.cells(session.id, pictures=False)), default=0)
    saves = 0
    while True:
        new = [drawn_cell(last + 1 + each, dice) for each in range(dice.randint(1, 5))]
        last = new[-1].number
        seen_again = [
            replace(standing[number], views=standing[number].views + 1)
            for number in dice.sample(sorted(standing), min(len(standing), dice.randint(0, 2)))
        ]
        merged = {}
        if dice.random() < 0.1 and len(new) > 1:
            merged[new[0].number] = new[1].number
        store.save_cells(session.id, [*new, *seen_again], merged=merged)
        _acknowledge([*new, *seen_again], merged)
        standing |= {cell.number: cell for cell in (*new, *seen_again) if cell.number not in merged}
        saves += 1
        if saves % _SAVES_A_COPY == 0:
            store.keep_copy()


def _acknowledge(cells: Sequence[CellRecord], merged: dict[int, int]) -> None:
    lines = [f"cell {cell.number} {cell.views}\n" for cell in cells]
    lines += [f"merged {gone} {into}\n" for gone, into in merged.items()]
    # One write, which a pipe takes as a whole up to 4 KiB.
    sys.stdout.write("".join(lines))
    sys.stdout.flush()


def main() -> None:
    """Count until something ends it."""
    path, seed = sys.argv[1:]
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    dice = random.Random(int(seed))  # ruff: ignore[suspicious-non-cryptographic-random-usage] - a simulation
    with Store.opened(Path(path)) as store:
        count_on(store, dice)


if __name__ == "__main__":
    main()
