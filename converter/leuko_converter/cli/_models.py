"""Commands on models: to int8, and what that costs."""

from pathlib import Path
from typing import Annotated

import typer

from leuko.bundle import load_bundle
from leuko.cells import RGBImage
from leuko.images import find_images, read_image
from leuko.inference import LiteRTEngine
from leuko_converter._quiet import quiet
from leuko_converter.cli._options import (
    BUNDLE,
    CLASSIFIER,
    DATASETS_ROOT,
    RESULTS,
    SEGMENTER,
    Classifier,
    Root,
    Segmenter,
    write,
)
from leuko_converter.errors import ConversionError


def quantize(
    model: Annotated[Path, typer.Argument(help="Trained model, a .keras file.")],
    images: Annotated[
        Path,
        typer.Argument(help="Folder of images as the model will see them; their middle is used."),
    ],
    *,
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
    write(out, tflite)
    typer.echo(f"{out}: {len(tflite)} bytes, {', '.join(sorted(set(operators(tflite))))}")


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
    write(results / "parity.md", report.encode())
    typer.echo(report)


def _middle(path: Path, height: int, width: int) -> RGBImage:
    image = read_image(path)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    if min(top, left) < 0:
        raise ConversionError(
            f"{path} is {image.shape[1]} x {image.shape[0]} pixels, the model takes "
            f"{width} x {height}; give images of that size or larger"
        )
    return image[top : top + height, left : left + width]
