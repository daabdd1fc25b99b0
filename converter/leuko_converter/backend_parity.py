"""What every backend at hand makes of a bundle: golden inputs, and images of known truth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leuko.backends import Accelerator, Backend, Verdict, try_accelerator
from leuko.bundle import ModelBundle
from leuko.errors import Refusal
from leuko.inference import Engine
from leuko.verification import replay_golden
from leuko_converter.parity import ClassifierParity, SegmenterParity


@dataclass(frozen=True, slots=True)
class Figures:
    """What was lost against the float models, set by set.

    Attributes:
        tiles: of the locator, by the set's name.
        masks: of the outliner, by the set's name.
        names: of the classifier, by the set's name.
    """

    tiles: Mapping[str, SegmenterParity]
    masks: Mapping[str, SegmenterParity]
    names: Mapping[str, ClassifierParity]


Compare = Callable[[ModelBundle, Engine], Figures]
"""Compares the float models with a bundle on an engine."""


@dataclass(frozen=True, slots=True)
class BackendParity:
    """What one backend makes of a bundle.

    Attributes:
        backend: which one.
        text: what runs the models, or why it does not.
        golden_lsb: largest difference from the golden outputs, in steps of uint8; None if the
            backend is not at hand.
        is_golden: whether that is no more than the bundle allows; true if it is not at hand.
        figures: what was lost; None if the backend is not at hand, or not golden.
    """

    backend: Backend
    text: str
    golden_lsb: int | None
    is_golden: bool
    figures: Figures | None


def on_every_backend(
    bundle: ModelBundle, cpu: Engine, accelerators: Sequence[Accelerator], *, compare: Compare
) -> tuple[BackendParity, ...]:
    """Return what the processor and each accelerator make of a bundle.

    Args:
        bundle: the models.
        cpu: the processor's engine.
        accelerators: those that may be at hand; each is run in a process of its own.
        compare: asked once for each backend that gives the golden outputs.

    Raises:
        BundleError: the golden file does not fit the models.
        EngineError: the processor cannot run a model, or an accelerator was lost meanwhile.
    """
    return (
        _on_processor(bundle, cpu, compare),
        *(_on_accelerator(one, bundle, compare) for one in accelerators),
    )


def _on_processor(bundle: ModelBundle, cpu: Engine, compare: Compare) -> BackendParity:
    report = replay_golden(bundle, cpu)
    largest = max(one.largest_lsb for one in report.differences)
    return BackendParity(Backend.CPU, cpu.name, largest, report.is_ok, compare(bundle, cpu))


def _on_accelerator(
    accelerator: Accelerator, bundle: ModelBundle, compare: Compare
) -> BackendParity:
    outcome = try_accelerator(accelerator, bundle, cpu_look_ms=None)
    if isinstance(outcome, Verdict):
        is_golden = outcome.refusal is not Refusal.DEVIATES
        return BackendParity(
            accelerator.backend, outcome.text, outcome.largest_lsb, is_golden, figures=None
        )
    try:
        figures = compare(accelerator.fitted(bundle), outcome.engine)
    finally:
        outcome.engine.close()
    largest = outcome.verdict.largest_lsb
    return BackendParity(accelerator.backend, outcome.engine.name, largest, True, figures)
