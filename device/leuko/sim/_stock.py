"""Pictures that take time to make, made ahead of need and kept for a while."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from leuko.cells import RGBImage

Key = TypeVar("Key", bound=Hashable)


class Stock(Generic[Key]):
    """Makes pictures one after another in a thread of its own; the latest asked for are kept."""

    def __init__(self, make: Callable[[Key], RGBImage], *, kept: int) -> None:
        """Make nothing yet.

        Args:
            make: returns the picture of a key; what it raises, `get` raises.
            kept: how many pictures stay in memory.
        """
        self._make = make
        self._kept = kept
        self._pictures: OrderedDict[Key, Future[RGBImage]] = OrderedDict()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="slide")

    def get(self, key: Key) -> RGBImage:
        """Return a picture, waiting until it is made."""
        return self._ordered(key).result()

    def order(self, keys: Iterable[Key]) -> None:
        """Have pictures made soon, and do not wait for them."""
        for key in keys:
            self._ordered(key)

    def close(self) -> None:
        """Make nothing more; later calls do nothing."""
        self._maker.shutdown(cancel_futures=True)

    def _ordered(self, key: Key) -> Future[RGBImage]:
        picture = self._pictures.pop(key, None) or self._maker.submit(self._make, key)
        self._pictures[key] = picture
        if len(self._pictures) > self._kept:
            self._pictures.popitem(last=False)[1].cancel()
        return picture
