"""The simulated smears' part of the report, of the record, and their contact sheet."""

from collections.abc import Iterator
from pathlib import Path

from leuko.cells import Box, Cell, CellClass, RGBImage
from leuko.errors import OutputError
from leuko_training.evaluation._markdown import counted, percent, table, words
from leuko_training.evaluation._names import probability_of
from leuko_training.evaluation._simulated import (
    HEIGHT_UM,
    UM_PER_PX,
    WIDTH_UM,
    SimulatedAnswer,
    SimulatedResult,
)
from leuko_training.evaluation._tiles import Scene, sheet, tile, write_picture
from leuko_training.metrics import Proportion
from leuko_training.small_pictures import shrink
from leuko_training.uncarded import FAILURES_FILE

SIMULATED_HEADING = "## Simulated smears"
MOST_SHOWN = 12
_SIDE, _COLUMNS = 150, 6


def simulated_lines(result: SimulatedResult | None) -> Iterator[str]:
    """Yield the lines on simulated smears; none without slides."""
    if result is None:
        return
    yield f"{SIMULATED_HEADING}\n"
    yield f"Slides that `leuko.sim` renders with the seeds {result.seeds[0]} to {result.seeds[-1]},"
    yield "each of a stain and a microscope of its own, the five classes equally common: a field of"
    yield f"{WIDTH_UM:g} × {HEIGHT_UM:g} µm at {UM_PER_PX:g} µm per pixel each. None of them taught"
    yield "a model, but others of the same renderer did: this is no laboratory never seen. *Found*"
    yield "and *false* are as in full fields.\n"
    rows = [_row(words(name), result, name) for name in result.five_way.truths]
    yield from table(("class", "n", "found", "five-way"), [*rows, _row("all", result, None)])
    counted_per_field = result.false_counted_per_field
    yield f"- {len(result.seeds)} fields; false regions per field: {result.false_per_field:.2f};"
    yield f"  those that the classifier lets into the differential: {counted_per_field:.2f}\n"
    yield from _shown(result)


def _shown(result: SimulatedResult) -> Iterator[str]:
    missed = sum(one.cell is None for one in result.mistakes)
    misnamed, false = len(result.mistakes) - missed, len(result.false)
    if not result.mistakes and not false:
        return
    shown = min(MOST_SHOWN, missed + misnamed + false)
    yield f"Missed ({missed}), misnamed ({misnamed}) and false ones ({false}), the first {shown} of"
    yield "them: leukocytes outlined green, what was found red; above it what it is with the seed,"
    yield "and what it was called, with the probability. All is rendered.\n"
    yield f"![Missed, misnamed and false on simulated smears]({FAILURES_FILE})\n"


def record_of_simulated(result: SimulatedResult) -> dict[str, object]:
    """Return what was measured as values that JSON knows."""
    found = result.found()
    return {
        "seeds": list(result.seeds),
        "found": {"hits": found.hits, "n": found.n},
        "five_way": {"hits": result.five_way.accuracy.hits, "n": result.five_way.accuracy.n},
        "confusion_of_five": result.five_way.table,
        "false_per_field": round(result.false_per_field, 5),
        "false_counted_per_field": round(result.false_counted_per_field, 5),
        "mistakes": [
            {
                "seed": one.seed,
                "truth": one.truth,
                "answer_of_five": one.leukocyte_class,
                "answer": one.cell.cell_class if one.cell else None,
                "probability": round(one.cell.probability, 5) if one.cell else None,
            }
            for one in result.mistakes
        ],
        "false": [
            {
                "seed": one.seed,
                "answer": one.cell.cell_class,
                "probability": round(one.cell.probability, 5),
                "status": one.cell.status,
            }
            for one in result.false
        ],
    }


def write_failures(result: SimulatedResult, folder: Path) -> None:
    """Draw mistakes and false regions on one sheet; without any an older sheet is removed.

    Raises:
        OutputError: the sheet cannot be written or removed.
    """
    picture = folder / FAILURES_FILE
    tiles = [
        _tile(one.scene, (f"{one.truth}, {one.seed}", _called(one))) for one in result.mistakes
    ]
    tiles += [
        _tile(one.scene, (f"none, {one.seed}", _said(one.cell.cell_class, one.cell)))
        for one in result.false
    ]
    if tiles:
        write_picture(picture, sheet(tiles[:MOST_SHOWN], columns=_COLUMNS))
        shrink(picture)
        return
    try:
        picture.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{picture} cannot be removed ({error}); remove it yourself") from error


def _row(title: str, result: SimulatedResult, name: CellClass | None) -> tuple[str, ...]:
    found = result.found(name)
    right = result.five_way.recall(name) if name else result.five_way.accuracy
    return title, str(found.n), percent(found), _with_interval(right)


def _with_interval(share: Proportion) -> str:
    low, high = share.interval95
    return f"{counted(share)}, {low:.1f} – {high:.1f}"


def _tile(scene: Scene, caption: tuple[str, str]) -> RGBImage:
    side = scene.rgb.shape[0]
    return tile(scene, Box(0, 0, side, side), caption, side=_SIDE)


def _called(one: SimulatedAnswer) -> str:
    name = one.leukocyte_class
    return _said(name, one.cell) if name else "not found"


def _said(name: CellClass, cell: Cell | None) -> str:
    word = "artefact" if name is CellClass.PLATELET_OR_ARTEFACT else words(name)
    return f"{word} {probability_of(name, cell):.2f}"
