"""The whole service in a process of its own, which does nothing else and imports no TensorFlow.

``python -m leuko_training.live_benchmark.course_process FOLDER PLAN`` counts simulated slides as
``leuko run`` does: camera in its own process, store on disk, a framebuffer of 320x240 in a file.
PLAN is a `CoursePlan` as JSON; ``course.json`` in the folder is what was noted. It prints the
number of frames now and then.
"""

import json
import random
import sys
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from leuko.backends import BackedAnalyser
from leuko.bundle import load_bundle
from leuko.control import CommandQueue
from leuko.displays import DisplayThread
from leuko.memory import share_one_heap
from leuko.service import KEYFRAMES_NAME, STORE_NAME, LiveService, Notifier, Parts, make_counter
from leuko.status import Target
from leuko.store import SessionSpec
from leuko_training.live_benchmark.cell_writer import drawn_cell
from leuko_training.live_benchmark.course import Course, CoursePlan
from leuko_training.live_benchmark.service_parts import (
    FileDisplay,
    ReelCamera,
    TimedAnalyser,
    TimedStore,
    memory_mb,
)

_NEVER = Target(cells=10**6)
_CELLS_A_SAVE = 500


def count(plan: CoursePlan, folder: Path) -> Course:
    """Run the service until the plan's frames are counted, and return what was noted.

    Args:
        plan: what is counted.
        folder: of the store and the framebuffer.
    """
    course = Course()
    share_one_heap()
    with ExitStack() as stack:
        store = stack.enter_context(TimedStore.opened(folder / STORE_NAME))
        spec = SessionSpec("bench", target=_NEVER, um_per_px=plan.um_per_px)
        session = store.start_session(spec).id
        _fill(store, session, plan)
        store.course = course
        analyser = TimedAnalyser(load_bundle(Path(plan.bundle)), course, threads=plan.threads)
        parts = Parts(
            camera=stack.enter_context(closing(ReelCamera(plan, course, folder=folder))),
            store=store,
            make_counter=partial(make_counter, analyser, folder / KEYFRAMES_NAME),
            commands=CommandQueue(),
            display=stack.enter_context(
                DisplayThread(lambda: FileDisplay(folder, course.note_shown))
            ),
            notifier=Notifier(),
            backend=BackedAnalyser(analyser, cpu_name="processor"),
            bench_notice=str,
            spec=spec,
            um_per_px=plan.um_per_px,
        )
        LiveService(parts).run()
        course.cells = store.count(session).n
    course.peak_mb = memory_mb("VmHWM")
    return course


def _fill(store: TimedStore, session: int, plan: CoursePlan) -> None:
    dice = random.Random(plan.seed)  # ruff: ignore[suspicious-non-cryptographic-random-usage] - a simulation
    for first in range(0, plan.cells_before, _CELLS_A_SAVE):
        numbers = range(first, min(first + _CELLS_A_SAVE, plan.cells_before))
        store.save_cells(session, [drawn_cell(number + 1, dice) for number in numbers])


def main() -> None:
    """Count, and leave what was noted in the folder."""
    folder, plan = Path(sys.argv[1]), json.loads(sys.argv[2])
    course = count(CoursePlan(**{**plan, "sources": tuple(plan["sources"])}), folder)
    (folder / "course.json").write_text(course.to_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
