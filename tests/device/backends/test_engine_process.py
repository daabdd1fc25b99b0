"""Engines in processes of their own: the same answers, and whatever fails there fails alone."""

import os
import signal
from collections.abc import Generator
from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest

from leuko.bundle import ModelBundle, default_bundle_path
from leuko.errors import AcceleratorError, EngineError, Refusal
from leuko.inference import Engine, EngineProcess, LiteRTEngine, Patience
from leuko.sim.accelerator import Fault, FaultPlan, SimAccelerator
from leuko.verification import golden_inputs, model_contents, replay_golden

BRIEF = Patience(opening_s=60.0, run_s=0.3)
"""For what never answers; until it has settled in it may still take as long as it needs."""


def in_process(plan: FaultPlan, patience: Patience = BRIEF) -> EngineProcess:
    return EngineProcess(
        partial(SimAccelerator, plan), label="stick", remedy="plug it in again", patience=patience
    )


@pytest.fixture(scope="module", params=["runtime", "process"])
def engine(request: pytest.FixtureRequest) -> Generator[Engine]:
    with ExitStack() as stack:
        if request.param == "runtime":
            yield LiteRTEngine()
        else:
            patience = Patience(opening_s=60.0, run_s=20.0)
            yield stack.enter_context(in_process(FaultPlan(), patience))


def test_an_engine_gives_the_golden_outputs(engine: Engine, bundle: ModelBundle) -> None:
    assert replay_golden(bundle, engine).is_ok


def test_an_engine_says_what_a_model_takes_and_gives(engine: Engine, bundle: ModelBundle) -> None:
    for content in model_contents(bundle).values():
        model, same = engine.load(content), LiteRTEngine().load(content)
        assert model.input_shape == same.input_shape
        assert model.output_shapes == same.output_shapes
        assert model.output_quantisations == same.output_quantisations


def test_what_an_engine_gave_stays_as_it_is(engine: Engine, bundle: ModelBundle) -> None:
    model = engine.load(model_contents(bundle)["outliner"])
    first = model.run(golden_inputs(bundle)["outliner"][0])
    kept = first[0].copy()
    model.run(golden_inputs(bundle)["outliner"][1])
    assert (first[0] == kept).all()


def test_an_image_of_the_wrong_size_is_refused_and_the_engine_goes_on(
    engine: Engine, bundle: ModelBundle
) -> None:
    model = engine.load(model_contents(bundle)["outliner"])
    with pytest.raises(EngineError, match="could not run the model"):
        model.run(np.zeros((7, 7, 3), np.uint8))
    assert model.run(golden_inputs(bundle)["outliner"][0])


def test_what_is_no_model_is_refused_with_the_runtimes_own_words() -> None:
    with in_process(FaultPlan()) as engine, pytest.raises(EngineError, match="could not load"):
        engine.load(b"no flatbuffer at all, but long enough to be looked at")


@pytest.mark.parametrize(
    ("fault", "refusal", "words"),
    [
        (Fault.HANG, Refusal.HUNG, "stick does not answer within 0.3 s; plug it in again"),
        (Fault.VANISH, Refusal.NO_DEVICE, "the simulated accelerator is gone"),
    ],
)
def test_a_fault_in_a_run_is_told_and_ends_the_process(
    bundle: ModelBundle, fault: Fault, refusal: Refusal, words: str
) -> None:
    image = golden_inputs(bundle)["outliner"][0]
    with in_process(FaultPlan(fault, after_runs=1)) as engine:
        model = engine.load(model_contents(bundle)["outliner"])
        model.run(image)
        engine.has_settled_in()
        for _ in range(2):
            with pytest.raises(AcceleratorError, match=words) as caught:
                model.run(image)
            assert caught.value.refusal is refusal
        assert is_gone(engine.process_id)


def test_a_crash_at_the_opening_is_told_with_its_signal() -> None:
    words = r"stick ended its process \(SIGILL\); plug it in again"
    with pytest.raises(AcceleratorError, match=words) as caught:
        in_process(FaultPlan(Fault.ILLEGAL, after_runs=-1))
    assert caught.value.refusal is Refusal.CRASHED


def test_a_process_that_is_stopped_does_not_hold_up_what_is_sent_to_it() -> None:
    content = (default_bundle_path() / "classifier.tflite").read_bytes()
    with in_process(FaultPlan()) as engine:
        engine.has_settled_in()
        os.kill(engine.process_id, signal.SIGSTOP)
        with pytest.raises(AcceleratorError, match=r"does not answer within 0\.3 s"):
            engine.load(content)


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False
