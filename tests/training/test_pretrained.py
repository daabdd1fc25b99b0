"""Reading PyTorch's legacy files without PyTorch."""

import pickle  # ruff: ignore[suspicious-pickle-import] - to forge a bad file
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

from leuko_training.classifier import edge_classifier
from leuko_training.errors import DatasetError
from leuko_training.pretrained import imagenet_weights, read_state
from leuko_training.unet import edge_unet


@pytest.mark.parametrize("build", [lambda: edge_classifier(32), lambda: edge_unet(32, 32)])
def test_the_imagenet_weights_fit_both_models(build: Callable[[], keras.Model]) -> None:
    state, model = imagenet_weights(), build()
    kernel = model.get_layer("conv_stem").get_weights()[0]
    assert (kernel == state["_conv_stem.weight"].transpose(2, 3, 1, 0)).all()
    depthwise = model.get_layer("blocks_10_depthwise_conv").get_weights()[0]
    assert (depthwise == state["_blocks.10._depthwise_conv.weight"].transpose(2, 3, 0, 1)).all()
    mean = model.get_layer("blocks_10_bn1").get_weights()[2]
    assert (mean == state["_blocks.10._bn1.running_mean"]).all()


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Malice:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("run",)

    path = tmp_path / "weights.pth"
    path.write_bytes(b"".join(pickle.dumps(part) for part in (1, 2, 3, {"a": Malice()})))
    with pytest.raises(DatasetError, match="unexpected"):
        read_state(path)
