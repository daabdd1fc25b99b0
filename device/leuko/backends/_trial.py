"""The trial of an accelerator: opened, compared with the golden outputs, timed."""

from dataclasses import dataclass

from leuko.adaptation import SiteAdapter
from leuko.backends._accelerators import Accelerator
from leuko.backends._speed import look_ms
from leuko.backends._verdict import Verdict
from leuko.bundle import ModelBundle
from leuko.errors import AcceleratorError, Refusal
from leuko.inference import EngineProcess
from leuko.pipeline import FieldAnalyser
from leuko.verification import GoldenReport, replay_golden
from leuko.vision.laboratory import Laboratory

_GAIN = 0.9
"""Share of the processor's time that an accelerator must stay below to be worth its cable."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An accelerator that passed its trial.

    Attributes:
        accelerator: which one.
        verdict: how it did.
        engine: runs the models; whoever has it closes it.
        analyser: finds and names cells with it.
    """

    accelerator: Accelerator
    verdict: Verdict
    engine: EngineProcess
    analyser: FieldAnalyser


def try_accelerator(
    accelerator: Accelerator,
    bundle: ModelBundle,
    *,
    cpu_look_ms: float | None,
    adapter: SiteAdapter | None = None,
    laboratory: Laboratory | None = None,
) -> Taken | Verdict:
    """Return the accelerator ready for use, or why it is not used.

    The process dies with the thread that calls this.

    Args:
        accelerator: which one.
        bundle: the models.
        cpu_look_ms: what `look_ms` is on the processor, which it has to beat; None if it is
            wanted at any speed.
        adapter: of the bundle to this laboratory.
        laboratory: what is known of it, shared with the processor's analyser.

    Raises:
        BundleError: the golden file does not fit the models.
    """
    try:
        engine = EngineProcess(
            accelerator.make,
            label=accelerator.label,
            remedy=accelerator.remedy,
            patience=accelerator.patience,
        )
    except AcceleratorError as error:
        return Verdict(accelerator.backend, str(error), error.refusal)
    taken = None
    try:
        # After the opening: what is wrong with the device is the first thing to be mended.
        fitted = accelerator.fitted(bundle)
        verdict = _judged(accelerator, fitted, engine, cpu_look_ms)
        if verdict.refusal:
            return verdict
        analyser = FieldAnalyser(fitted, engine, adapter=adapter, laboratory=laboratory)
        taken = Taken(accelerator, verdict, engine, analyser)
    except AcceleratorError as error:
        return Verdict(accelerator.backend, str(error), error.refusal)
    finally:
        if taken is None:
            engine.close()
    return taken


def _judged(
    accelerator: Accelerator, bundle: ModelBundle, engine: EngineProcess, cpu_ms: float | None
) -> Verdict:
    backend, label = accelerator.backend, accelerator.label
    report = replay_golden(bundle, engine)
    largest = max(difference.largest_lsb for difference in report.differences)
    if not report.is_ok:
        text = f"{label} does not give the golden outputs: {_deviation(report)}"
        return Verdict(backend, text, Refusal.DEVIATES, largest_lsb=largest)
    took_ms = look_ms(bundle, engine)
    engine.has_settled_in()
    if cpu_ms is None:
        text = f"{engine.name} was asked for and gives the golden outputs"
        return Verdict(backend, text, look_ms=took_ms, largest_lsb=largest)
    times = f"{took_ms:.1f} ms a look, the processor {cpu_ms:.1f} ms"
    is_fast = took_ms < _GAIN * cpu_ms
    return Verdict(
        backend,
        f"{engine.name} is faster: {times}" if is_fast else f"{label} is no faster: {times}",
        None if is_fast else Refusal.SLOW,
        look_ms=took_ms,
        cpu_look_ms=cpu_ms,
        largest_lsb=largest,
    )


def _deviation(report: GoldenReport) -> str:
    worst = max(report.differences, key=lambda one: one.largest_lsb - one.tolerance_lsb)
    return (
        f"{worst.model} differs by {worst.largest_lsb} steps of uint8, "
        f"{worst.tolerance_lsb} are allowed; use another backend"
    )
