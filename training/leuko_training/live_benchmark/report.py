"""The live benchmark as Markdown, JSON and a plot."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import starmap
from pathlib import Path

import numpy as np

from leuko.errors import OutputError
from leuko_training.evaluation import table
from leuko_training.live_benchmark.account import LONG_ENOUGH, CountingResult, Missed, Spot
from leuko_training.live_benchmark.course import NOTED_EVERY
from leuko_training.live_benchmark.faults import FaultTrial
from leuko_training.live_benchmark.plots import plot_course
from leuko_training.live_benchmark.results import Bench, Growth, Place, Speed
from leuko_training.live_benchmark.targets import FLAT_MB, GROWTH_PERCENT, Goal, goals_of


def write_bench(bench: Bench, folder: Path) -> None:
    """Write ``live.md``, ``live.json`` and a plot of the long course.

    Args:
        bench: what was measured.
        folder: made if it is not there.

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    text = "\n".join(_lines(bench))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "live.json").write_text(
            json.dumps(_record(bench), indent=1) + "\n", encoding="utf-8"
        )
        (folder / "live.md").write_text(text, encoding="utf-8")
        plot_course(bench.growth, folder / "live-course.png")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error


def _lines(bench: Bench) -> Iterator[str]:
    machine = bench.machine
    yield "# The live count\n"
    yield f"- command: {bench.command}"
    yield f"- bundle: {bench.bundle.label}, manifest sha256 `{bench.bundle.sha256}`"
    yield f"- seed of paths, noise and cuts: {bench.seed}"
    yield f"- machine: {machine.processor}, {machine.cores} cores, Python {machine.python}"
    yield f"- load at the end: {machine.load:g}; models and OpenCV on one thread while counting,"
    engines = [*(speed.course.engine for speed in bench.speeds), bench.growth.course.engine]
    yield f"  in the whole service as `leuko run` chooses: {'; '.join(dict.fromkeys(engines))}"
    if bench.no_power_cut:
        yield f"- **no power was cut: {bench.no_power_cut}**"
    if not bench.real:
        yield "- **no real fields were counted: the set BCISC is not there**"
    yield "\n## Against the targets\n"
    rows = ((goal.what, goal.target, goal.measured, _mark(goal)) for goal in goals_of(bench))
    yield from table(("what", "target", "measured", ""), rows)
    yield from _counting(bench)
    yield from _speed(bench)
    yield from _growth(bench.growth)
    yield from _faults(bench.faults)


def _counting(bench: Bench) -> Iterator[str]:
    named = [(f"BCISC, {count.title}, {count.fields} fields", count.result) for count in bench.real]
    named += [(result.slide, result) for result in bench.smears]
    headings = (
        "slide", "µm/px", "path", "frames", "leukocytes", "shown long enough", "of them counted",
        "counted", "again", "elsewhere", "on others", "segments", "registration",
    )  # fmt: skip
    yield "## Counting\n"
    yield from table(headings, starmap(_count_row, named))
    yield f"Shown long enough: whole in at least {LONG_ENOUGH} frames in a row that the simulation"
    yield "knows to be sharp and slower than 50 µm/s. Elsewhere: on no masked leukocyte; on real"
    yield "fields many of these are leukocytes that nobody masked (places below). On others: on a"
    yield "cell of the smear that is no leukocyte. Two counted cells closer than 6 µm are one cell"
    yield "counted again, masked or not. Segments: stretches of the track; fields are not"
    yield "connected, so each begins one. Several paths over the same fields show the same cells.\n"
    yield from _fates(named)
    yield from _places(bench)


def _count_row(name: str, result: CountingResult) -> tuple[str, ...]:
    numbers = (
        result.seed, result.frames, result.true_cells, result.shown, result.counted_of_shown,
        result.counted, len(result.doubles), len(result.elsewhere), len(result.others),
    )  # fmt: skip
    segments = f"{result.segments} ({result.joins} joined)"
    return (
        name,
        f"{result.um_per_px:g}",
        *(str(number) for number in numbers),
        segments,
        f"{result.registration_ms:.1f} ms",
    )


def _fates(named: Sequence[tuple[str, CountingResult]]) -> Iterator[str]:
    fates = sorted({fate for _, result in named for fate in result.fates})
    yield "What became of the frames, in percent; in brackets of those truly sharp and slow:\n"
    yield from table(
        ("slide", *fates),
        ((name, *(_share(result, fate) for fate in fates)) for name, result in named),
    )


def _share(result: CountingResult, fate: str) -> str:
    every, good = result.fates, result.good_fates
    shares = [100 * part.get(fate, 0) / max(1, sum(part.values())) for part in (every, good)]
    return f"{shares[0]:.1f} ({shares[1]:.1f})"


def _places(bench: Bench) -> Iterator[str]:
    for count in bench.real:
        title = f"{count.title}, path {count.result.seed}"
        yield from _listed(title, count.result, count.places)
    for result in bench.smears:
        yield from _listed(f"{result.slide} (places in µm on the slide)", result, ())


