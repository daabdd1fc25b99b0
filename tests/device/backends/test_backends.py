"""Which backend runs the models, why, and what becomes of a field when it fails."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from leuko.backends import (
    Accelerator,
    AcceleratorSearch,
    BackedAnalyser,
    Pauses,
    Verdict,
    cpu_engine,
    edge_tpu,
    gpu,
    open_backend,
    try_accelerator,
)
from leuko.bundle import ModelBundle
from leuko.cells import Cell, CellClass, RGBImage
from leuko.errors import AcceleratorError, Refusal
from leuko.inference import LiteRTEngine, Patience
from leuko.pipeline import FieldAnalyser
from leuko.sim.accelerator import Fault, FaultPlan
from leuko.status import Level
from leuko.verification import golden_inputs
from leuko.vision.laboratory import Laboratory
from leuko.vision.tone import USUAL_TONE

UM_PER_PX = 0.2
PATIENT = Patience(opening_s=60.0, run_s=20.0)
AT_ONCE = Pauses(first_s=0.01, longest_s=0.01)
WAIT_S = 240.0


def runs_of_trial(bundle: ModelBundle) -> int:
    """Model runs until an accelerator is taken: golden inputs, then six of each model."""
    return sum(map(len, golden_inputs(bundle).values())) + 3 * 6


@pytest.fixture
def on_cpu(bundle: ModelBundle, disc_field: RGBImage) -> tuple[Cell, ...]:
    analyser = FieldAnalyser(bundle, LiteRTEngine())
    return analyser.analyse(disc_field, um_per_px=UM_PER_PX)


def is_same(found: tuple[Cell, ...], expected: tuple[Cell, ...]) -> bool:
    def told(cell: Cell) -> object:
        return cell.region.box, cell.cell_class, cell.probabilities, cell.status

    return list(map(told, found)) == list(map(told, expected))


def test_a_field_on_which_the_accelerator_is_lost_is_analysed_again_and_it_comes_back(
    bundle: ModelBundle,
    simulated: Callable[..., Accelerator],
    disc_field: RGBImage,
    *,
    on_cpu: tuple[Cell, ...],
    tmp_path: Path,
) -> None:
    in_the_field = runs_of_trial(bundle) + 3
    plan = FaultPlan(Fault.SEGFAULT, after_runs=in_the_field, openings=tmp_path)
    with open_backend(
        bundle, "edgetpu", threads=1, accelerators=[simulated(plan)], pauses=AT_ONCE
    ) as analyser:
        analyser.settle()
        assert analyser.runs_on.backend == "edgetpu"
        assert analyser.runs_on.largest_lsb == 0
        assert analyser.health.level is Level.OK
        events = analyser.events()
        assert is_same(analyser.analyse(disc_field, um_per_px=UM_PER_PX), on_cpu)
        while len(events) < 3:
            events += analyser.events(within_s=WAIT_S)
        kinds = ["accelerator taken", "accelerator lost", "accelerator taken"]
        assert [event.kind for event in events] == kinds
        assert events[1].verdict.refusal is Refusal.CRASHED
        assert analyser.runs_on.backend == "edgetpu"
        assert is_same(analyser.analyse(disc_field, um_per_px=UM_PER_PX), on_cpu)


@pytest.mark.parametrize(
    ("fault", "refusal", "words"),
    [
        (Fault.DEVIATE, Refusal.DEVIATES, "does not give the golden outputs: "),
        (Fault.SLOW, Refusal.SLOW, "simulated accelerator is no faster: "),
    ],
)
def test_what_is_wrong_or_slow_is_not_taken(
    bundle: ModelBundle,
    simulated: Callable[..., Accelerator],
    fault: Fault,
    *,
    refusal: Refusal,
    words: str,
) -> None:
    verdict = try_accelerator(simulated(FaultPlan(fault)), bundle, cpu_look_ms=100.0)
    assert isinstance(verdict, Verdict)
    assert verdict.refusal is refusal
    assert words in verdict.text
    assert verdict.detail()["refusal"] == refusal.value


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (FaultPlan(Fault.SEGFAULT, after_runs=-1), "ended its process (SIGSEGV); plug it in again"),
        (FaultPlan(Fault.HANG, after_runs=-1), "does not answer within 5 s; plug it in again"),
        (FaultPlan(Fault.DEVIATE), "does not give the golden outputs: "),
    ],
)
def test_a_gpu_with_a_defect_is_a_warning_though_nobody_asked_for_it(
    bundle: ModelBundle,
    simulated: Callable[..., Accelerator],
    caplog: pytest.LogCaptureFixture,
    *,
    plan: FaultPlan,
    words: str,
) -> None:
    patience = Patience(opening_s=5.0) if plan.fault is Fault.HANG else PATIENT
    built_in = replace(simulated(plan, patience=patience), is_plugged_in=False)
    with open_backend(bundle, threads=1, accelerators=[built_in]) as analyser:
        analyser.settle()
        assert analyser.health.level is Level.WARNING
        assert analyser.health.text.startswith(f"processor only: simulated accelerator {words}")
    logged = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any(words in line for line in logged)


def test_a_gpu_that_is_only_slower_is_no_warning(
    bundle: ModelBundle, simulated: Callable[..., Accelerator]
) -> None:
    slow = replace(simulated(FaultPlan(Fault.SLOW)), is_plugged_in=False)
    with open_backend(bundle, threads=1, accelerators=[slow]) as analyser:
        analyser.settle()
        assert analyser.health.level is Level.OK


def test_without_stick_and_gpu_auto_takes_the_processor_and_says_why(
    bundle: ModelBundle, tmp_path: Path
) -> None:
    absent = [edge_tpu(usb=tmp_path), gpu(render_nodes=tmp_path)]
    with open_backend(bundle, accelerators=absent) as analyser:
        analyser.settle()
        verdict = analyser.runs_on
        assert (verdict.backend, verdict.refusal) == ("cpu", None)
        assert "no Coral Edge TPU is plugged in" in verdict.text
        assert "the kernel shows no GPU" in verdict.text
        assert analyser.health.level is Level.OK
        refused = [event.verdict.refusal for event in analyser.events()]
        assert refused == [Refusal.NO_DEVICE, Refusal.NO_DEVICE]


def test_an_accelerator_that_was_asked_for_and_cannot_be_used_is_an_error_with_its_sentence(
    bundle: ModelBundle, tmp_path: Path
) -> None:
    absent = edge_tpu(library="libedgetpu.so.none", usb=tmp_path)
    with open_backend(bundle, "edgetpu", accelerators=[absent]) as analyser:
        with pytest.raises(
            AcceleratorError, match=r"^libedgetpu\.so\.none is not installed; install"
        ):
            analyser.settle()
        assert analyser.health.text.endswith("; install libedgetpu1-std, then restart leuko")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_search_that_a_fault_of_ours_ends_is_told_and_the_count_goes_on(
    bundle: ModelBundle,
    simulated: Callable[..., Accelerator],
    disc_field: RGBImage,
    on_cpu: tuple[Cell, ...],
) -> None:
    def faulty(bundle: ModelBundle) -> ModelBundle:
        raise RuntimeError(bundle.label)

    broken = replace(simulated(), fitted=faulty)
    with open_backend(bundle, "edgetpu", threads=1, accelerators=[broken]) as analyser:
        with pytest.raises(AcceleratorError, match=r"broke off, by a fault of leuko's own"):
            analyser.settle()
        assert analyser.health.level is Level.WARNING
        assert [event.kind for event in analyser.events()] == ["accelerator refused"]
        assert is_same(analyser.analyse(disc_field, um_per_px=UM_PER_PX), on_cpu)


def test_on_the_processor_alone_nothing_is_searched_for(bundle: ModelBundle) -> None:
    with open_backend(bundle, "cpu", threads=2) as analyser:
        analyser.settle()
        assert analyser.runs_on.text.endswith("(CPU, 2 threads), as it was asked for")
        assert not analyser.events()


def test_threads_are_measured_unless_they_are_stated(bundle: ModelBundle) -> None:
    assert "(CPU, 3 threads)" in cpu_engine(bundle, 3).name
    assert re.search(r"\(CPU, [1-9]\d* threads?\)", cpu_engine(bundle, "auto").name)


def test_a_settled_tone_is_that_of_the_laboratory_that_all_backends_share(
    bundle: ModelBundle,
) -> None:
    laboratory = Laboratory()
    for _ in range(120):
        laboratory.add(CellClass.NEUTROPHIL, USUAL_TONE)
    cpu = FieldAnalyser(bundle, LiteRTEngine(), laboratory=laboratory)
    with BackedAnalyser(cpu, cpu_name="processor") as analyser:
        assert laboratory.wants_unevened
        analyser.settle_tone()
    assert not laboratory.wants_unevened


def test_a_stick_that_is_plugged_in_later_is_found_and_taken_if_it_is_faster(
    bundle: ModelBundle, simulated: Callable[..., Accelerator], tmp_path: Path
) -> None:
    def look() -> None:
        if not any(tmp_path.iterdir()):
            raise AcceleratorError("no stick is plugged in", Refusal.NO_DEVICE)

    stick = replace(simulated(), look=look)
    search = AcceleratorSearch([stick], bundle, cpu_look_ms=lambda: 1e6, pauses=AT_ONCE)
    cpu = FieldAnalyser(bundle, LiteRTEngine())
    with BackedAnalyser(cpu, cpu_name="processor", search=search) as analyser:
        analyser.settle()
        assert analyser.runs_on.backend == "cpu"
        (tmp_path / "stick").touch()
        kinds: list[str] = []
        while len(kinds) < 2:
            kinds += [event.kind for event in analyser.events(within_s=WAIT_S)]
        assert kinds == ["accelerator refused", "accelerator taken"]
        assert analyser.runs_on.cpu_look_ms == pytest.approx(1e6)
        assert analyser.health.text.startswith("simulated accelerator is faster: ")
        assert analyser.health.text.endswith(" ms a look, the processor 1000000.0 ms")


def test_a_stick_whose_first_trial_fails_is_tried_again_once_it_is_plugged_in_again(
    bundle: ModelBundle, simulated: Callable[..., Accelerator], tmp_path: Path
) -> None:
    openings, port = tmp_path / "openings", tmp_path / "port"
    openings.mkdir()
    port.write_text("/dev/bus/usb/002/005")
    plan = FaultPlan(Fault.SEGFAULT, after_runs=-1, openings=openings)
    plugged = replace(simulated(plan), address=lambda: Path(port.read_text()))
    with open_backend(
        bundle, "edgetpu", threads=1, accelerators=[plugged], pauses=AT_ONCE
    ) as analyser:
        assert analyser.events(within_s=WAIT_S)[0].verdict.refusal is Refusal.CRASHED
        # Many pauses long nothing has changed, so it is left alone.
        assert not analyser.events(within_s=0.2)
        assert len(list(openings.iterdir())) == 1
        port.write_text("/dev/bus/usb/002/006")
        assert [event.kind for event in analyser.events(within_s=WAIT_S)] == ["accelerator taken"]
