"""How other threads have the main loop do something between two frames."""

import queue
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Generic, Protocol, TypeVar

from leuko.control._controls import Controls, SeenSlide
from leuko.errors import LeukoError, ServiceError
from leuko.status import LiveStatus, Target

_MOST_WAITING = 32
_ANSWER_S = 5.0

T = TypeVar("T")


class CommandQueue:
    """`Controls` for any thread: each call waits until the main loop has carried it out.

    Every method raises `ServiceError` if the main loop does not come to it in time; what had not
    begun by then is never carried out.
    """

    def __init__(self, *, answer_s: float = _ANSWER_S) -> None:
        """Begin empty.

        Args:
            answer_s: how long a call waits.
        """
        self._answer_s = answer_s
        self._waiting: queue.Queue[_Waiting] = queue.Queue(_MOST_WAITING)
        self._is_closed = False

    def status(self) -> LiveStatus:
        """See `Controls.status`."""
        return self._call(lambda controls: controls.status())

    def seen_slide(self) -> SeenSlide:
        """See `Controls.seen_slide`."""
        return self._call(lambda controls: controls.seen_slide())

    def start(
        self, specimen: str, *, operator: str, target: Target | None, asked_by: str
    ) -> LiveStatus:
        """See `Controls.start`."""
        return self._call(
            lambda controls: controls.start(
                specimen, operator=operator, target=target, asked_by=asked_by
            )
        )

    def set_target(self, target: Target, *, asked_by: str) -> LiveStatus:
        """See `Controls.set_target`."""
        return self._call(lambda controls: controls.set_target(target, asked_by=asked_by))

    def pause(self, *, asked_by: str) -> LiveStatus:
        """See `Controls.pause`."""
        return self._call(lambda controls: controls.pause(asked_by=asked_by))

    def resume(self, *, asked_by: str) -> LiveStatus:
        """See `Controls.resume`."""
        return self._call(lambda controls: controls.resume(asked_by=asked_by))

    def tally_smudge_cell(self, *, undo: bool = False, asked_by: str) -> LiveStatus:
        """See `Controls.tally_smudge_cell`."""
        return self._call(lambda controls: controls.tally_smudge_cell(undo=undo, asked_by=asked_by))

    def finish(self, *, asked_by: str) -> LiveStatus:
        """See `Controls.finish`."""
        return self._call(lambda controls: controls.finish(asked_by=asked_by))

    def discard(self, *, asked_by: str) -> LiveStatus:
        """See `Controls.discard`."""
        return self._call(lambda controls: controls.discard(asked_by=asked_by))

    def run_pending(self, controls: Controls) -> None:
        """Carry out what is waiting; the main loop calls this between two frames.

        A `LeukoError` goes to the one who asked. Anything else is a bug: it is raised here, after
        the one who asked was told that there will be no answer.
        """
        # What comes in meanwhile waits for the next frame, lest frames wait for ever.
        for _ in range(self._waiting.qsize()):
            try:
                command = self._waiting.get_nowait()
            except queue.Empty:
                return
            command.run(controls)

    def close(self) -> None:
        """Refuse every call, those waiting included; the main loop has ended."""
        self._is_closed = True
        while True:
            try:
                self._waiting.get_nowait().cancel()
            except queue.Empty:
                return

    def _call(self, ask: Callable[[Controls], T]) -> T:
        command = _Command(ask)
        try:
            self._waiting.put_nowait(command)
        except queue.Full:
            raise ServiceError("too many commands are waiting; try again in a moment") from None
        if self._is_closed:
            command.answer.cancel()
        try:
            return command.answer.result(self._answer_s)
        except CancelledError:
            raise ServiceError("the service is stopping; ask again when it runs") from None
        except TimeoutError:
            raise ServiceError(self._lateness(command)) from None

    def _lateness(self, command: "_Command[T]") -> str:
        begun = not command.answer.cancel()
        outcome = (
            "may still be carried out; look at its status" if begun else "is dropped; ask again"
        )
        return f"the service did not answer within {self._answer_s:g} s; the command {outcome}"


class _Waiting(Protocol):
    """A command, whatever its answer is."""

    def run(self, controls: Controls) -> None: ...
    def cancel(self) -> None: ...


class _Command(Generic[T]):
    def __init__(self, ask: Callable[[Controls], T]) -> None:
        self._ask = ask
        self.answer: Future[T] = Future()

    def cancel(self) -> None:
        self.answer.cancel()

    def run(self, controls: Controls) -> None:
        if not self.answer.set_running_or_notify_cancel():
            return
        try:
            answer = self._ask(controls)
        except LeukoError as error:
            self.answer.set_exception(error)
        except BaseException:
            self.answer.set_exception(
                ServiceError("the service failed at this command; look at its log")
            )
            raise
        else:
            self.answer.set_result(answer)
