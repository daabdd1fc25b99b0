"""What ``leuko run`` logs, held back while the terminal that it would go to is the display."""

import logging
import sys
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager

from leuko.settings import Settings

_MOST_LINES = 200
"""The newest are told in the end; what matters while it counts is on the display."""


class _HeldBack(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: deque[logging.LogRecord] = deque(maxlen=_MOST_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def logged(settings: Settings) -> Generator[None]:
    """Log to stderr; where that would write over the display, once it has given it back.

    Args:
        settings: which display.
    """
    is_drawn_over = settings.display == "terminal" and not settings.display_device
    held = _HeldBack() if is_drawn_over and sys.stderr.isatty() else None
    told = logging.StreamHandler()
    # The journal adds the time.
    told.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[held or told])
    try:
        yield
    finally:
        # A handler bears that the terminal may be gone.
        for record in tuple(held.records) if held else ():
            told.handle(record)
