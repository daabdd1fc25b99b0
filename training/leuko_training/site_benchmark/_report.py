"""What adaptations are worth, as Markdown and JSON."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np

from leuko.errors import OutputError
from leuko.pipeline import ENOUGH_CELLS
from leuko_training.benchmark import Machine
from leuko_training.evaluation import table
from leuko_training.site_benchmark._cost import Cost
from leuko_training.site_benchmark._draws import SEEDS, Draw

_ENOUGH = 0.95
_LOSS = 0.01
_SECONDS, _PEAK_MB = 60.0, 250.0
_MANY = 20
_BEFORE, _OWN = attrgetter("before"), attrgetter("own")
_ALONE, _AFTER = attrgetter("alone"), attrgetter("after")


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One data set with so many confirmed cells of each class.

    Attributes:
        dataset: name of the set.
        each: confirmed cells of each class, at most.
        draws: asked about all other cells.
        other_slides: asked about cells of slides that none was confirmed of; may be empty.
        unconfirmed: number of cells outside the five classes, and shares named right before and
            after; None without such cells.
    """

    dataset: str
    each: int
    draws: Sequence[Draw]
    other_slides: Sequence[Draw]
    unconfirmed: tuple[int, float, float] | None

    @property
    def before(self) -> float:
        """Mean share named right by the bundle alone."""
        return _mean(self.draws, _BEFORE)

    @property
    def after(self) -> float:
        """Mean share named right with confirmed cells and the laboratory's others."""
        return _mean(self.draws, _AFTER)

    @property
    def is_met(self) -> bool:
        """Whether the target for so many cells is reached."""
        if self.each < _MANY:
            return self.after > self.before
        return self.after >= _ENOUGH or (1 - self.after) <= (1 - self.before) / 2


@dataclass(frozen=True, slots=True)
class SiteBench:
    """Everything that was measured.

    Attributes:
        rows: by data set.
        missing: laboratories that no long training has left out yet.
        cost: time and memory; None where there is no set to measure them with.
        machine: what was measured on.
    """

    rows: Sequence[SiteRow]
    missing: Sequence[str]
    cost: Cost | None
    machine: Machine


