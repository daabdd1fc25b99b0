"""What the runtime tells the terminal although nobody asked."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator

_STDERR = 2
_CHATTER = b"INFO: Created TensorFlow Lite"
"""Lines that begin so announce a delegate; they come from C++, and no setting stops them."""


@contextlib.contextmanager
def without_chatter() -> Generator[None]:
    """Keep the runtime's announcements off stderr; all else arrives there when the block ends."""
    sys.stderr.flush()
    try:
        kept = os.dup(_STDERR)
    except OSError:
        # A service may run without stderr, and then there is nothing to keep quiet.
        yield
        return
    with tempfile.TemporaryFile() as heard:
        os.dup2(heard.fileno(), _STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, _STDERR)
            os.close(kept)
            heard.seek(0)
            for line in heard:
                if not line.startswith(_CHATTER):
                    os.write(_STDERR, line)
