"""How fast pictures are analysed, and what is done only now and then."""

import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_OVER_S = 3.0


class Rate:
    """Events a second, over the last few seconds."""

    def __init__(self) -> None:
        """Begin with none."""
        self._times: deque[float] = deque()

    def tick(self) -> None:
        """Note an event."""
        self._times.append(time.monotonic())

    @property
    def per_s(self) -> float:
        """Events a second."""
        since = time.monotonic() - _OVER_S
        while self._times and self._times[0] < since:
            self._times.popleft()
        return len(self._times) / _OVER_S


class Lately(Generic[T]):
    """A value that is worth asking for only every few seconds."""

    def __init__(self, ask: Callable[[], T], *, every_s: float) -> None:
        """Ask for the first time.

        Args:
            ask: gives the value.
            every_s: how old it may become.
        """
        self._ask = ask
        self._every_s = every_s
        self._asked_s = time.monotonic()
        self._value = ask()

    @property
    def value(self) -> T:
        """The value, asked for again if it has become too old."""
        if time.monotonic() - self._asked_s >= self._every_s:
            self._asked_s = time.monotonic()
            self._value = self._ask()
        return self._value
