"""Writing a model bundle: models, golden inputs with their outputs, and the manifest."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import NDArray

from leuko.adaptation import UsualCells
from leuko.bundle import (
    FORMAT,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    ClassifierSpec,
    ModelBundle,
    QuantisationSpec,
    SegmenterSpec,
    SplitSpec,
    Tolerance,
    TrainingSet,
    load_bundle,
)
from leuko.cells import CellClass
from leuko.errors import OutputError
from leuko.familiarity import Familiarity
from leuko.inference import Engine, run_all

GOLDEN_FILE = "golden/golden.npz"

QUANTISATION = QuantisationSpec(
    input="uint8, real = stored / 255",
    weights="int8, one scale a channel; one a tensor in dense layers",
    activations="int8, one scale a tensor",
)

_EARLIEST = (1980, 1, 1, 0, 0, 0)
# The first moment that a zip can hold: with the day of writing no bundle would be the same.


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleDescription:
    """What a bundle's manifest says beyond what can be computed.

    Attributes:
        id: name of the bundle.
        version: version of its content.
        segmenter: scales, sizes and thresholds of locator and outliner, and their files' names.
        classifier: scale, size and threshold of the classifier, and its file's name.
        training_sets: what the models learnt from.
        split: what was kept away from training.
        tolerance: how far a device may be off the golden outputs.
    """

    id: str
    version: str
    segmenter: SegmenterSpec
    classifier: ClassifierSpec
    training_sets: tuple[TrainingSet, ...]
    split: SplitSpec
    tolerance: Tolerance


def write_bundle(
    folder: Path,
    description: BundleDescription,
    *,
    models: Mapping[str, bytes],
    golden_inputs: Mapping[str, NDArray[np.uint8]],
    engine: Engine,
    familiarity: Familiarity | None = None,
    usual_cells: UsualCells | None = None,
) -> ModelBundle:
    """Write a bundle and return it as a device would load it; equal input gives equal bytes.

    Args:
        folder: where to; made if need be, an older bundle in it is replaced.
        description: the manifest's own words.
        models: TFLite content of ``locator``, ``outliner`` and ``classifier``.
        golden_inputs: ``(n, height, width, 3)`` uint8 by the same names.
        engine: computes the golden outputs.
        familiarity: goes into the file that the description names, if it names one.
        usual_cells: the same.

    Raises:
        BundleError: the description and the models do not make a valid bundle.
        EngineError: the engine cannot run a model.
        OutputError: the folder cannot be written to.
    """
    files = {
        description.segmenter.locator: models["locator"],
        description.segmenter.outliner: models["outliner"],
        description.classifier.model: models["classifier"],
        GOLDEN_FILE: _golden(models, golden_inputs, engine=engine),
    }
    named = description.classifier
    if familiarity and named.familiarity:
        files[named.familiarity] = _archive(familiarity.arrays)
    if usual_cells and named.own_cells:
        files[named.own_cells.usual] = _archive(usual_cells.arrays)
    return put_bundle(folder, files, _manifest(description, files))


def put_bundle(
    folder: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any]
) -> ModelBundle:
    """Write a bundle's files, unsigned, and return it as a device would load it.

    The manifest goes last and an old one goes first, so that a folder whose writing was cut
    is no bundle.

    Args:
        folder: where to; made if need be, an older bundle in it is replaced.
        files: what the manifest lists, by its name there.
        manifest: all of it, with the files' sha256.

    Raises:
        BundleError: manifest and files do not make a valid bundle.
        OutputError: the folder cannot be written to.
    """
    content = tomli_w.dumps(manifest).encode()
    try:
        for old in (MANIFEST_FILE, SIGNATURE_FILE):
            (folder / old).unlink(missing_ok=True)
        for name, written in (*files.items(), (MANIFEST_FILE, content)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(written)
    except OSError as error:
        raise OutputError(_not_writable(folder, error)) from error
    return load_bundle(folder)


def zip_bundle(folder: Path, path: Path) -> None:
    """Pack what a bundle's manifest lists, and its signature; equal bundles give equal bytes.

    Raises:
        BundleError: the folder holds no valid bundle.
        OutputError: the zip cannot be written.
    """
    bundle = load_bundle(folder)
    try:
        path.write_bytes(zip_content(bundle, bundle.signature))
    except OSError as error:
        raise OutputError(_not_writable(path, error)) from error


def zip_content(bundle: ModelBundle, signature: bytes | None) -> bytes:
    """Return a bundle as a zip, with the signature if there is one."""
    files = {**bundle.files, MANIFEST_FILE: bundle.manifest_bytes}
    if signature is not None:
        files[SIGNATURE_FILE] = signature
    return _zipped(files)


def _golden(
    models: Mapping[str, bytes], inputs: Mapping[str, NDArray[np.uint8]], *, engine: Engine
) -> bytes:
    arrays: dict[str, bytes] = {}
    for name, images in inputs.items():
        arrays[f"{name}_input.npy"] = _npy(images)
        for index, output in enumerate(run_all(engine.load(models[name]), images)):
            arrays[f"{name}_output_{index}.npy"] = _npy(output)
    return _zipped(arrays)


def _archive(arrays: Mapping[str, NDArray[np.float32]]) -> bytes:
    return _zipped({f"{name}.npy": _npy(array) for name, array in arrays.items()})


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is written
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=9)
    return buffer.getvalue()


def _manifest(description: BundleDescription, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "id": description.id,
        "version": description.version,
        "classes": [str(cell_class) for cell_class in CellClass],
        "segmenter": description.segmenter.model_dump(),
        "classifier": description.classifier.model_dump(exclude_defaults=True),
        "quantisation": QUANTISATION.model_dump(),
        "training_sets": [entry.model_dump() for entry in description.training_sets],
        "split": description.split.model_dump(),
        "golden": {"file": GOLDEN_FILE, "tolerance": description.tolerance.model_dump()},
        "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
    }


def _not_writable(path: Path, error: OSError) -> str:
    return f"{path} cannot be written ({error.strerror}); free space or choose another place"
