"""The stain benchmark as Markdown and JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from leuko.calibration import FEWEST_SEEN, STAIN_LIMIT
from leuko.errors import OutputError
from leuko.vision.stain import SPREADS
from leuko_training.benchmark import Machine
from leuko_training.evaluation import table
from leuko_training.stain_benchmark._slides import BATCH, WITH_SLIDES
from leuko_training.stain_benchmark._trials import CALIBRATED_FROM, Tried

MOST_FALSE, LEAST_FOUND = 0.05, 0.9
"""Share of the own slides that may, and of the foreign ones that must give an alarm."""


@dataclass(frozen=True, slots=True)
class StainBench:
    """Everything that was measured.

    Attributes:
        trials: every laboratory against itself and the others.
        draws: calibrations of each.
        seed: of draws and batches.
        machine: what was measured on.
    """

    trials: tuple[Tried, ...]
    draws: int
    seed: int
    machine: Machine


def write_bench(bench: StainBench, folder: Path) -> None:
    """Write ``stain.md`` and ``stain.json``.

    Args:
        bench: what was measured.
        folder: made if it is not there.

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    record = {
        "draws": bench.draws,
        "seed": bench.seed,
        "limit": STAIN_LIMIT,
        "spreads": SPREADS,
        "trials": [
            {
                "calibrated": one.calibrated,
                "seen": one.seen,
                "slides": one.slides,
                "comparisons": len(one.values),
                "alarms": one.alarms(STAIN_LIMIT),
                "alarms_with_spreads_of_the_other": _crossed(one, bench.trials),
                "spreads": one.spreads,
            }
            for one in bench.trials
        ],
        "machine": asdict(bench.machine),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "stain.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        (folder / "stain.md").write_text("\n".join(_lines(bench)), "utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error


def _lines(bench: StainBench) -> Iterator[str]:
    yield from _head(bench)
    yield "## How far slides of one laboratory lie apart\n"
    heads = ("laboratory", "slides", "nuclei, hue", "density", "red cells, hue", "density")
    own = [one for one in bench.trials if one.seen == one.calibrated]
    yield from table(heads, map(_spread_row, _with_slides(own)))
    yield "Root mean square; hue in degrees between optical densities, density as natural"
    yield f"logarithm of the ratio. Taken are {_taken()}: the wider of both"
    yield "laboratories, but the mean of both for the hue of red cells, which BCISC's flare makes"
    yield "uncertain. A score is the length of all four in these units. The alarm begins at"
    yield f"{STAIN_LIMIT:g}, chosen on these two laboratories to be false at one slide in twenty of"
    yield "theirs; that it is so there proves nothing of a third.\n"
    yield "## False alarms within a laboratory\n"
    yield from table(
        ("laboratory", "slides", "comparisons", "alarms", "spreads of the other", "most", ""),
        (_false_row(one, own) for one in own),
    )
    yield f"Spreads and limit were chosen on {' and '.join(WITH_SLIDES)}, the only sets with slide"
    yield "numbers. So what is judged of them are the alarms with spreads that come from the other"
    yield "of the two alone (the limit is the same): what a laboratory may meet that varies more"
    yield "than the one the alarm was tuned on. The rest were not chosen on, but are batches of"
    yield f"{BATCH} cells dealt at random, of one slide or many, and so alike that their pass"
    yield "proves little.\n"
    yield "## Slides of other laboratories that are found\n"
    foreign = [one for one in bench.trials if one.seen != one.calibrated]
    yield from table(
        ("calibrated for", "foreign slides", "comparisons", "found", "least", "", "worst"),
        _found_rows(foreign),
    )
    yield "Foreign: slides or batches of all other sets; worst is the set that is found least"
    yield "often. Two sets that are not told apart are of one kind of stain and scanner: pbc and"
    yield "segmentation_wbc_2 both come from CellaVision instruments.\n"


def _head(bench: StainBench) -> Iterator[str]:
    machine = bench.machine
    yield "# Stain\n"
    yield f"- command: `leuko-train stain`, {bench.draws} draws, seed {bench.seed}"
    yield f"- machine: {machine.processor}, {machine.cores} cores, Python {machine.python}\n"
    yield "A slide's neutrophils and lymphocytes are compared with a calibration from"
    yield f"{CALIBRATED_FROM} slides of one laboratory, drawn at random; a slide needs"
    yield f"{FEWEST_SEEN} of them. Places and names of the cells are the annotators'; all else is"
    yield "what a device does. All folds are used: nothing is trained here.\n"


def _taken() -> str:
    hue, density, red_hue, red_density = SPREADS
    return f"{hue:g}°, {density:g}, {red_hue:g}° and {red_density:g}"


def _spread_row(one: Tried) -> tuple[str, ...]:
    hue, density, red_hue, red_density = one.spreads
    return (
        one.seen,
        str(one.slides),
        f"{hue:.1f}°",
        f"{density:.2f}",
        f"{red_hue:.1f}°",
        f"{red_density:.2f}",
    )


def _false_row(one: Tried, own: Sequence[Tried]) -> tuple[str, ...]:
    is_slides = one.seen in WITH_SLIDES
    crossed = _crossed(one, own)
    return (
        one.seen,
        f"{one.slides}{'' if is_slides else ' batches'}",
        str(len(one.values)),
        f"{100 * one.alarms(STAIN_LIMIT):.1f} %",
        "" if crossed is None else f"{100 * crossed:.1f} %",
        f"{100 * MOST_FALSE:g} %",
        _verdict(crossed if is_slides else one.alarms(STAIN_LIMIT)),
    )


def _verdict(share: float | None) -> str:
    if share is None:
        return "not judged"
    return "pass" if share <= MOST_FALSE else "**short**"


def _with_slides(trials: Sequence[Tried]) -> list[Tried]:
    return [one for one in trials if one.seen == one.calibrated and one.seen in WITH_SLIDES]


def _crossed(one: Tried, trials: Sequence[Tried]) -> float | None:
    """Return the share of false alarms with the spreads of the other laboratory with slides."""
    numbered = _with_slides(trials)
    others = [other.spreads for other in numbered if other is not one]
    return one.alarms(STAIN_LIMIT, others[0]) if one in numbered and others else None


def _found_rows(foreign: Sequence[Tried]) -> Iterator[tuple[str, ...]]:
    for name in dict.fromkeys(one.calibrated for one in foreign):
        rows = [one for one in foreign if one.calibrated == name]
        comparisons = sum(len(one.values) for one in rows)
        share = sum(one.alarms(STAIN_LIMIT) * len(one.values) for one in rows) / comparisons
        worst = min(rows, key=lambda one: one.alarms(STAIN_LIMIT))
        yield (
            name,
            str(sum(one.slides for one in rows)),
            str(comparisons),
            f"{100 * share:.1f} %",
            f"{100 * LEAST_FOUND:g} %",
            "pass" if share >= LEAST_FOUND else "**short**",
            f"{worst.seen}, {100 * worst.alarms(STAIN_LIMIT):.0f} %",
        )
