"""Whether a bundle's models still say on this device what they said where they were made."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.bundle import LARGEST_BYTES, ZIP_DAMAGE, ModelBundle
from leuko.errors import BundleError
from leuko.inference import Engine, run_all


@dataclass(frozen=True, slots=True)
class GoldenDifference:
    """How far one model's outputs lie from the golden ones.

    Attributes:
        model: locator, outliner or classifier.
        images: how many golden inputs were replayed.
        largest_lsb: largest difference in any output, in steps of uint8.
        tolerance_lsb: what the bundle allows.
    """

    model: str
    images: int
    largest_lsb: int
    tolerance_lsb: int

    @property
    def is_within_tolerance(self) -> bool:
        """Whether the device runs this model as it should."""
        return self.largest_lsb <= self.tolerance_lsb


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """The differences of all models of a bundle.

    Attributes:
        engine: what ran the models.
        differences: one for each model.
    """

    engine: str
    differences: tuple[GoldenDifference, ...]

    @property
    def is_ok(self) -> bool:
        """Whether every model is within tolerance."""
        return all(difference.is_within_tolerance for difference in self.differences)


def replay_golden(bundle: ModelBundle, engine: Engine) -> GoldenReport:
    """Run every golden input through its model and compare the outputs.

    Raises:
        BundleError: the golden file is incomplete or does not fit the models.
        EngineError: the engine cannot run a model.
    """
    arrays, tolerance = _golden_arrays(bundle), bundle.manifest.golden.tolerance
    differences = []
    for name, content in model_contents(bundle).items():
        allowed = tolerance.classifier_lsb if name == "classifier" else tolerance.segmenter_lsb
        inputs, expected = _golden_pair(name, arrays)
        found = _outputs(engine, content, inputs, name)
        largest = _largest_difference(name, found, expected)
        differences.append(GoldenDifference(name, len(inputs), largest, allowed))
    return GoldenReport(engine.name, tuple(differences))


def model_contents(bundle: ModelBundle) -> Mapping[str, bytes]:
    """Return the three models of a bundle by what they are, in the order of a field's way."""
    manifest = bundle.manifest
    return {
        "locator": bundle.files[manifest.segmenter.locator],
        "outliner": bundle.files[manifest.segmenter.outliner],
        "classifier": bundle.files[manifest.classifier.model],
    }


def golden_inputs(bundle: ModelBundle) -> Mapping[str, NDArray[np.uint8]]:
    """Return the golden inputs of each model, ``(n, height, width, 3)`` uint8.

    Raises:
        BundleError: the golden file is incomplete.
    """
    arrays = _golden_arrays(bundle)
    return {name: _golden_pair(name, arrays)[0] for name in model_contents(bundle)}


def _golden_arrays(bundle: ModelBundle) -> Mapping[str, NDArray[np.uint8]]:
    name = bundle.manifest.golden.file
    stream = io.BytesIO(bundle.files[name])
    try:
        with zipfile.ZipFile(stream) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
                raise BundleError(f"{name} unpacks to too much; convert the bundle again")
        with np.load(stream, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except ZIP_DAMAGE as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            f"{name} is no NumPy archive ({error}); convert the bundle again"
        ) from error


def _golden_pair(
    name: str, arrays: Mapping[str, NDArray[np.uint8]]
) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]]]:
    outputs = sorted(key for key in arrays if key.startswith(f"{name}_output_"))
    if f"{name}_input" not in arrays or not outputs or not len(arrays[f"{name}_input"]):
        raise BundleError(f"the golden file has no {name} to replay; convert the bundle again")
    chosen = [arrays[f"{name}_input"], *(arrays[key] for key in outputs)]
    if {array.dtype for array in chosen} != {np.dtype(np.uint8)}:
        raise BundleError(f"the golden {name} is not all uint8; convert the bundle again")
    return chosen[0], chosen[1:]


def _outputs(
    engine: Engine, content: bytes, inputs: NDArray[np.uint8], name: str
) -> list[NDArray[np.uint8]]:
    model = engine.load(content)
    if inputs.shape[1:] != model.input_shape[1:]:
        raise _misfit(name, inputs.shape[1:], model.input_shape[1:])
    return run_all(model, inputs)


def _largest_difference(
    name: str, found: list[NDArray[np.uint8]], expected: list[NDArray[np.uint8]]
) -> int:
    shapes = [array.shape for array in found], [array.shape for array in expected]
    if shapes[0] != shapes[1]:
        raise _misfit(name, *shapes)
    # Signed first: the difference of two uint8 would wrap around.
    pairs = zip(found, expected, strict=True)
    return max(int(np.abs(a.astype(np.int16) - b.astype(np.int16)).max()) for a, b in pairs)


def _misfit(name: str, golden: object, model: object) -> BundleError:
    return BundleError(
        f"the golden {name} has shape {golden}, its model {model}; convert the bundle again"
    )
