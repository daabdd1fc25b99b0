"""Splits."""

from collections.abc import Callable
from pathlib import Path

from leuko_training.datasets import LabelledImage
from leuko_training.partition import TRAINING_FOLDS, partition, read_everything

MakeItem = Callable[..., LabelledImage]


def test_groups_stay_together_and_only_the_last_fold_watches(make_item: MakeItem) -> None:
    items = [
        make_item(0, group=f"slide {number // 5 % 20}", fold=str(1 + number % 4))
        for number in range(400)
    ]
    training, validation = partition(items)
    assert len(training) + len(validation) == len(items)
    assert {item.fold for item in validation} == {"4"}
    watched = {item.group for item in validation}
    assert len(watched) == 5
    assert not watched & {item.group for item in training if item.fold == "4"}


def test_every_laboratory_watches_over_the_training(make_item: MakeItem) -> None:
    items = [
        make_item(0, dataset=dataset, group=str(group), fold="4")
        for dataset in ("bccd", "krd-wbc", "pbc")
        for group in range(2)
    ]
    _, validation = partition(items)
    assert sorted(item.dataset for item in validation) == ["bccd", "krd-wbc", "pbc"]


def test_a_slide_that_two_sets_show_watches_in_both_or_in_neither(make_item: MakeItem) -> None:
    items = [
        make_item(0, dataset=dataset, group=str(group), fold="4")
        for dataset in ("bcisc_crops", "bcisc_fields")
        for group in range(8)
    ]
    _, validation = partition(items)
    slides = {
        name: {i.group for i in validation if i.dataset == name}
        for name in ("bcisc_crops", "bcisc_fields")
    }
    assert slides["bcisc_crops"] == slides["bcisc_fields"]
    assert len(slides["bcisc_crops"]) == 2


def test_neither_the_test_fold_nor_the_left_out_microscope_is_read(datasets: Path) -> None:
    folds = {item.fold for item in read_everything(datasets)}
    assert folds == set(TRAINING_FOLDS)
