"""Options that several commands share, and where things lie by default."""

from pathlib import Path
from typing import Annotated

import typer

from leuko.errors import OutputError

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


def write(path: Path, content: bytes) -> None:
    """Write a result, and make its folder if need be.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); free space or choose another place"
        ) from error
