"""The model bundle: a folder or zip with the models and all that must be known to use them.

A bundle holds ``manifest.toml``, the models it names, and golden inputs with the outputs they
must give. Every file that counts is listed in the manifest with its sha256; what is not listed
is not read. `load_bundle` verifies all of it before anything is used.
"""

from leuko.bundle._manifest import (
    ClassifierSpec,
    EdgeTPUSpec,
    GoldenSpec,
    Manifest,
    QuantisationSpec,
    SegmenterSpec,
    SplitSpec,
    Tolerance,
    TrainingSet,
)
from leuko.bundle._reading import (
    FORMAT,
    LARGEST_BYTES,
    ModelBundle,
    default_bundle_path,
    load_bundle,
)

__all__ = [
    "FORMAT",
    "LARGEST_BYTES",
    "ClassifierSpec",
    "EdgeTPUSpec",
    "GoldenSpec",
    "Manifest",
    "ModelBundle",
    "QuantisationSpec",
    "SegmenterSpec",
    "SplitSpec",
    "Tolerance",
    "TrainingSet",
    "default_bundle_path",
    "load_bundle",
]
