"""Commands on models: to int8, and what that costs."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from leuko.bundle import load_bundle
from leuko.cells import RGBImage
from leuko.images import find_images, read_image
from leuko.inference import LiteRTEngine, Patience
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

_PATIENCE = Patience(opening_s=60.0, run_s=60.0)
"""Nobody waits for a frame here, and a GPU in software takes seconds for one."""


def quantize(
    model: Annotated[Path, typer.Argument(help="Trained model, a .keras file.")],
    images: Annotated[
        Path,
        typer.Argument(help="Folder of images as the model will see them; their middle is used."),
    ],
    *,
    out: Annotated[Path, typer.Option(help="TFLite file to write.")],
    per_channel_dense: Annotated[
        bool,
        typer.Option(
            "--per-channel-dense",
            help="One scale for each output of a dense layer; the Edge TPU cannot read that.",
        ),
    ] = False,
    aware: Annotated[
        bool,
        typer.Option("--aware", help="First teach it on the images to lose less; takes minutes."),
    ] = False,
) -> None:
    """Convert one model to full int8 with uint8 input and outputs."""
    with quiet():
        from leuko_converter import quantize as quantisation
        from leuko_converter.aware import trained_aware
        from leuko_converter.flatbuffer import operators
        from leuko_converter.trained import load_trained
    trained = load_trained(model)
    height, width = quantisation.input_size(trained)
    views = [_middle(path, height, width) for path in find_images([images])]
    if aware:
        trained = trained_aware(trained, views)
    tflite = quantisation.quantize(trained, views, per_tensor_dense=not per_channel_dense)
    write(out, tflite)
    typer.echo(f"{out}: {len(tflite)} bytes, {', '.join(sorted(set(operators(tflite))))}")


def parity(
    *,
    segmenter: Segmenter = SEGMENTER,
    classifier: Classifier = CLASSIFIER,
    root: Root = DATASETS_ROOT,
    bundle: Annotated[Path, typer.Option(help="What the models became.")] = BUNDLE,
    results: Annotated[Path, typer.Option(help="Folder that the table goes to.")] = RESULTS,
    most_dice_lost: Annotated[
        float, typer.Option(help="Dice that the worst set may lose; more is an error.")
    ] = 0.005,
    most_points_lost: Annotated[
        float, typer.Option(help="Points of accuracy that may be lost; more is an error.")
    ] = 0.5,
) -> None:
    """Write what trained models lost as a bundle, on every backend; too much is an error."""
    from leuko.backends import ACCELERATORS

    with quiet():
        from leuko_converter.report import Limits, parity_report
        from leuko_converter.trained import load_trained, with_embedding
        from leuko_training.partition import TEST_FOLD, read_folds
    report = parity_report(
        load_trained(segmenter),
        with_embedding(load_trained(classifier)),
        load_bundle(bundle),
        read_folds(root, (TEST_FOLD,)),
        engine=LiteRTEngine(),
        accelerators=[replace(one, patience=_PATIENCE) for one in ACCELERATORS],
        limits=Limits(most_dice_lost, most_points_lost),
    )
    write(results / "parity.md", report.text.encode())
    typer.echo(report.text)
    if report.too_much:
        raise ConversionError(
            f"too much was lost by quantisation ({'; '.join(report.too_much)}); give more "
            "representative images, or train with quantisation in mind"
        )


def _middle(path: Path, height: int, width: int) -> RGBImage:
    image = read_image(path)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    if min(top, left) < 0:
        raise ConversionError(
            f"{path} is {image.shape[1]} x {image.shape[0]} pixels, the model takes "
            f"{width} x {height}; give images of that size or larger"
        )
    return image[top : top + height, left : left + width]
