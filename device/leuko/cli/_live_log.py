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
        self.lines: deque[str] = deque(maxlen=_MOST_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def logged(settings: Settings) -> Generator[None]:
    """Log to stderr; where that would write over the display, once it has given it back.

    Args:
        settings: which display.
    """
    is_drawn_over = settings.display == "terminal" and not settings.display_device
    held = _HeldBack() if is_drawn_over and sys.stderr.isatty() else None
    # The journal adds the time.
    logging.basicConfig(
        level=logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
        handlers=[held or logging.StreamHandler()],
    )
    try:
        yield
    finally:
        for line in held.lines if held else ():
            sys.stderr.write(f"{line}\n")
