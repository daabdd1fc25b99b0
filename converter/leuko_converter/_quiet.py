"""TensorFlow's logs, kept from the terminal."""

import contextlib
import os
import sys
import warnings
from collections.abc import Generator
from pathlib import Path

_STDERR = 2


@contextlib.contextmanager
def quiet() -> Generator[None]:
    """Drop what is written to stderr, and Python's warnings, while the block runs.

    TensorFlow's converter writes from C++ straight to the file descriptor, whatever
    ``TF_CPP_MIN_LOG_LEVEL`` says; what matters comes back as an exception.
    """
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), _STDERR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, _STDERR)
        os.close(kept)
