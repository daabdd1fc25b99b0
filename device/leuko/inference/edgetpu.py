"""The Coral Edge TPU through its delegate, by LiteRT or tflite-runtime.

To be used in a process of its own: a libedgetpu that was built for another version of the runtime
crashes (google-coral/edgetpu issue 821), and a stick that is pulled out can hang.
"""

import contextlib
import ctypes
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from leuko.errors import AcceleratorError, Refusal
from leuko.inference._base import Model
from leuko.inference._coral import IDS, USB_DEVICES, Coral, find_coral
from leuko.inference._interpreter import (
    RUNTIME_ERRORS,
    InterpreterModel,
    first_importable,
    first_line,
)
from leuko.inference._quiet import without_chatter

LIBRARY = "libedgetpu.so.1"
"""The delegate's library, as the system's loader finds it."""
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
"""Runtimes that a delegate can be given to, best first."""
AWAY_S = 3.0
"""How long a stick may be away that has just loaded its firmware: the system finds it anew then,
and gives its new device file to the group a moment later."""

_COMPILED = b"edgetpu-custom-op"
"""Name of the operator that edgetpu_compiler leaves in a model."""
_OTHER_VERSIONS = (
    "failed to prepare",
    "Unsupported data type in custom op handler",
    "edgetpu-custom-op",
    "runtime version",
)
"""Words of the errors of libraries, runtimes and models that do not fit each other.

Seen with ai-edge-litert 2.3.0 without a delegate, and reported in google-coral/edgetpu issues 435
(model compiled for a newer runtime), 44 and 259 (delegate built for another tflite-runtime).
"""


class EdgeTPUEngine:
    """Runs models that edgetpu_compiler compiled."""

    def __init__(
        self,
        *,
        library: str = LIBRARY,
        runtimes: tuple[str, ...] = RUNTIMES,
        usb: Path = USB_DEVICES,
        away_s: float = AWAY_S,
    ) -> None:
        """Load the delegate, which starts the stick.

        Args:
            library: the delegate's library.
            runtimes: modules to try, in this order.
            usb: the kernel's folder of USB devices.
            away_s: how long to wait for a stick that leaves to come back with its firmware loaded.

        Raises:
            AcceleratorError: the library or the stick is missing, or may not be used.
            EngineError: none of the runtimes can be imported.
        """
        self._runtime, self._module = first_importable(runtimes)
        self._library = library
        self._delegate = _delegate(self._module, library, usb, away_s)

    @property
    def name(self) -> str:
        """The package in use, and the delegate."""
        return f"{self._runtime.split('.')[0]} (Edge TPU, {Path(self._library).name})"

    def load(self, content: bytes) -> Model:
        """Return the model ready to run.

        Raises:
            AcceleratorError: the content is not compiled for the Edge TPU, or for another version.
        """
        if _COMPILED not in content:
            raise AcceleratorError(
                "the model is not compiled for the Edge TPU; compile it with "
                "leuko-convert compile-edgetpu --bundle-out or get another bundle",
                Refusal.NO_MODELS,
            )
        with _translated(self._library), without_chatter():
            interpreter = self._module.Interpreter(
                model_content=content, experimental_delegates=[self._delegate]
            )
            interpreter.allocate_tensors()
        return InterpreterModel(interpreter)


def _delegate(
    module: Any,  # ruff: ignore[any-type] - no types
    library: str,
    usb: Path,
    away_s: float,
) -> Any:  # ruff: ignore[any-type] - no types
    before = find_coral(usb)
    try:
        # The runtime's own loader would print a traceback about its half-made delegate.
        _ = ctypes.CDLL(library).tflite_plugin_create_delegate
        try:
            return module.load_delegate(library)
        except ValueError:
            if not _has_started(before, usb, away_s):
                raise
            return module.load_delegate(library)
    except OSError as error:
        raise _unloadable(library, str(error)) from error
    except AttributeError as error:
        sentence = f"{library} has no delegate in it ({error}); install libedgetpu1-std again"
        raise AcceleratorError(sentence, Refusal.WRONG_VERSION) from error
    except ValueError as error:
        raise _stickless(error, usb) from error


def _has_started(before: Coral | None, usb: Path, away_s: float) -> bool:
    """Whether a stick has loaded its firmware meanwhile; waits until it is back under its new id.

    It changes its id then (google-coral/edgetpu issue 536), and its new device file may come too
    late for the library.
    """
    if before is None:
        return False
    until = time.monotonic() + away_s
    while time.monotonic() < until:
        now = find_coral(usb)
        if now and (now.is_permitted or now.state == before.state):
            break
        time.sleep(0.05)
    now = find_coral(usb)
    return now is not None and now.state != before.state


def _unloadable(library: str, text: str) -> AcceleratorError:
    missing = text.partition(":")[0]
    if "cannot open shared object file" not in text:
        sentence = f"{library} does not fit this system ({text}); install libedgetpu1-std for it"
        return AcceleratorError(sentence, Refusal.WRONG_VERSION)
    if missing == library:
        sentence = f"{library} is not installed; install libedgetpu1-std"
        return AcceleratorError(sentence, Refusal.NO_LIBRARY)
    is_libusb = missing.startswith("libusb")
    package = "libusb-1.0-0" if is_libusb else "the package that has it"
    sentence = f"{library} needs {missing}, which is not installed; install {package}"
    return AcceleratorError(sentence, Refusal.NO_LIBUSB if is_libusb else Refusal.NO_LIBRARY)


def _stickless(error: ValueError, usb: Path) -> AcceleratorError:
    """Tell apart what the delegate does not: no stick, no permission, a stick that fails."""
    stick = find_coral(usb)
    if stick is None:
        ids = " and ".join(":".join(pair) for pair in IDS)
        sentence = f"no Coral Edge TPU is plugged in (USB {ids}); plug it in"
        return AcceleratorError(sentence, Refusal.NO_DEVICE)
    if not stick.is_permitted:
        sentence = (
            f"the Edge TPU at {stick.node} may not be used by this user; "
            "install the udev rule and join the group plugdev"
        )
        return AcceleratorError(sentence, Refusal.NO_PERMISSION)
    said = " ".join(str(error).split())
    sentence = (
        f"the Edge TPU at {stick.node} does not start ({said}); unplug it and plug it in again"
    )
    return AcceleratorError(sentence, Refusal.FAILED)


@contextlib.contextmanager
def _translated(library: str) -> Generator[None]:
    try:
        yield
    except RUNTIME_ERRORS as error:
        if any(words in str(error) for words in _OTHER_VERSIONS):
            sentence = (
                f"{library}, the runtime and the compiled model do not fit each other "
                f"({first_line(error)}); install a libedgetpu built for this runtime, or compile "
                "the bundle for an older one"
            )
            raise AcceleratorError(sentence, Refusal.WRONG_VERSION) from error
        sentence = f"the Edge TPU does not take the model ({first_line(error)}); get another bundle"
        raise AcceleratorError(sentence, Refusal.FAILED) from error
