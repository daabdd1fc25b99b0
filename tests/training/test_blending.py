"""Weights between those before and those after something more was taught."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko_training import runs
from leuko_training.blending import blend
from leuko_training.datasets import LabelledImage
from leuko_training.fit import Schedule
from leuko_training.masks import Colours, MaskSampler, parted_colours, usual_colours
from leuko_training.runs import PARTED_SHARE, train_segmenter
from leuko_training.scales import SEGMENTER_SIZE

MakeItem = Callable[..., LabelledImage]
View = tuple[RGBImage, NDArray[np.uint8]]
SHORT = Schedule(epochs=1, steps=1, batch_size=2, learning_rate=1e-2)


def model() -> keras.Model:
    given = keras.Input((2,))
    return keras.Model(given, keras.layers.Dense(1)(keras.layers.BatchNormalization()(given)))


def test_a_blended_model_lies_part_of_the_way() -> None:
    taught = model()
    before = [np.zeros_like(one) for one in taught.get_weights()]
    taught.set_weights([np.full_like(one, 3.0) for one in before])
    blended = blend(taught, before, share=2 / 3)
    assert blended is taught
    assert all(one == pytest.approx(2.0) for one in taught.get_weights())


def test_weights_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        blend(model(), [np.zeros(2, np.float32)], share=0.5)


def test_a_segmenter_is_blended_of_what_it_learnt_first_and_last(
    make_item: MakeItem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[Colours] = []

    class NotedSampler(MaskSampler):
        def draw(self, rng: Generator, *, colours: Colours = usual_colours) -> View:
            if colours not in learnt:
                learnt.append(colours)
            return super().draw(rng, colours=colours)

    monkeypatch.setattr(runs, "MaskSampler", NotedSampler)
    # One layer: what the trainings take here is TensorFlow's tracing of each weight.
    given = keras.Input((SEGMENTER_SIZE, SEGMENTER_SIZE, 3))
    untaught = keras.Model(
        given, keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(given)
    )
    items = [make_item()]
    train_segmenter(untaught, items, items, schedule=SHORT, parted=SHORT, folder=tmp_path)
    first, last, kept = (
        keras.saving.load_model(tmp_path / path, compile=False).get_weights()
        for path in ("usual/model.keras", "parted/model.keras", "model.keras")
    )
    assert learnt == [usual_colours, parted_colours]
    assert any((one != other).any() for one, other in zip(first, last, strict=True))
    for one, other, between in zip(first, last, kept, strict=True):
        assert between == pytest.approx(one + PARTED_SHARE * (other - one), abs=1e-5)
