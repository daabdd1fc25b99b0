"""The search for a sound accelerator, in a thread of its own, as long as leuko runs."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leuko.adaptation import SiteAdapter
from leuko.backends._accelerators import Accelerator
from leuko.backends._trial import Taken, try_accelerator
from leuko.backends._verdict import Event, Verdict
from leuko.bundle import ModelBundle
from leuko.errors import AcceleratorError, BundleError, EngineError, Refusal
from leuko.vision.laboratory import Laboratory

logger = logging.getLogger(__name__)

_MAY_COME = frozenset({Refusal.NO_DEVICE, Refusal.NO_PERMISSION})
"""What a hand at the cable or a rule can change at any time, without another sign of it."""
_MAY_MEND = _MAY_COME | {Refusal.HUNG, Refusal.CRASHED, Refusal.FAILED}
"""What may pass for an accelerator that has already run the models."""
_HARMLESS = frozenset({Refusal.NO_DEVICE, Refusal.SLOW})
"""Nothing is wrong with a device that has no stick, or one whose processor is as fast."""
_FAREWELL_S = 1.0


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait before an accelerator is tried again.

    Attributes:
        first_s: after it was lost; doubled after each attempt that fails.
        longest_s: no pause is longer; one that held for longer begins with the first again.
    """

    first_s: float = 5.0
    longest_s: float = 60.0


