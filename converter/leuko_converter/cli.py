"""``leuko-convert``: trained models to full int8, and to the bundle a device loads."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from leuko import __version__
from leuko.bundle import load_bundle
from leuko.cells import RGBImage
from leuko.errors import LeukoError, OutputError
from leuko.images import find_images, read_image
from leuko.inference import LiteRTEngine
from leuko_converter._quiet import quiet
from leuko_converter.errors import ConversionError
from leuko_converter.package import zip_bundle

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Root = Annotated[
    Path, typer.Option("--datasets", envvar="LEUKO_DATASETS", help="Folder of all data sets.")
]
Segmenter = Annotated[Path, typer.Option(help="Trained segmenter, a .keras file.")]
Classifier = Annotated[Path, typer.Option(help="Trained classifier, a .keras file.")]

DATASETS_ROOT = Path("../shared/datasets")
SEGMENTER = Path("runs/segmenter-edge/model.keras")
CLASSIFIER = Path("runs/classifier-edge/model.keras")
CERTAINTY = Path("training/weights/certainty.json")
RESULTS = Path("docs/results")
BUNDLE = Path("device/leuko/bundles/default")


@app.command()
def quantize(
    model: Annotated[Path, typer.Argument(help="Trained model, a .keras file.")],
    images: Annotated[
        Path,
        typer.Argument(help="Folder of images as the model will see them; their middle is used."),
    ],
    out: Annotated[Path, typer.Option(help="TFLite file to write.")],
) -> None:
    """Convert one model to full int8 with uint8 input and outputs."""
    with quiet():
        from leuko_converter import quantize as quantisation
        from leuko_converter.flatbuffer import operators
        from leuko_converter.trained import load_trained
    trained = load_trained(model)
    height, width = quantisation.input_size(trained)
    views = [_middle(path, height, width) for path in find_images([images])]
    tflite = quantisation.quantize(trained, views)
    _write(out, tflite)
    typer.echo(f"{out}: {len(tflite)} bytes, {', '.join(sorted(set(operators(tflite))))}")


@app.command()
def parity(
    *,
    segmenter: Segmenter = SEGMENTER,
    classifier: Classifier = CLASSIFIER,
    root: Root = DATASETS_ROOT,
    bundle: Annotated[Path, typer.Option(help="What the models became.")] = BUNDLE,
    results: Annotated[Path, typer.Option(help="Folder that the table goes to.")] = RESULTS,
) -> None:
    """Write what trained models lost by becoming a bundle, on fold 0, to parity.md."""
    with quiet():
        from leuko_converter.report import parity_report
        from leuko_converter.trained import load_trained, with_embedding
        from leuko_training.partition import TEST_FOLD, read_folds
    report = parity_report(
        load_trained(segmenter),
        with_embedding(load_trained(classifier)),
        load_bundle(bundle),
        read_folds(root, (TEST_FOLD,)),
        engine=LiteRTEngine(),
    )
    _write(results / "parity.md", report.encode())
    typer.echo(report)


@app.command()
def bundle(
    *,
    out: Annotated[Path, typer.Option(help="Folder that the bundle goes to.")] = BUNDLE,
    segmenter: Segmenter = SEGMENTER,
    classifier: Classifier = CLASSIFIER,
    root: Root = DATASETS_ROOT,
    name: Annotated[str, typer.Option(help="Name of the bundle.")] = "leuko-default",
    version: Annotated[str, typer.Option(help="Version of its content.")] = __version__,
    certainty: Annotated[
        Path, typer.Option(help="How far probabilities are believed; leuko-train transfer says.")
    ] = CERTAINTY,
    views: Annotated[
        int, typer.Option(min=1, help="Images that the range of every activation is taken from.")
    ] = 200,
    without: Annotated[
        list[str] | None, typer.Option(help="Data set that is passed over; again for more.")
    ] = None,
    zip_file: Annotated[
        Path | None, typer.Option("--zip", help="Pack the bundle into this file, too.")
    ] = None,
) -> None:
    """Convert a trained segmenter and classifier, and write the bundle of both."""
    with quiet():
        from leuko_converter import assemble
        from leuko_converter.trained import load_trained, with_embedding
        from leuko_training.certainty import read_certainty
    written = assemble.assemble_bundle(
        load_trained(segmenter),
        with_embedding(load_trained(classifier)),
        assemble.read_material(root, without=without or ()),
        out,
        certainty=read_certainty(certainty),
        bundle_id=name,
        version=version,
        views=views,
        engine=LiteRTEngine(),
    )
    if zip_file:
        zip_bundle(out, zip_file)
    size = sum(len(content) for content in written.files.values())
    typer.echo(f"{written.label} in {out}: {len(written.files)} files, {size / 1e6:.2f} MB")


def _middle(path: Path, height: int, width: int) -> RGBImage:
    image = read_image(path)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    if min(top, left) < 0:
        raise ConversionError(
            f"{path} is {image.shape[1]} x {image.shape[0]} pixels, the model takes "
            f"{width} x {height}; give images of that size or larger"
        )
    return image[top : top + height, left : left + width]


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); free space or choose another place"
        ) from error


def main() -> None:
    """Run the command line; what a user can mend becomes one line and exit code 1."""
    try:
        app()
    except LeukoError as error:
        typer.echo(f"leuko-convert: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
