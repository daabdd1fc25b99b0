"""What the live count must reach, and whether it does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leuko_training.live_benchmark.account import CountingResult
from leuko_training.live_benchmark.durability import DurabilityTrial
from leuko_training.live_benchmark.faults import NOTICED_S
from leuko_training.live_benchmark.results import Bench, Growth

SHORTFALL_PERCENT, DOUBLES_PERCENT = 2.0, 0.5
"""Most cells that may be missed of those shown long enough, and most counted again."""
FRAMES_PER_S, REGISTRATION_MS, LATE_MS = 20.0, 10.0, 200.0
"""Least frames a second; most time to find a frame's place, and from camera to display."""
GROWTH_PERCENT, MEMORY_MB, FLAT_MB = 5.0, 220.0, 10.0
"""Most that a frame may cost more in a full session, most memory, and most that it may grow."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure beside its target.

    Attributes:
        what: what is measured.
        target: the bound in words.
        measured: the figure in words.
        is_met: whether it keeps the bound; None if it was not measured.
    """

    what: str
    target: str
    measured: str
    is_met: bool | None


def goals_of(bench: Bench) -> Iterator[Goal]:
    """Yield every figure that has a target."""
    for is_held_out, what in ((True, "fields of fold 0"), (False, "all fields")):
        counts = [count.result for count in bench.real if count.is_held_out is is_held_out]
        yield from _counting_goals(counts, what)
    yield from _counting_goals(bench.smears, "rendered smears")
    yield from _speed_goals(bench)
    yield from _growth_goals(bench.growth)
    yield _durability_goal("kill -9: shown cells lost, unsound stores", bench.kills)
    yield _durability_goal("ext4 shutdown: shown cells lost, unsound stores", bench.power_cuts)
    survived = sum(trial.is_passed for trial in bench.faults)
    stale = sum(trial.stale for trial in bench.faults)
    yield Goal(
        f"camera faults noticed within {NOTICED_S:g} s, shown and survived",
        f"all {len(bench.faults)}",
        str(survived),
        survived == len(bench.faults),
    )
    yield Goal("stale or spoilt pictures searched for cells", "0", str(stale), stale == 0)


def _counting_goals(results: Sequence[CountingResult], what: str) -> Iterator[Goal]:
    shown = sum(result.shown for result in results)
    missed = sum(len(result.missed) for result in results)
    counted = sum(result.counted for result in results)
    doubles = sum(len(result.doubles) for result in results)
    short, twice = 100 * missed / max(1, shown), 100 * doubles / max(1, counted)
    yield Goal(
        f"{what}: missed of the cells shown long enough",
        f"≤ {SHORTFALL_PERCENT:g} %",
        f"{short:.2f} % ({missed} of {shown})",
        short <= SHORTFALL_PERCENT if shown else None,
    )
    yield Goal(
        f"{what}: counted again",
        f"≤ {DOUBLES_PERCENT:g} %",
        f"{twice:.2f} % ({doubles} of {counted})",
        twice <= DOUBLES_PERCENT if counted else None,
    )


def _speed_goals(bench: Bench) -> Iterator[Goal]:
    for speed in bench.speeds:
        rate = speed.course.frames_per_s
        name = f"camera at {speed.pace:g} a second" if speed.pace else "camera as fast as asked"
        late = speed.course.late_ms_95
        # What the camera drops on purpose, or is too late to draw, never arrives.
        given = max(1, speed.course.given)
        share = speed.course.frames / given if speed.pace else rate / FRAMES_PER_S
        yield Goal(
            f"frames a second, {name}",
            f"≥ {FRAMES_PER_S:g}" if not speed.pace else "≥ 99 % of those that arrive",
            f"{rate:.1f}" + (f", {100 * share:.1f} %" if speed.pace else ""),
            share >= (0.99 if speed.pace else 1),
        )
        yield Goal(
            f"camera to display, 95th percentile, {name}",
            f"≤ {LATE_MS:g} ms",
            f"{late:.0f} ms",
            late <= LATE_MS,
        )
    everything = [*(count.result for count in bench.real), *bench.smears]
    slowest = max((result.registration_ms for result in everything), default=0.0)
    yield Goal(
        "registration, processor time, median of the slowest slide",
        f"≤ {REGISTRATION_MS:g} ms",
        f"{slowest:.1f} ms",
        slowest <= REGISTRATION_MS if everything else None,
    )


def _growth_goals(growth: Growth) -> Iterator[Goal]:
    dearer, grown, course = growth.dearer_percent, growth.grown_mb, growth.course
    yield Goal(
        f"a frame in a session of {growth.cells_before} cells costs more by",
        f"≤ {GROWTH_PERCENT:g} %",
        f"{dearer:+.1f} %",
        dearer <= GROWTH_PERCENT,
    )
    yield Goal(
        f"most memory over {course.frames} frames",
        f"≤ {MEMORY_MB:g} MB",
        f"{max(course.resident_mb):.0f} MB (peak {course.peak_mb:.0f} MB)",
        max(course.resident_mb) <= MEMORY_MB,
    )
    yield Goal(
        f"memory grows after frame {growth.settled_frames} by",
        f"≤ {FLAT_MB:g} MB",
        f"{grown:+.1f} MB",
        grown <= FLAT_MB,
    )


def _durability_goal(what: str, trial: DurabilityTrial | None) -> Goal:
    if trial is None:
        return Goal(what, "0, 0", "not measured", None)
    measured = f"{trial.lost}, {trial.unsound} ({trial.rounds} times, {trial.acknowledged} told)"
    return Goal(what, "0, 0", measured, trial.is_passed)
