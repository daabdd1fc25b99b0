"""Arrays that a bundle carries beside its models."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leuko.bundle._reading import LARGEST_BYTES, ZIP_DAMAGE, ModelBundle
from leuko.errors import BundleError


def read_arrays(bundle: ModelBundle, name: str) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of one of a bundle's NumPy archives.

    Args:
        bundle: the bundle.
        name: of the file in it.

    Raises:
        BundleError: it is no NumPy archive, or one that would fill the memory.
    """
    stream = io.BytesIO(bundle.files[name])
    try:
        _check_size(name, stream)
        with np.load(stream, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except BundleError:
        raise
    except (*ZIP_DAMAGE, MemoryError) as error:
        raise BundleError(
            f"{name} is no NumPy archive ({error}); convert the bundle again"
        ) from error


def _check_size(name: str, stream: io.BytesIO) -> None:
    with zipfile.ZipFile(stream) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
            raise BundleError(f"{name} unpacks to too much; convert the bundle again")