def _listed(title: str, result: CountingResult, places: Sequence[Place]) -> Iterator[str]:
    words = {(place.x_um, place.y_um): place.words for place in places}

    def at(spot: Spot | Missed) -> str:
        return words.get((spot.x_um, spot.y_um)) or f"{spot.x_um:.0f}, {spot.y_um:.0f}"

    lines = [f"- missed: {m.cell_class} {at(m)}; {_why(m)}" for m in result.missed]
    for what, spots in (("counted again", result.doubles), ("elsewhere", result.elsewhere)):
        lines += [f"- {what}: {at(spot)} ({spot.name}, frame {spot.frame})" for spot in spots]
    if lines:
        yield f"{title}:\n"
        yield from lines
        yield ""


def _why(missed: Missed) -> str:
    fates = ", ".join(f"{fate} {number}" for fate, number in Counter(missed.frames).most_common())
    return f"its good frames: {fates}" + (
        f"; set aside: {missed.verdict}" if missed.verdict else ""
    )


def _speed(bench: Bench) -> Iterator[str]:
    yield "## Speed\n"
    width, height = bench.size
    yield f"The whole service at {width} × {height}: simulated camera in its own process, store"
    yield "on disk, framebuffer driver at 320 × 240. Work: from taking a frame up to the next.\n"
    headings = (
        "camera", "frames", "frames a second", "work, median", "95th percentile", "processor",
        "search and names, of a searched frame", "store", "longest save", "to display, median",
        "95th percentile",
    )  # fmt: skip
    yield from table(headings, (_speed_row(speed) for speed in bench.speeds))
    for speed in filter(lambda speed: speed.pace, bench.speeds):
        due = f"{speed.course.given} of {speed.due} frames that were due"
        yield f"At {speed.pace:g} a second the camera gave {due}: it draws them on the same"
        yield "cores, and one that is drawn too late is none.\n"


def _speed_row(speed: Speed) -> tuple[str, ...]:
    course = speed.course
    milliseconds = (
        1000 * float(np.median(course.worked_s)),
        1000 * float(np.percentile(course.worked_s, 95)),
        course.cpu_ms(),
        1000 * course.analysis_s / max(1, course.analysed),
        1000 * course.store_s / course.frames,
        1000 * course.longest_save_s,
        1000 * float(np.median(course.late_s)) if course.late_s else float("inf"),
        course.late_ms_95,
    )
    return (
        f"{speed.pace:g} a second" if speed.pace else "as fast as asked",
        str(course.frames),
        f"{course.frames_per_s:.1f}",
        *(f"{value:.1f} ms" for value in milliseconds),
    )


def _growth(growth: Growth) -> Iterator[str]:
    course = growth.course
    yield "## Growth\n"
    yield f"A frame costs {growth.empty.cpu_ms():.1f} ms of the processor in an empty session and"
    yield f"{growth.full.cpu_ms():.1f} ms in one of {growth.cells_before} cells, over the same"
    yield f"{growth.full.frames} frames, on one thread. The long course: {course.frames} frames"
    yield f"of {course.slides} slides in one session, which ends with {course.cells} cells.\n"
    yield f"That a frame does not grow dearer is taken as at most {GROWTH_PERCENT:g} %, flat"
    yield f"memory as at most {FLAT_MB:g} MB more at the end than after {growth.settled_frames}"
    yield "frames.\n"
    yield "![Cost of a frame and memory over the long course](live-course.png)\n"


def _faults(faults: Sequence[FaultTrial]) -> Iterator[str]:
    yield "## Camera faults\n"
    headings = (
        "the camera",
        "shown after",
        "back after",
        "spoilt let in",
        "searched",
        "display says",
        "",
    )
    yield from table(headings, (_fault_row(trial) for trial in faults))


def _fault_row(trial: FaultTrial) -> tuple[str, ...]:
    times = (trial.noticed_s, trial.back_s)
    shown_after, back_after = ("never" if each is None else f"{each:.1f} s" for each in times)
    mark = "pass" if trial.is_passed else "**short**"
    return (
        trial.fault,
        shown_after,
        back_after,
        str(trial.let_in),
        str(trial.stale),
        trial.shown,
        mark,
    )


def _mark(goal: Goal) -> str:
    if goal.is_met is None:
        return "–"
    return "pass" if goal.is_met else "**short**"


def _record(bench: Bench) -> dict[str, object]:
    return {
        "bundle": bench.bundle.label,
        "sha256": bench.bundle.sha256,
        "seed": bench.seed,
        "goals": [asdict(goal) for goal in goals_of(bench)],
        "real": [
            {"title": count.title, "fields": count.fields, "result": asdict(count.result)}
            for count in bench.real
        ],
        "smears": [asdict(result) for result in bench.smears],
        "memory_mb": [round(mb, 1) for mb in bench.growth.course.resident_mb],
        "cpu_ms": np.round(bench.growth.course.cpu_ms_by(NOTED_EVERY), 2).tolist(),
        "kills": asdict(bench.kills),
        "power_cuts": asdict(bench.power_cuts) if bench.power_cuts else None,
        "faults": [asdict(trial) for trial in bench.faults],
        "machine": asdict(bench.machine),
    }
