"""The model bundle: a folder or zip with the models and all that must be known to use them.

A bundle holds ``manifest.toml``, the models it names, and golden inputs with the outputs they
must give. Every file that counts is listed in the manifest with its sha256; what is not listed
is not read, but for ``manifest.sig``, the signature of the manifest. `load_bundle` verifies the
hashes before anything is used; who signed is the business of `leuko.signature`.
"""

from leuko.bundle._arrays import read_arrays
from leuko.bundle._manifest import (
    ClassifierSpec,
    EdgeTPUSpec,
    GoldenSpec,
    Manifest,
    OwnCellsSpec,
    QuantisationSpec,
    SegmenterSpec,
    SplitSpec,
    Tolerance,
    TrainingSet,
)
from leuko.bundle._reading import (
    FORMAT,
    LARGEST_BYTES,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    ZIP_DAMAGE,
    ModelBundle,
    default_bundle_path,
    load_bundle,
)

__all__ = [
    "FORMAT",
    "LARGEST_BYTES",
    "MANIFEST_FILE",
    "SIGNATURE_FILE",
    "ZIP_DAMAGE",
    "ClassifierSpec",
    "EdgeTPUSpec",
    "GoldenSpec",
    "Manifest",
    "ModelBundle",
    "OwnCellsSpec",
    "QuantisationSpec",
    "SegmenterSpec",
    "SplitSpec",
    "Tolerance",
    "TrainingSet",
    "default_bundle_path",
    "load_bundle",
    "read_arrays",
]