def write_bench(bench: SiteBench, folder: Path) -> None:
    """Write ``site.md`` and ``site.json``.

    Args:
        bench: what was measured.
        folder: made if it is not there.

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    text = json.dumps(asdict(bench), indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "site.json").write_text(f"{text}\n", "utf-8")
        (folder / "site.md").write_text("\n".join(_lines(bench)), "utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error


def _lines(bench: SiteBench) -> Iterator[str]:
    machine = bench.machine
    yield "# Adapting to a laboratory\n"
    yield "- command: `make bench-site`"
    yield "- models: `leuko-train transfer`, shipped recipe, long trainings, seed 1, one laboratory"
    yield "  left out of each; float, with the device's prior and the temperature of the others."
    yield "  Fitting and applying are the device's own code"
    yield f"- machine: {machine.processor}, {machine.cores} cores, Python {machine.python}\n"
    if bench.missing:
        yield "Not measured, for no long training has left them out yet:"
        yield f"{', '.join(bench.missing)}.\n"
    yield "Five-way accuracy in percent on the laboratory's cells that were not confirmed, mean"
    yield f"over {len(SEEDS)} draws (seeds {SEEDS[0]} to {SEEDS[-1]}) ± standard deviation."
    yield "Of a class with fewer than twice as many cells, half are confirmed. An adaptation that"
    yield "does not help in the cross-validation among the confirmed cells is not used; *kept*"
    yield "says how often it was. *Before* is the bundle alone, *own cells* what unconfirmed cells"
    yield f"of the laboratory make of that ({ENOUGH_CELLS} by lot, or all), *confirmed alone* the"
    yield "adaptation without them, *after* both, as on the device; the rest compares *after* with"
    yield "*before*.\n"
    for each, target in ((_MANY, "error halved, or 95 %"), (5, "a gain")):
        yield f"## {each} confirmed cells a class\n"
        named = ("before", "own cells", "confirmed alone", "after")
        judged = ("error left", "worst draw", "kept", f"target: {target}")
        heads = ("set", "confirmed", "asked", *named, *judged)
        yield from table(heads, [_row(row) for row in bench.rows if row.each == each])
    yield "*worst draw*: change in points. In no draw may it be below −1.\n"
    yield from _other_slides(bench.rows)
    yield from _unconfirmed(bench.rows)
    if bench.cost:
        yield from _cost(bench.cost)


def _row(row: SiteRow) -> tuple[str, ...]:
    changes = [draw.after - draw.before for draw in row.draws]
    is_safe = min(changes) >= -_LOSS
    return (
        row.dataset,
        str(round(np.mean([draw.confirmed for draw in row.draws]))),
        str(round(np.mean([draw.others for draw in row.draws]))),
        *(f"{100 * _mean(row.draws, of):.1f}" for of in (_BEFORE, _OWN, _ALONE)),
        f"{100 * row.after:.1f} ± {100 * np.std([draw.after for draw in row.draws]):.1f}",
        f"{(1 - row.after) / max(1e-9, 1 - row.before):.2f}",
        f"{100 * min(changes):+.1f}",
        f"{sum(draw.is_kept for draw in row.draws)} of {len(row.draws)}",
        _mark(is_met=row.is_met and is_safe),
    )


def _other_slides(rows: Sequence[SiteRow]) -> Iterator[str]:
    parted = [row for row in rows if row.other_slides]
    if not parted:
        return
    yield "## Asked about other slides than those that cells were confirmed of\n"
    yield "Half of the slides (or donors) by lot give the confirmed cells, the other half is asked"
    yield "about: colours of one slide cannot give its cells away.\n"
    heads = ("set", "cells a class", "asked", "before", "after", "error left")
    yield from table(heads, [_parted(row) for row in parted])


def _parted(row: SiteRow) -> tuple[str, ...]:
    before, after = (_mean(row.other_slides, of) for of in (_BEFORE, _AFTER))
    return (
        row.dataset,
        str(row.each),
        str(round(np.mean([draw.others for draw in row.other_slides]))),
        f"{100 * before:.1f}",
        f"{100 * after:.1f} ± {100 * np.std([draw.after for draw in row.other_slides]):.1f}",
        f"{(1 - after) / max(1e-9, 1 - before):.2f}",
    )


def _unconfirmed(rows: Sequence[SiteRow]) -> Iterator[str]:
    known = [(row, row.unconfirmed) for row in rows if row.unconfirmed]
    if not known:
        return
    yield "## Classes that nobody confirmed are not forgotten\n"
    yield "Erythroblasts and immature granulocytes, of which no cell was confirmed; the likeliest"
    yield "of all eight classes.\n"
    yield from table(
        ("set", "cells a class", "cells", "before", "after"),
        [
            (row.dataset, str(row.each), str(n), f"{100 * before:.1f}", f"{100 * after:.1f}")
            for row, (n, before, after) in known
        ],
    )


def _cost(cost: Cost) -> Iterator[str]:
    peak = cost.peak_bytes / 1e6
    rows = (
        (
            f"adapting to {cost.cells} pictures, reading and models included",
            f"≤ {_SECONDS:g} s",
            f"{cost.processor_s:.1f} s on the processor ({cost.seconds:.0f} s beside other work)",
            _mark(is_met=cost.processor_s <= _SECONDS),
        ),
        ("its peak memory", f"≤ {_PEAK_MB:g} MB", f"{peak:.0f} MB", _mark(is_met=peak <= _PEAK_MB)),
        ("what naming a cell takes longer", "", f"{cost.cell_ms:.1f} ms on the processor", ""),
    )
    yield "## Time and memory, shipped bundle, int8, one thread\n"
    yield from table(("what", "target", "measured", ""), rows)


def _mean(draws: Sequence[Draw], of: Callable[[Draw], float]) -> float:
    return float(np.mean([of(draw) for draw in draws]))


def _mark(*, is_met: bool) -> str:
    return "pass" if is_met else "**short**"
