"""The four architectures: sizes, ranges and weights."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest

from leuko.cells import CellClass
from leuko_training.classifier import EMBEDDING, edge_classifier, paper_cnn
from leuko_training.datasets import LabelledImage
from leuko_training.fit import Schedule
from leuko_training.losses import (
    cross_entropy_and_dice,
    cross_entropy_beside_shares,
    dice,
    named_right,
)
from leuko_training.runs import train_segmenter, untrained
from leuko_training.scales import SEGMENTER_SIZE
from leuko_training.unet import edge_unet, paper_unet

SHORT = Schedule(epochs=1, steps=1, batch_size=2, learning_rate=1e-2)
untrained_edge_unet = partial(edge_unet, pretrained=False)
tiny_paper_unet = partial(paper_unet, filters=(2, 3, 4, 5, 6))


@pytest.mark.parametrize("build", [untrained_edge_unet, tiny_paper_unet])
def test_a_segmenter_maps_every_pixel_to_a_probability(build: Callable[..., keras.Model]) -> None:
    model = build(32, 48)
    image = np.random.default_rng(1).random((2, 32, 48, 3), np.float32)
    out = np.asarray(model(image))
    assert out.shape == (2, 32, 48, 1)
    assert out.min() >= 0
    assert out.max() <= 1


def test_the_edge_segmenter_has_under_an_eighth_of_the_published_weights() -> None:
    edge, paper = untrained_edge_unet(64, 64), paper_unet(64, 64)
    assert edge.count_params() * 8 < paper.count_params()


def test_the_published_segmenter_has_the_published_filters() -> None:
    counts = [
        layer.filters
        for layer in paper_unet(64, 64).layers
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (3, 3)
    ]
    down = [32, 32, 64, 64, 128, 128, 256, 256, 512, 512]
    assert counts == [*down, 256, 256, 128, 128, 64, 64, 32, 32]


@pytest.mark.parametrize("build", [paper_cnn, lambda size: edge_classifier(size, pretrained=False)])
def test_a_classifier_gives_probabilities_and_an_embedding(
    build: Callable[..., keras.Model],
) -> None:
    probabilities, embedding = build(32)(np.zeros((2, 32, 32, 3), np.float32))
    assert np.asarray(probabilities).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert probabilities.shape == (2, len(CellClass))
    assert embedding.shape == (2, EMBEDDING)


def test_the_published_cnn_has_eleven_convolutions_and_about_135_thousand_weights() -> None:
    model = paper_cnn(128)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == 11
    assert model.count_params() == pytest.approx(135_000, rel=0.1)


@pytest.mark.parametrize(
    ("build", "learnt"),
    [
        (partial(edge_classifier, 32, pretrained=False), 0),
        (partial(untrained_edge_unet, 32, 32), 5),
    ],
)
def test_normalisation_of_what_imagenet_taught_is_frozen(
    build: Callable[[], keras.Model], learnt: int
) -> None:
    norms = [x for x in build().layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(norms) > 30
    # Those of the decoder, which ImageNet has not taught, learn.
    own = [norm for norm in norms if norm.trainable]
    assert len(own) == learnt
    assert not any(norm.name.startswith(("bn0", "blocks")) for norm in own)


def test_a_training_begins_with_the_same_weights_each_time() -> None:
    build = partial(tiny_paper_unet, 32, 32)
    first, again = (untrained(build, SHORT).get_weights() for _ in range(2))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    other = untrained(build, replace(SHORT, seed=2)).get_weights()
    assert any((one != two).any() for one, two in zip(first, other, strict=True))


def test_a_segmenter_learns_from_masked_views_and_is_kept(
    make_item: Callable[..., LabelledImage], tmp_path: Path
) -> None:
    # One layer: what a training takes here is TensorFlow's tracing of each weight.
    given = keras.Input((SEGMENTER_SIZE, SEGMENTER_SIZE, 3))
    seen = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(given)
    model = keras.Model(given, seen)
    before = model.get_weights()
    train_segmenter(model, [make_item()], [make_item(1)], schedule=SHORT, folder=tmp_path)
    kept = keras.saving.load_model(tmp_path / "model.keras").get_weights()
    assert all((one != two).all() for one, two in zip(before, kept, strict=True))


def test_a_perfect_map_has_no_loss_and_a_dice_of_one() -> None:
    truth = np.zeros((2, 16, 16, 1), np.float32)
    truth[:, 4:10, 4:10] = 1
    assert float(cross_entropy_and_dice(truth, truth)) == pytest.approx(0, abs=1e-3)
    assert float(dice(truth, truth)) == pytest.approx(1)


def test_a_wrong_map_has_a_dice_near_zero() -> None:
    truth = np.zeros((2, 16, 16, 1), np.float32)
    truth[:, 4:10, 4:10] = 1
    assert float(dice(truth, 1 - truth)) < 0.05


def test_beside_equal_shares_the_loss_is_cross_entropy() -> None:
    wanted = np.array([[1, 0], [1, 0]], np.float32)
    # The second is all but ruled out: what is wrong and sure of it is learnt from most.
    told = np.array([[0.8, 0.2], [1e-12, 1]], np.float32)
    truth = np.stack([wanted, np.full_like(wanted, 0.5)], axis=1)
    loss = np.asarray(cross_entropy_beside_shares(truth, told))
    assert loss == pytest.approx(-np.log([0.8, 1e-12]), abs=1e-3)


def test_what_a_data_set_alone_tells_is_not_learnt() -> None:
    shares = np.array([0.9, 0.1], np.float32)
    truth = np.stack([np.eye(2, dtype=np.float32), [shares, shares]], axis=1)

    def loss(first: float) -> float:
        told = np.array([[first, 1 - first]] * 2, np.float32)
        return float(np.asarray(cross_entropy_beside_shares(truth, told)) @ shares)

    assert loss(0.5) < loss(0.9)
    assert loss(0.5) < loss(0.1)


def test_a_cell_is_named_right_by_its_likeliest_class() -> None:
    wanted = np.array([[0.9, 0.1], [0.9, 0.1]], np.float32)
    truth = np.stack([wanted, np.full_like(wanted, 0.5)], axis=1)
    told = np.array([[0.6, 0.4], [0.4, 0.6]], np.float32)
    assert np.asarray(named_right(truth, told)).tolist() == [1, 0]