class AcceleratorSearch:
    """Tries accelerators in their order, keeps one that is sound, and tries again when it is lost.

    The thread lives as long as the search, for an engine's process dies with the thread that
    started it.
    """

    def __init__(
        self,
        accelerators: Sequence[Accelerator],
        bundle: ModelBundle,
        *,
        cpu_look_ms: Callable[[], float] | None,
        adapter: SiteAdapter | None = None,
        laboratory: Laboratory | None = None,
        pauses: Pauses = Pauses(),
    ) -> None:
        """Begin to search.

        Args:
            accelerators: those to try, the best first.
            bundle: the models.
            cpu_look_ms: measures the processor, once, before the first trial; None if the
                accelerators are wanted at any speed, and are tried without a look first.
            adapter: of the bundle to this laboratory.
            laboratory: what is known of it, shared with the processor's analyser.
            pauses: between attempts.
        """
        self._accelerators = accelerators
        self._bundle = bundle
        self._adapter = adapter
        self._laboratory = laboratory
        self._measure = cpu_look_ms
        self._cpu_ms: float | None = None
        self._pauses = pauses
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._refusals: dict[str, Verdict] = {}
        self._refused_at: dict[str, Path | None] = {}
        self._has_run: set[str] = set()
        self._taken: Taken | None = None
        self._lost = threading.Event()
        self._closed = threading.Event()
        self._first_round = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leuko accelerators", daemon=True)
        self._thread.start()

    @property
    def taken(self) -> Taken | None:
        """The accelerator that runs the models at this moment; None if there is none."""
        return self._taken

    @property
    def refusals(self) -> list[tuple[Accelerator, Verdict]]:
        """Why each accelerator that was tried does not run the models, in their order."""
        found = dict(self._refusals)
        return [(one, found[one.label]) for one in self._accelerators if one.label in found]

    @property
    def trouble(self) -> Verdict | None:
        """What somebody should look at: a defect, or the loss of what has run already."""
        for accelerator, verdict in self.refusals:
            if _is_defect(accelerator, verdict) or accelerator.label in self._has_run:
                return verdict
        return None

    def lose(self, taken: Taken, error: AcceleratorError) -> None:
        """Give an accelerator up that failed while it ran a model; it is tried again later."""
        logger.warning("%s lost: %s", taken.accelerator.label, error)
        taken.engine.close()
        verdict = Verdict(taken.accelerator.backend, str(error), error.refusal)
        self._refusals[taken.accelerator.label] = verdict
        self._taken = None
        self._events.put(Event("accelerator lost", verdict))
        self._lost.set()

    def events(self, within_s: float = 0.0) -> list[Event]:
        """Return what has happened since the last call, in order.

        Args:
            within_s: how long to wait for something to happen.
        """
        found = []
        with suppress(queue.Empty):
            found.append(self._events.get(timeout=within_s))
            while True:
                found.append(self._events.get_nowait())
        return found

    def settle(self, timeout_s: float | None = None) -> bool:
        """Wait until every accelerator was tried or one is taken; return whether that is so.

        Args:
            timeout_s: how long to wait; None as long as it takes.
        """
        return self._first_round.wait(timeout_s)

    def close(self) -> None:
        """Stop searching and end the accelerator's process; a trial that hangs is not awaited."""
        self._closed.set()
        self._lost.set()
        self._thread.join(_FAREWELL_S)
        if taken := self._taken:
            taken.engine.close()

    def _run(self) -> None:
        has_ended = False
        try:
            self._search()
            has_ended = True
        finally:
            # A fault of leuko's own is told by its traceback, and by the part that it has stopped.
            if not has_ended:
                self._break_off()
            # Nobody must wait for a thread that has ended.
            self._first_round.set()

    def _break_off(self) -> None:
        self._taken = None
        for accelerator in self._accelerators:
            text = (
                f"the search for the {accelerator.label} broke off, by a fault of leuko's own; "
                "restart leuko, and report what its log says"
            )
            self._refuse(accelerator, Verdict(accelerator.backend, text, Refusal.FAILED))

    def _search(self) -> None:
        pause_s = self._pauses.first_s
        while not self._closed.is_set():
            self._lost.clear()
            is_taken, begun = self._tried(), time.monotonic()
            self._first_round.set()
            if self._closed.is_set():
                return
            if is_taken:
                self._lost.wait()
            elif not self._is_worth_waiting():
                # Nothing of what was refused can change while leuko runs.
                return
            if time.monotonic() - begun > self._pauses.longest_s:
                pause_s = self._pauses.first_s
            self._closed.wait(pause_s)
            pause_s = min(2 * pause_s, self._pauses.longest_s)

    def _tried(self) -> bool:
        for accelerator in self._accelerators:
            if not self._may_pass(accelerator):
                continue
            outcome = self._outcome(accelerator)
            if isinstance(outcome, Taken):
                self._take(outcome)
                return True
            self._refuse(accelerator, outcome)
        return False

    def _outcome(self, accelerator: Accelerator) -> Taken | Verdict:
        try:
            if self._measure:
                accelerator.look()
                self._cpu_ms = self._cpu_ms or self._measure()
            return try_accelerator(
                accelerator,
                self._bundle,
                cpu_look_ms=self._cpu_ms,
                adapter=self._adapter,
                laboratory=self._laboratory,
            )
        except AcceleratorError as error:
            return Verdict(accelerator.backend, str(error), error.refusal)
        except (BundleError, EngineError) as error:
            return Verdict(accelerator.backend, str(error), Refusal.FAILED)

    def _take(self, taken: Taken) -> None:
        label = taken.accelerator.label
        logger.info("%s", taken.verdict.text)
        self._refusals.pop(label, None)
        self._has_run.add(label)
        self._taken = taken
        if self._closed.is_set():
            # It was still on trial when nobody wanted it any more.
            taken.engine.close()
        self._events.put(Event("accelerator taken", taken.verdict))

    def _refuse(self, accelerator: Accelerator, verdict: Verdict) -> None:
        before = self._refusals.get(accelerator.label)
        if before is None or before.refusal is not verdict.refusal:
            level = logging.WARNING if _is_defect(accelerator, verdict) else logging.INFO
            logger.log(level, "%s not taken: %s", accelerator.label, verdict.text)
            self._events.put(Event("accelerator refused", verdict))
        self._refusals[accelerator.label] = verdict
        # After the trial: loading its firmware alone moves a stick to another address.
        self._refused_at[accelerator.label] = accelerator.address()

    def _is_worth_waiting(self) -> bool:
        return any(one.is_plugged_in or self._may_pass(one) for one in self._accelerators)

    def _may_pass(self, accelerator: Accelerator) -> bool:
        label = accelerator.label
        verdict = self._refusals.get(label)
        may = _MAY_MEND if label in self._has_run else _MAY_COME
        if verdict is None or verdict.refusal in may:
            return True
        # Plugged in again, it may be another stick or in another port, and it starts anew.
        return accelerator.address() != self._refused_at.get(label)


def _is_defect(accelerator: Accelerator, verdict: Verdict) -> bool:
    return verdict.is_defect or (accelerator.is_plugged_in and verdict.refusal not in _HARMLESS)
