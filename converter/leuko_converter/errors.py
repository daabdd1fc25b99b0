"""What can go wrong in conversion that its reader can act on.

::

    LeukoError
    └── ConversionError   (ValueError)   give another model, or more representative images
"""

from leuko.errors import LeukoError


class ConversionError(LeukoError, ValueError):
    """A model cannot be converted as asked; give another model or other images."""


def first_line(error: Exception) -> str:
    """Return the first line of what another library says, or at least the error's name."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
