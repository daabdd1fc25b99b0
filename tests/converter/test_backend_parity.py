"""A bundle on every backend at hand: simulated accelerators in real processes."""

from functools import partial
from pathlib import Path

import pytest

from leuko.backends import Accelerator, Backend, edge_tpu
from leuko.bundle import ModelBundle, load_bundle
from leuko.inference import Engine, LiteRTEngine, Patience
from leuko.sim.accelerator import Fault, FaultPlan, SimAccelerator
from leuko_converter.backend_parity import Figures, on_every_backend
from leuko_converter.parity import ClassifierParity
from leuko_converter.report import LIMITS, backend_losses, backend_table

TINY_BUNDLE = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"
PATIENT = Patience(opening_s=60.0, run_s=20.0)


def simulated(plan: FaultPlan) -> Accelerator:
    return Accelerator(
        Backend.GPU,
        "simulated accelerator",
        make=partial(SimAccelerator, plan),
        look=lambda: None,
        fitted=lambda bundle: bundle,
        remedy="plug it in again",
        patience=PATIENT,
    )


def compared(_bundle: ModelBundle, engine: Engine) -> Figures:
    """The processor loses nothing, any other backend two points of pbc."""
    lost = 0.0 if "CPU" in engine.name else 0.02
    return Figures({}, {}, {"pbc": ClassifierParity(100, 0.98, 0.98 - lost, 1.0, 0.1)})


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    return load_bundle(TINY_BUNDLE)


def test_what_an_accelerator_loses_is_too_much_where_the_processor_loses_nothing(
    bundle: ModelBundle,
) -> None:
    found = on_every_backend(
        bundle, LiteRTEngine(), [simulated(FaultPlan(Fault.NONE))], compare=compared
    )
    assert [(one.golden_lsb, one.is_golden) for one in found] == [(0, True), (0, True)]
    assert list(backend_losses(found, LIMITS)) == [
        "gpu, accuracy, all 100 cells: +2.00, ≤ 0.5 points wanted",
        "gpu, accuracy, worst set (pbc, 100 cells): +2.00, ≤ 0.5 points wanted",
    ]
    assert "| gpu | 0 |  |  | +2.00 | +2.00 | simulated accelerator |" in backend_table(
        found, LIMITS
    )


def test_what_deviates_is_too_much_and_what_is_absent_is_only_said(
    bundle: ModelBundle, tmp_path: Path
) -> None:
    deviating = simulated(FaultPlan(Fault.DEVIATE, after_runs=0))
    absent = edge_tpu(library="libedgetpu.so.1.none", usb=tmp_path)
    found = on_every_backend(bundle, LiteRTEngine(), [deviating, absent], compare=compared)
    assert [one.figures is None for one in found] == [False, True, True]
    (fault,) = backend_losses(found, LIMITS)
    assert fault.startswith("gpu: ")
    assert fault.endswith(" LSB off the golden outputs")
    said = "libedgetpu.so.1.none is not installed; install libedgetpu1-std"
    assert f"| edgetpu |  |  |  |  |  | {said} |" in backend_table(found, LIMITS)
