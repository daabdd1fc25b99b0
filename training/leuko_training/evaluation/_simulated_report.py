"""The simulated smears' part of the report, of the record, and their contact sheet."""

from collections.abc import Iterator
from pathlib import Path

from leuko.cells import Box, CellClass, RGBImage
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
from leuko_training.evaluation._tiles import sheet, tile, write_picture
from leuko_training.metrics import Proportion
from leuko_training.small_pictures import shrink

FAILURES_FILE = "simulated-failures.png"
MOST_SHOWN = 12
_SIDE, _COLUMNS = 150, 6


def simulated_lines(result: SimulatedResult | None) -> Iterator[str]:
    """Yield the lines on simulated smears; none without slides."""
    if result is None:
        return
    yield "## Simulated smears\n"
    yield f"Slides that `leuko.sim` renders with the seeds {result.seeds[0]} to {result.seeds[-1]},"
    yield "each of a stain and a microscope of its own, its five classes equally common: a field of"
    yield f"{WIDTH_UM:g} × {HEIGHT_UM:g} µm at {UM_PER_PX:g} µm per pixel each. None of them taught a"
    yield "model, but others of the same renderer did, so this is no laboratory never seen. Found and"
    yield "false as in full fields.\n"
    rows = [_row(words(name), result, name) for name in result.five_way.truths]
    yield from table(("class", "n", "found", "five-way"), [*rows, _row("all", result, None)])
    yield f"- {len(result.seeds)} fields; false regions per field: {result.false_per_field:.2f}; those"
    yield f"  that the classifier lets into the differential: {result.false_counted_per_field:.2f}\n"
    if result.mistakes:
        shown = min(MOST_SHOWN, len(result.mistakes))
        yield f"The {shown} worst of {len(result.mistakes)} leukocytes missed or misnamed: truth green,"
        yield "found red, above each its class and what it was called. No data set is in them.\n"
        yield f"![Leukocytes missed or misnamed on simulated smears]({FAILURES_FILE})\n"


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
    }


def write_failures(result: SimulatedResult, folder: Path) -> None:
    """Draw the worst mistakes on one sheet; without mistakes an older sheet is removed.

    Raises:
        OutputError: the sheet cannot be written or removed.
    """
    picture = folder / FAILURES_FILE
    tiles = [_tile(one) for one in result.mistakes[:MOST_SHOWN]]
    if tiles:
        write_picture(picture, sheet(tiles, columns=_COLUMNS))
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


def _tile(one: SimulatedAnswer) -> RGBImage:
    side = one.scene.rgb.shape[0]
    return tile(
        one.scene, Box(0, 0, side, side), (f"{one.truth}, {one.seed}", _called(one)), side=_SIDE
    )


def _called(one: SimulatedAnswer) -> str:
    name = one.leukocyte_class
    return f"{name} {probability_of(name, one.cell):.2f}" if name else "not found"
