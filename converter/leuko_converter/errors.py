"""What can go wrong in conversion that its reader can act on.

::

    LeukoError
    ├── ConversionError   (ValueError)   give another model, or more representative images
    ├── SigningError      (ValueError)   give another key
    ├── CompilerError     (RuntimeError) install the Edge TPU compiler, or change the network
    └── DeploymentError   (OSError)      look at the device, the stick and the way there
"""

from leuko.errors import LeukoError


class ConversionError(LeukoError, ValueError):
    """A model cannot be converted as asked; give another model or other images."""


class SigningError(LeukoError, ValueError):
    """A bundle cannot be signed with this key; give another one."""


class CompilerError(LeukoError, RuntimeError):
    """The Edge TPU compiler is missing, or maps too little of a model."""


class DeploymentError(LeukoError, OSError):
    """A bundle does not arrive at its device; look at the way there."""


def first_line(error: Exception) -> str:
    """Return the first line of what another library says, or at least the error's name."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
