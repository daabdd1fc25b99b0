"""A bundle with twins for the Edge TPU, made from one without them."""

import hashlib
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from leuko.bundle import ModelBundle
from leuko.errors import OutputError
from leuko.verification import model_contents
from leuko_converter.edgetpu._compiler import (
    COMPILER,
    LEAST_MAPPED,
    compile_models,
    compiled_name,
)
from leuko_converter.edgetpu._log import CompiledModel
from leuko_converter.package import put_bundle


def add_twins(
    bundle: ModelBundle,
    folder: Path,
    *,
    compiler: str = COMPILER,
    least_mapped: float = LEAST_MAPPED,
) -> tuple[ModelBundle, tuple[CompiledModel, ...]]:
    """Compile a bundle's models together, write a bundle that has them, and return the log, too.

    The new bundle has another manifest, so it has no signature. Equal compiled models give equal
    bytes. Nothing is written if the compiler or one of its models is refused.

    Args:
        bundle: what to compile; twins that it has already are replaced.
        folder: where the new bundle goes to; nothing may be there yet.
        compiler: the program.
        least_mapped: share of operators that must run on the Edge TPU.

    Raises:
        CompilerError: see `compile_models`.
        OutputError: the folder is there already, or cannot be written to.
    """
    if folder.exists():
        raise OutputError(f"{folder} is there already; name a new folder for the bundle with twins")
    with tempfile.TemporaryDirectory() as work:
        models = _laid_out(bundle, Path(work))
        out = Path(work) / "compiled"
        log = compile_models(
            list(models.values()), out, compiler=compiler, least_mapped=least_mapped
        )
        names = {role: compiled_name(model) for role, model in models.items()}
        twins = {name: (out / name).read_bytes() for name in names.values()}
    return _written(bundle, folder, names, twins), log


def _laid_out(bundle: ModelBundle, folder: Path) -> Mapping[str, Path]:
    """Write the models under names that tell them apart, whatever the bundle calls them."""
    models = {role: folder / f"{role}.tflite" for role in model_contents(bundle)}
    for role, content in model_contents(bundle).items():
        models[role].write_bytes(content)
    return models


def _written(
    bundle: ModelBundle, folder: Path, names: Mapping[str, str], twins: Mapping[str, bytes]
) -> ModelBundle:
    manifest = tomllib.loads(bundle.manifest_bytes.decode())
    replaced = bundle.manifest.edgetpu.names if bundle.manifest.edgetpu else ()
    kept = {name: content for name, content in bundle.files.items() if name not in replaced}
    files = {**kept, **twins}
    manifest["edgetpu"] = dict(names)
    manifest["files"] = {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    return put_bundle(folder, files, manifest)
