"""Finding and naming cells on whatever runs the models at the moment."""

from collections.abc import Sequence
from typing import Literal, Self

from leuko.adaptation import SiteAdapter
from leuko.backends._accelerators import Accelerator, edge_tpu, gpu
from leuko.backends._search import AcceleratorSearch, Pauses
from leuko.backends._speed import cpu_engine, look_ms
from leuko.backends._verdict import Backend, Event, Verdict
from leuko.bundle import ModelBundle
from leuko.cells import Cell, CellStatus, RGBImage
from leuko.errors import AcceleratorError, Refusal
from leuko.pipeline import Analyser, FieldAnalyser, Wanted, everywhere
from leuko.status import Health, Level
from leuko.vision.laboratory import Laboratory
from leuko.vision.tone import Tone

ACCELERATORS = (edge_tpu(), gpu())
"""What ``auto`` tries, in this order."""

_NEEDS_RESTART = frozenset({
    Refusal.NO_LIBRARY,
    Refusal.NO_LIBUSB,
    Refusal.NO_PERMISSION,
    Refusal.WRONG_VERSION,
})
"""What is mended by installing something or joining a group, which leuko does not notice."""


class BackedAnalyser:
    """Analyses each field on one backend; one on which an accelerator fails, again on the CPU.

    Fulfils `leuko.pipeline.Analyser`. Backends change between fields only, so what comes of a
    field comes of one of them. Made, used and closed in one thread.
    """

    def __init__(
        self,
        cpu: Analyser,
        *,
        cpu_name: str,
        search: AcceleratorSearch | None = None,
        is_asked_for: bool = False,
    ) -> None:
        """Begin on the processor.

        Args:
            cpu: analyses on the processor.
            cpu_name: what its engine is called.
            search: finds accelerators, and is closed with this; None to leave them alone.
            is_asked_for: whether a person chose the accelerator that is searched for.
        """
        self._cpu = cpu
        self._cpu_name = cpu_name
        self._search = search
        self._is_asked_for = is_asked_for

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        """Return every leukocyte found; see `leuko.pipeline.FieldAnalyser.analyse`.

        Raises:
            ImageError: the field covers more of a smear than there is memory for.
            EngineError: the processor's engine failed.
        """
        if self._search and (taken := self._search.taken):
            try:
                return taken.analyser.analyse(rgb, um_per_px=um_per_px, wanted=wanted)
            except AcceleratorError as error:
                self._search.lose(taken, error)
        return self._cpu.analyse(rgb, um_per_px=um_per_px, wanted=wanted)

    @property
    def evens_laboratory(self) -> bool:
        """Whether what a laboratory's cells have in common is taken away before one is named."""
        return self._cpu.evens_laboratory

    def learn(self, rgb: RGBImage, *, um_per_px: float) -> int:
        """Get to know the laboratory, on the processor; see `FieldAnalyser.learn`."""
        return self._cpu.learn(rgb, um_per_px=um_per_px)

    @property
    def compares_cells(self) -> bool:
        """Whether the laboratory's own cells tell of each other, once there are enough."""
        return self._cpu.compares_cells

    @property
    def is_comparing(self) -> bool:
        """Whether the laboratory's own cells tell of each other by now."""
        return self._cpu.is_comparing

    @property
    def doubts_eosinophils(self) -> bool:
        """Whether eosinophils are taken to be few, for neutrophils look like them here."""
        return self._cpu.doubts_eosinophils

    @property
    def unclassified_below(self) -> float:
        """Probability of the likeliest class below which a cell is unclassified now."""
        return self._cpu.unclassified_below

    def begin_specimen(self) -> None:
        """Go on with another specimen; all backends share what is known of the laboratory."""
        self._cpu.begin_specimen()

    def settle_tone(self) -> None:
        """Stay with how dark the laboratory's cells are known to be, on all backends."""
        self._cpu.settle_tone()

    def learn_cell(self, picture: RGBImage, *, um_per_px: float) -> None:
        """Get to know the laboratory by a cell; see `FieldAnalyser.learn_cell`."""
        self._cpu.learn_cell(picture, um_per_px=um_per_px)

    def decide(self, probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
        """Return what becomes of a whole cell; see `leuko.pipeline.FieldAnalyser.decide`."""
        return self._cpu.decide(probabilities, area_um2)

    @property
    def runs_on(self) -> Verdict:
        """The backend that the next field is analysed on, and why."""
        if self._search and (taken := self._search.taken):
            return taken.verdict
        return Verdict(Backend.CPU, f"{self._cpu_name}{self._reasons()}")

    @property
    def health(self) -> Health:
        """What a person is to be shown of it; a warning if an accelerator should be looked at."""
        if self._search is None or self._search.taken:
            return Health(Level.OK, self.runs_on.text)
        trouble = self._search.trouble
        if self._is_asked_for and trouble is None:
            trouble = next((verdict for _, verdict in self._search.refusals), None)
        if trouble:
            then = ", then restart leuko" if trouble.refusal in _NEEDS_RESTART else ""
            return Health(Level.WARNING, f"processor only: {trouble.text}{then}")
        return Health(Level.OK, self.runs_on.text)

    def events(self, within_s: float = 0.0) -> list[Event]:
        """Return what has happened to accelerators since the last call, in order.

        Args:
            within_s: how long to wait for something to happen.
        """
        return self._search.events(within_s) if self._search else []

    def settle(self) -> None:
        """Wait until it is known which backend runs the models.

        Raises:
            AcceleratorError: the accelerator that was asked for cannot.
        """
        if self._search is None:
            return
        self._search.settle()
        if self._is_asked_for and self._search.taken is None:
            for _, verdict in self._search.refusals:
                raise AcceleratorError(verdict.text, verdict.refusal or Refusal.FAILED)

    def close(self) -> None:
        """Let go of the accelerator."""
        if self._search:
            self._search.close()

    def _reasons(self) -> str:
        if self._search is None:
            return ", as it was asked for"
        # The processor works: nobody who has not asked for another has anything to mend.
        texts = [verdict.text.partition("; ")[0] for _, verdict in self._search.refusals]
        return f": {'; '.join(texts)}" if texts else ", while accelerators are tried"


def open_backend(
    bundle: ModelBundle,
    backend: str = Backend.AUTO,
    *,
    threads: int | Literal["auto"] = "auto",
    adapter: SiteAdapter | None = None,
    tone: Tone | None = None,
    accelerators: Sequence[Accelerator] = ACCELERATORS,
    pauses: Pauses = Pauses(),  # ruff: ignore[function-call-in-default-argument] - frozen
) -> BackedAnalyser:
    """Return an analyser that works at once, on the processor until an accelerator is ready.

    Args:
        bundle: the models.
        backend: value of a `Backend`.
        threads: of the processor, for each model; "auto" measures.
        adapter: of the bundle to this laboratory, whatever runs the models.
        tone: how dark this laboratory's cells are, as calibrated; None to find out by them alone.
        accelerators: those there may be.
        pauses: before an accelerator that was lost is tried again.

    Raises:
        BundleError: a model's input or outputs are not what the manifest says.
        EngineError: the processor cannot run a model.
    """
    engine = cpu_engine(bundle, threads)
    laboratory, wanted = Laboratory(calibrated=tone), Backend(backend)
    analyser = FieldAnalyser(bundle, engine, adapter=adapter, laboratory=laboratory)
    if wanted is Backend.CPU:
        return BackedAnalyser(analyser, cpu_name=engine.name)
    is_auto = wanted is Backend.AUTO
    search = AcceleratorSearch(
        [one for one in accelerators if is_auto or one.backend is wanted],
        bundle,
        adapter=adapter,
        laboratory=laboratory,
        cpu_look_ms=(lambda: look_ms(bundle, engine)) if is_auto else None,
        pauses=pauses,
    )
    return BackedAnalyser(analyser, cpu_name=engine.name, search=search, is_asked_for=not is_auto)
