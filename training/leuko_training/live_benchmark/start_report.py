"""The service's start as Markdown and JSON."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from leuko.bundle import default_bundle_path, load_bundle
from leuko.errors import OutputError
from leuko_training.benchmark import Machine, this_machine
from leuko_training.evaluation import table
from leuko_training.live_benchmark.start import CELLS, Kind, Start, forget_files, measure_starts

MOST_S = 3.0
"""From the start of the process to the first counted frame."""


def bench_start_and_report(bundle: Path | None, results: Path, *, runs: int) -> bool:
    """Measure the service's start, write the results, and return whether it is quick enough.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        results: folder that the table goes to.
        runs: starts of each kind.

    Raises:
        ServiceError: the service does not start.
        OutputError: the results cannot be written.
    """
    label = load_bundle(bundle or default_bundle_path()).label
    starts = measure_starts(bundle, runs=runs, forgets=forget_files)
    write_starts(starts, this_machine(), results, bundle=label)
    return is_quick(starts)


def is_quick(starts: Sequence[Start]) -> bool:
    """Return whether the median start of each kind counts its first frame in time."""
    return all(
        median(start.counted_s for start in starts if start.kind is kind) <= MOST_S
        for kind in _kinds(starts)
    )


def _kinds(starts: Sequence[Start]) -> list[Kind]:
    return [kind for kind in Kind if any(start.kind is kind for start in starts)]


def write_starts(starts: Sequence[Start], machine: Machine, folder: Path, *, bundle: str) -> None:
    """Write ``start.md`` and ``start.json``.

    Args:
        starts: what was measured, some of each kind.
        machine: what was measured on.
        folder: made if it is not there.
        bundle: label of the models.

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    record = {
        "bundle": bundle,
        "machine": asdict(machine),
        "starts": [asdict(start) for start in starts],
    }
    text = "\n".join(_lines(starts, machine, bundle)) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "start.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        (folder / "start.md").write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error


def _lines(starts: Sequence[Start], machine: Machine, bundle: str) -> Iterator[str]:
    runs = sum(start.kind is Kind.NEW for start in starts)
    kinds = _kinds(starts)
    yield "# From the service's start to the count\n"
    yield "- command: `leuko-train bench-start`"
    yield f"- bundle: {bundle}"
    yield f"- machine: {machine.processor}, {machine.cores} cores, Python {machine.python}"
    yield f"- load at the end: {machine.load:g}"
    yield (
        f"- {runs} starts of `leuko run` of each kind in turn, simulated camera, modules compiled "
        "as in the packages; files are in memory from a start before unless said otherwise"
    )
    if Kind.COLD in kinds:
        yield (
            "- where files are not in memory, this machine's kernel was made to forget them; its "
            "disk is not a Pi's card"
        )
    yield (
        "- seconds from the start of the process, median and longest; a new session is begun as "
        f"soon as the service says that it is ready; an open one has {CELLS} cells\n"
    )
    yield from table(("", *kinds), _rows(starts, kinds))
    verdict = "reached" if is_quick(starts) else "**missed**"
    yield f"Target: the first frame of each counted within {MOST_S:g} s; {verdict}."


def _rows(starts: Sequence[Start], kinds: Sequence[Kind]) -> Iterator[tuple[str, ...]]:
    asked: dict[str, Callable[[Start], float | None]] = {
        "ready": lambda start: start.ready_s,
        "first frame finished": lambda start: start.frame_s,
        "first frame counted": lambda start: start.counted_s,
        "first cell counted": lambda start: start.cell_s,
    }
    for words, seconds in asked.items():
        yield (words, *(_told(starts, seconds, kind) for kind in kinds))


def _told(starts: Sequence[Start], seconds: Callable[[Start], float | None], kind: Kind) -> str:
    found = [seconds(start) for start in starts if start.kind is kind]
    times = [time for time in found if time is not None]
    return f"{median(times):.2f} / {max(times):.2f}" if times else ""
