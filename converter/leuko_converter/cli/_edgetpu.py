"""Commands for the Coral Edge TPU."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated
from zipfile import is_zipfile

import typer

from leuko.bundle import default_bundle_path, load_bundle
from leuko_converter.errors import CompilerError, ConversionError

if TYPE_CHECKING:
    from leuko_converter.edgetpu import CompiledModel, Finding, ModelCheck

Models = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="MODEL", help="TFLite files, or bundles, folder or zip; else the shipped."
    ),
]


def check_edgetpu(models: Models = None) -> None:
    """Say which operators would run on the CPU beside an Edge TPU, and why; needs no compiler."""
    from leuko_converter.edgetpu import ON_CHIP_BYTES, check_model, require_together

    given = _contents(models)
    checks = [(name, content, check_model(content)) for name, content in given]
    for name, _, check in checks:
        for line in _lines(name, check):
            typer.echo(line)
    needed = [check.memory.parameters for _, _, check in checks]
    together = None if None in needed else sum(size for size in needed if size)
    busiest = max(check.memory.activations for _, _, check in checks)
    typer.echo(
        f"together {_megabytes(together)} of parameters and at most {_megabytes(busiest)} of "
        f"activations; the chip has {_megabytes(ON_CHIP_BYTES)}"
    )
    require_together({name: content for name, content, check in checks if check.compiled})
    for path in models or [default_bundle_path()]:
        if _is_bundle(path):
            typer.echo(_told_twins(path))
    refused = [name for name, _, check in checks if not check.is_ok]
    if refused:
        raise CompilerError(
            f"{', '.join(refused)} would run partly on the CPU; change what is named above"
        )


def compile_edgetpu(
    models: Models = None,
    *,
    out: Annotated[Path | None, typer.Option(help="Folder for the compiled models alone.")] = None,
    bundle_out: Annotated[
        Path | None, typer.Option(help="New folder for a bundle that has them as twins.")
    ] = None,
    compiler: Annotated[str, typer.Option(help="The compiler's program.")] = "edgetpu_compiler",
    least: Annotated[
        float, typer.Option(min=0, max=1, help="Share of operators that must be mapped.")
    ] = 0.9,
) -> None:
    """Compile models together for the Edge TPU, and refuse what it maps too little of."""
    from leuko_converter.edgetpu import add_twins, compile_models

    if out is not None and bundle_out is None:
        with TemporaryDirectory() as folder:
            files = _files(models, Path(folder))
            _tell(compile_models(files, out, compiler=compiler, least_mapped=least))
    elif bundle_out is not None and out is None:
        bundle = load_bundle(_one_bundle(models))
        written, log = add_twins(bundle, bundle_out, compiler=compiler, least_mapped=least)
        _tell(log)
        lost = "without the old one's signature; sign it anew" if bundle.signature else "sign it"
        typer.echo(f"{written.label} in {bundle_out} has twins for the Edge TPU, {lost}")
    else:
        raise typer.BadParameter("give either --out FOLDER or --bundle-out FOLDER")


def _one_bundle(models: list[Path] | None) -> Path:
    path, *others = models or [default_bundle_path()]
    if others:
        raise typer.BadParameter("--bundle-out takes one bundle, its folder or zip")
    return path


def _tell(log: Sequence["CompiledModel"]) -> None:
    for one in log:
        typer.echo(
            f"{Path(one.compiled).name}: {one.mapped} of {one.operators} operators mapped, "
            f"{_megabytes(one.on_chip_bytes)} cached, {_megabytes(one.off_chip_bytes)} streamed"
        )


def _told_twins(path: Path) -> str:
    from leuko_converter.edgetpu import check_model, require_together

    bundle = load_bundle(path)
    if bundle.manifest.edgetpu is None:
        return "no twins for the Edge TPU; compile-edgetpu --bundle-out makes a bundle with them"
    twins = {name: bundle.files[name] for name in bundle.manifest.edgetpu.names}
    require_together(twins)
    checks = [check_model(content) for content in twins.values()]
    left = sum(check.operators - check.compiled for check in checks)
    return (
        f"twins for the Edge TPU, compiled together: {', '.join(twins)}; "
        f"{left} of their operators are left to the CPU"
    )


def _contents(models: list[Path] | None) -> Sequence[tuple[str, bytes]]:
    """Return models by their names: those given, and those of the bundles given."""
    return [one for path in models or [default_bundle_path()] for one in _contents_of(path)]


def _contents_of(path: Path) -> Sequence[tuple[str, bytes]]:
    if not _is_bundle(path):
        return [(path.name, _content(path))]
    bundle = load_bundle(path)
    manifest = bundle.manifest
    names = (manifest.segmenter.locator, manifest.segmenter.outliner, manifest.classifier.model)
    return [(name, bundle.files[name]) for name in names]


def _files(models: list[Path] | None, folder: Path) -> Sequence[Path]:
    """Return the files of models; those of a zip are unpacked into a folder."""
    files = []
    for path in models or [default_bundle_path()]:
        for name, content in _contents_of(path):
            file = path / name if path.is_dir() else path
            if path.is_file() and _is_bundle(path):
                file = folder / name
                file.write_bytes(content)
            files.append(file)
    return files


def _is_bundle(path: Path) -> bool:
    return path.is_dir() or is_zipfile(path)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConversionError(
            f"{file} cannot be read ({error.strerror}); give a TFLite file, or a "
            "bundle's folder or zip"
        ) from error


def _lines(name: str, check: "ModelCheck") -> Iterator[str]:
    if check.compiled:
        yield (
            f"{name}: compiled; {check.operators - check.compiled} of {check.operators} "
            "operators are left to the CPU"
        )
    else:
        mapped = check.operators - check.on_cpu
        rest = f", {check.open} open, which only the compiler can tell" if check.open else ""
        yield f"{name}: {mapped} of {check.operators} operators obey the rules{rest}"
    for what, findings in (("CPU", (*check.refused, *check.following)), ("open", check.doubtful)):
        for finding in findings:
            yield f"  {what}  {_told(finding)}"
    memory = check.memory
    yield (
        f"  {_megabytes(memory.parameters)} of parameters, at most "
        f"{_megabytes(memory.activations)} of activations"
    )


def _told(finding: "Finding") -> str:
    return f"{finding.position:3} {finding.operator} {finding.reason}"


def _megabytes(size: int | None) -> str:
    return "an unknown size" if size is None else f"{size / 1e6:.2f} MB"
