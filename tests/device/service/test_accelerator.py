"""An accelerator that is lost while a session is counted: no cell too few, none too many."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from leuko.backends import Accelerator, BackedAnalyser, Backend, Pauses, open_backend
from leuko.bundle import ModelBundle, default_bundle_path, load_bundle
from leuko.cameras import Frame
from leuko.inference import Patience
from leuko.service import KEYFRAMES_NAME, STORE_NAME, LiveService, Parts, make_counter
from leuko.sim.accelerator import Fault, FaultPlan, SimAccelerator
from leuko.status import Level, Target
from leuko.store import CellRecord, Store
from leuko.verification import golden_inputs

FRAMES = 6
AT_LEAST = 3
"""Leukocytes that these frames show long enough."""
RUNS_BEFORE_THE_LOSS = 6
"""Of models in the session: the fault comes in the midst of its first counted frames."""
NEVER = Pauses(first_s=600.0, longest_s=600.0)


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    """The shipped models, which get to know the laboratory frame by frame."""
    bundle = load_bundle(default_bundle_path())
    classifier = bundle.manifest.classifier.model_copy(update={"evens_laboratory": True})
    return replace(bundle, manifest=bundle.manifest.model_copy(update={"classifier": classifier}))


def backed_by(
    bundle: ModelBundle, fault: Fault, *, openings: Path | None = None, pauses: Pauses = NEVER
) -> BackedAnalyser:
    runs_of_trial = sum(map(len, golden_inputs(bundle).values())) + 3 * 6
    plan = FaultPlan(fault, runs_of_trial + RUNS_BEFORE_THE_LOSS, openings)
    accelerator = Accelerator(
        Backend.EDGETPU,
        "simulated accelerator",
        make=partial(SimAccelerator, plan),
        look=lambda: None,
        fitted=lambda bundle: bundle,
        remedy="plug it in again",
        patience=Patience(opening_s=60.0, run_s=1.5 if fault is Fault.HANG else 20.0),
        is_plugged_in=True,
    )
    return open_backend(bundle, "edgetpu", threads=1, accelerators=[accelerator], pauses=pauses)


def counted(
    analyser: BackedAnalyser, parts: Parts, frames: list[Frame]
) -> tuple[LiveService, list[CellRecord]]:
    """The service after some frames of a session, and the cells that it has kept."""
    make = partial(make_counter, analyser, parts.store.path.with_name(KEYFRAMES_NAME))
    service = LiveService(replace(parts, backend=analyser, make_counter=make))
    service.start("H-12", operator="ana", target=Target(100), asked_by="ana")
    for frame in frames:
        service.take(frame)
    return service, kept(parts.store)


def kept(store: Store) -> list[CellRecord]:
    """The cells of the session, whenever they were counted."""
    return [replace(cell, changed=None, sequence=0) for cell in store.cells(1)]


@pytest.fixture
def on_the_processor(
    bundle: ModelBundle, make_parts: Callable[..., Parts], frames: list[Frame], tmp_path: Path
) -> list[CellRecord]:
    """The cells of the same frames without any accelerator."""
    (tmp_path / "processor").mkdir()
    with (
        Store.opened(tmp_path / "processor" / STORE_NAME) as store,
        open_backend(bundle, "cpu", threads=1) as analyser,
    ):
        return counted(analyser, make_parts(store), frames[:FRAMES])[1]


@pytest.mark.parametrize(("fault", "refusal"), [(Fault.HANG, "hung"), (Fault.SEGFAULT, "crashed")])
def test_an_accelerator_that_hangs_or_crashes_costs_no_cell_and_counts_none_twice(
    bundle: ModelBundle,
    parts: Parts,
    frames: list[Frame],
    *,
    on_the_processor: list[CellRecord],
    fault: Fault,
    refusal: str,
) -> None:
    with backed_by(bundle, fault) as analyser:
        analyser.settle()
        service, cells = counted(analyser, parts, frames[:FRAMES])
        assert cells == on_the_processor
        assert service.status().count.n >= AT_LEAST
        health = service.status().accelerator
    assert health.level is Level.WARNING
    assert health.text.startswith("processor only: simulated accelerator ")
    assert health.text.endswith("; plug it in again")
    log = [entry for entry in parts.store.log(1) if "backend" in entry.detail]
    assert [(entry.kind, entry.detail["backend"]) for entry in log] == [
        ("accelerator taken", "edgetpu"),
        ("accelerator lost", "edgetpu"),
        ("models run on", "cpu"),
    ]
    assert log[1].detail["refusal"] == refusal


def test_an_accelerator_that_was_pulled_out_is_used_again_in_the_same_session(
    bundle: ModelBundle,
    parts: Parts,
    frames: list[Frame],
    *,
    on_the_processor: list[CellRecord],
    tmp_path: Path,
) -> None:
    openings = tmp_path / "openings"
    openings.mkdir()
    at_once = Pauses(first_s=0.01, longest_s=0.01)
    with backed_by(bundle, Fault.VANISH, openings=openings, pauses=at_once) as analyser:
        analyser.settle()
        service, _ = counted(analyser, parts, frames[:4])
        assert analyser.events(within_s=300)[0].kind == "accelerator taken"
        for frame in frames[4:FRAMES]:
            service.take(frame)
        assert kept(parts.store) == on_the_processor
        assert service.status().accelerator.level is Level.OK
    ran_on = [e.detail["backend"] for e in parts.store.log(1) if e.kind == "models run on"]
    assert ran_on[-1] == "edgetpu"


def test_each_session_says_what_ran_its_models_and_why(parts: Parts, frames: list[Frame]) -> None:
    service = LiveService(parts)
    for session in (1, 2):
        service.start("H-12", operator="ana", target=Target(100), asked_by="ana")
        service.take(frames[0])
        service.finish(asked_by="ana")
        said = [entry for entry in parts.store.log(session) if entry.kind == "models run on"]
        assert [entry.detail["text"] for entry in said] == ["processor, as it was asked for"]
