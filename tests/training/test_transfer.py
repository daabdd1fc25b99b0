"""Laboratories left out in turn, and what is made of the answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.certainty import tempered
from leuko.errors import OutputError, SettingsError
from leuko_training.answers import CLASSES, Answers
from leuko_training.certainty import (
    UNCLASSIFIED,
    Certainty,
    calibration_error,
    choose,
    error_by_chance,
    judge,
    read_certainty,
    write_certainty,
)
from leuko_training.crops import Crop
from leuko_training.cut_cells import LabelledCell
from leuko_training.datasets import LabelledImage
from leuko_training.errors import DatasetError
from leuko_training.fit import Schedule
from leuko_training.metrics import Proportion
from leuko_training.recipes import RECIPES, SHIPPED
from leuko_training.simulated import simulated_crops
from leuko_training.transfer import (
    LABORATORIES,
    PROXY_GROUPS,
    Places,
    Trial,
    Tried,
    WholeFigures,
    ask,
    choose_shipped,
    figures_of,
    finished,
    keep,
    planned,
    record_of_shipped,
    record_of_transfer,
    render_transfer,
    train_without,
    transfer_and_report,
    write_transfer,
)

MakeItem = Callable[..., LabelledImage]
FIVE = CLASSES[:5]
SHIPPED_NAME = next(name for name, recipe in RECIPES.items() if recipe is SHIPPED)
SMALL = replace(SHIPPED, style=replace(SHIPPED.style, size=32, um_per_px=0.64))
BRIEF = Schedule(epochs=1, steps=1, batch_size=2, learning_rate=1e-3)


def answers(dataset: str, *, right: int, wrong: int, sure: float = 0.9) -> Answers:
    """Say so many times the truth, and so many times another class, always as sure."""
    truths = np.arange(right + wrong) % 5
    said = np.where(np.arange(right + wrong) < right, truths, (truths + 1) % 5)
    probabilities = np.full((right + wrong, 8), (1 - sure) / 7, np.float32)
    probabilities[np.arange(right + wrong), said] = sure
    return said_of(dataset, truths, probabilities)


def said_of(dataset: str, truths: NDArray[Any], probabilities: NDArray[Any]) -> Answers:
    names, folds = np.array([dataset] * len(truths)), np.array(["1"] * len(truths))
    return Answers(names, truths, probabilities, np.roll(probabilities, 1, axis=1), folds)


def said_torn(dataset: str, truth: CellClass) -> Answers:
    """Say of a hundred cells of one class: an eosinophil, or nearly as likely a neutrophil."""
    neutrophil, eosinophil = CLASSES.index(FIVE[0]), CLASSES.index(CellClass.EOSINOPHIL)
    torn = np.full((100, 8), 0.02, np.float32)
    torn[:, neutrophil], torn[:, eosinophil] = 0.4, 0.48
    return said_of(dataset, np.full(100, CLASSES.index(truth)), torn)


def alone(said: Sequence[Answers]) -> list[Tried]:
    """Leave out one laboratory each."""
    return [Tried(Trial(SHIPPED_NAME, (one.names[0],), 1, is_short=False), one) for one in said]


def cell(dataset: str, label: CellClass, *, side: int = 290, fold: str = "1") -> LabelledCell:
    image = np.full((side, side, 3), 235, np.uint8)
    mask = np.zeros((side, side), np.uint8)
    image[side // 3 : -side // 3, side // 3 : -side // 3] = 90
    mask[side // 3 : -side // 3, side // 3 : -side // 3] = 255
    item = LabelledImage(dataset, Path("a.png"), None, label, "1", fold, 0.11)
    return LabelledCell(item, Crop(image, mask, 0.11, label, dataset))


def tried(recipe: str, *, is_short: bool) -> list[Tried]:
    groups = PROXY_GROUPS if is_short else tuple((name,) for name in LABORATORIES)
    return [
        Tried(
            Trial(recipe, group, 1, is_short),
            Answers.joined(
                [answers(LABORATORIES[name][0], right=8, wrong=2) for name in group],
            ),
        )
        for group in groups
    ]


def test_no_cell_of_a_laboratory_left_out_is_learnt_from(tmp_path: Path) -> None:
    known = [cell("pbc", label) for label in FIVE]
    # Nothing can be drawn from an empty crop.
    empty = Crop(np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.uint8), 0.11, FIVE[0], "bccd")
    unusable = [
        LabelledCell(cell("bccd", FIVE[0]).item, empty),
        LabelledCell(cell("pbc", FIVE[0], fold="0").item, empty),
    ]
    model = train_without(
        ["bccd"], [*known, *unusable], [], recipe=SMALL, schedule=BRIEF, folder=tmp_path
    )
    said = ask(model, known, SMALL)
    assert said.probabilities.shape == (5, 8)
    assert said.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_full_plan_leaves_out_every_laboratory_and_a_short_one_each_once() -> None:
    full = planned([SHIPPED_NAME], seeds=2, is_short=False)
    short = planned([SHIPPED_NAME], seeds=1, is_short=True)
    assert len(full) == 2 * len(LABORATORIES)
    assert sorted(name for trial in short for name in trial.left_out) == sorted(LABORATORIES)


def test_an_unknown_recipe_or_laboratory_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'magic'"):
        planned(["magic"], seeds=1, is_short=True)
    with pytest.raises(DatasetError, match="'mars'"):
        train_without(["mars"], [], [], recipe=SMALL, schedule=BRIEF, folder=tmp_path)


def test_answers_are_the_same_after_they_were_written(tmp_path: Path) -> None:
    said = answers("pbc", right=3, wrong=2)
    said.write(tmp_path / "answers.npz")
    again = Answers.read(tmp_path / "answers.npz")
    assert (again.datasets == said.datasets).all()
    assert (again.truths == said.truths).all()
    assert (again.probabilities == said.probabilities).all()
    assert (again.as_they_are == said.as_they_are).all()
    both = Answers.joined([again, answers("bccd", right=1, wrong=0)])
    assert (both.of("pbc").as_they_are == said.as_they_are).all()
    assert (both.of("pbc").as_they_are != said.probabilities).any()


def test_answers_of_another_version_are_refused_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "answers.npz", datasets=np.array(["pbc"]))
    with pytest.raises(DatasetError, match=r"answers\.npz was written by another version"):
        Answers.read(tmp_path / "answers.npz")


def test_kept_answers_of_long_trials_stand_in_for_trainings_that_are_gone(tmp_path: Path) -> None:
    runs, kept = tmp_path / "runs", tmp_path / "kept"
    keep([*tried(SHIPPED_NAME, is_short=True), *tried(SHIPPED_NAME, is_short=False)], kept)
    (own, *others) = tried(SHIPPED_NAME, is_short=False)
    (runs / own.trial.name).mkdir(parents=True)
    answers("segmentation_wbc_1", right=1, wrong=2).write(runs / own.trial.name / "answers.npz")
    found = dict(finished(runs, kept))
    assert set(found) == {own.trial, *(one.trial for one in others)}
    assert found[own.trial].accuracy.n == 3
    assert {found[one.trial].accuracy.n for one in others} == {10}


def test_a_report_is_written_of_kept_answers_when_every_training_is_gone(tmp_path: Path) -> None:
    places = Places(
        root=tmp_path / "datasets",
        folder=tmp_path / "runs",
        results=tmp_path / "results",
        segmenter=tmp_path / "segmenter.keras",
        certainty=tmp_path / "certainty.json",
    )
    places.segmenter.touch()
    keep(tried(SHIPPED_NAME, is_short=False), places.kept)
    transfer_and_report((), places, whole=True)
    text = (places.results / "transfer.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in text for name in LABORATORIES)
    assert read_certainty(places.certainty).prior_strength > 0


def test_answers_that_cannot_be_kept_are_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another folder"):
        keep(tried(SHIPPED_NAME, is_short=False), tmp_path / "file")


def test_accuracy_counts_the_likeliest_of_the_five_classes_alone() -> None:
    said = answers("pbc", right=4, wrong=1)
    artefact = CLASSES.index(CellClass.PLATELET_OR_ARTEFACT)
    said.probabilities[0, artefact] = 2.0
    assert (said.accuracy.hits, said.accuracy.n) == (4, 5)


def test_sureness_that_is_not_earned_is_tempered() -> None:
    overdone = answers("pbc", right=60, wrong=40, sure=0.99)
    certainty = choose(overdone)
    assert certainty.temperature > 1.5
    before = calibration_error(np.full(100, 0.99), np.arange(100) < 60)
    assert before == pytest.approx(0.39)
    assert judge(overdone, certainty).calibration_error < before


def test_the_threshold_leaves_out_no_more_than_it_may_with_every_set_counting_alike() -> None:
    rng = np.random.default_rng(2)
    parts = []
    for name, size in (("pbc", 2000), ("bccd", 200)):
        drawn = rng.dirichlet((0.3,) * 8, size).astype(np.float32)
        parts.append(said_of(name, drawn[:, :5].argmax(axis=1), drawn))
    both = Answers.joined(parts)
    certainty = choose(both)
    shares = [judge(part, certainty).unclassified.percent or 0.0 for part in parts]
    assert np.mean(shares) == pytest.approx(100 * UNCLASSIFIED, abs=1)


def test_probabilities_at_temperature_one_stay_and_at_a_higher_one_come_together() -> None:
    sharp = np.array([0.9, 0.1, 0.0])
    assert tempered(sharp, 1.0) == pytest.approx(sharp)
    warm = tempered(sharp, 2.0)
    assert warm == pytest.approx([0.75, 0.25, 0.0])


def test_a_certainty_survives_its_file_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "certainty.json"
    write_certainty(Certainty(1.5, 0.6, 0.3), path, source="a test")
    assert read_certainty(path) == Certainty(1.5, 0.6, 0.3)
    path.write_text("{}")
    with pytest.raises(SettingsError, match="leuko-train transfer"):
        read_certainty(path)


def test_a_prior_makes_common_classes_likelier_and_leaves_the_others() -> None:
    weights = dict(zip(CLASSES, Certainty(1.0, 0.5, 0.3).class_weights, strict=True))
    five = [weights[name] for name in FIVE]
    assert five == sorted(five, reverse=True)
    assert np.prod(five) == pytest.approx(1, abs=0.01)
    assert {weights[name] for name in CLASSES[5:]} == {1.0}
    assert set(Certainty(1.0, 0.5).class_weights) == {1.0}


class Namesake:
    """Calls every cell a neutrophil, and keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[NDArray[Any]] = []

    def predict_on_batch(self, x: NDArray[Any]) -> NDArray[Any]:
        self.shown.append(x)
        return np.tile(np.eye(8, dtype=np.float32)[0], (len(x), 1))


def test_a_left_out_laboratory_is_known_by_the_names_it_was_given_and_not_by_labels() -> None:
    even = replace(SHIPPED, style=replace(SHIPPED.style, even=True))
    crops = simulated_crops(1)

    def shown(label: CellClass | None) -> NDArray[Any]:
        model = Namesake()
        cells = [
            LabelledCell(cell("pbc", FIVE[0]).item, replace(crop, label=label or crop.label))
            for crop in crops
            if crop.label.is_counted
        ]
        ask(model, cells, even)
        first, *_, last = model.shown
        assert not np.array_equal(first, last)
        return last

    assert np.array_equal(shown(None), shown(CellClass.BASOPHIL))


class ByDarkness(Namesake):
    """Calls a cell a neutrophil the more, the brighter its view is, and else a lymphocyte."""

    def predict_on_batch(self, x: NDArray[Any]) -> NDArray[Any]:
        super().predict_on_batch(x)
        bright = x.mean(axis=(1, 2, 3))
        return np.stack([bright, 1 - bright, *np.zeros((6, len(x)))], axis=1).astype(np.float32)


def test_a_tenth_of_what_is_said_of_a_cell_is_of_it_as_it_is() -> None:
    even, model = replace(SHIPPED, style=replace(SHIPPED.style, even=True)), ByDarkness()
    cells = [
        LabelledCell(cell("pbc", FIVE[0]).item, crop)
        for crop in simulated_crops(1)
        if crop.label.is_counted
    ]
    said = ask(model, cells, even)
    as_they_are, *_, evened = (views.mean(axis=(1, 2, 3)) for views in model.shown)
    assert said.as_they_are[:, 0] == pytest.approx(as_they_are)
    assert said.probabilities[:, 0] == pytest.approx(0.9 * evened + 0.1 * as_they_are)
    assert abs(evened - as_they_are).max() > 0.01


def test_a_cell_between_two_classes_is_given_the_commoner_one() -> None:
    said = said_torn("krd-wbc", FIVE[0])
    assert said.accuracy.hits == 0
    assert judge(said, choose(said)).five_way.hits == 100


def test_the_report_has_a_row_for_each_laboratory_and_their_mean() -> None:
    text = render_transfer(tried(SHIPPED_NAME, is_short=False), {})
    assert all(f"| {name} |" in text for name in LABORATORIES)
    assert "**80.0 %**" in text


def test_the_report_says_what_a_prior_that_only_other_laboratories_chose_is_worth() -> None:
    neutrophils = said_torn("bccd", FIVE[0])
    eosinophils = said_torn("pbc", CellClass.EOSINOPHIL)
    assert "mean is 0.0 %." in render_transfer(alone([neutrophils, eosinophils]), {})
    alike = said_torn("krd-wbc", FIVE[0])
    assert "mean is 100.0 %." in render_transfer(alone([neutrophils, alike]), {})


def test_the_report_says_how_the_worst_laboratory_fares_by_prior() -> None:
    one, other = answers("bccd", right=10, wrong=0), answers("pbc", right=0, wrong=10)
    text = render_transfer(alone([one, other]), {})
    assert "| mean | 50.0 % |" in text
    assert "| worst | 0.0 % |" in text


def test_the_shipped_recipe_comes_first() -> None:
    other = next(name for name in RECIPES if name != SHIPPED_NAME)
    text = render_transfer(
        [*tried(other, is_short=False), *tried(SHIPPED_NAME, is_short=False)], {}
    )
    assert text.index(f"left out: `{SHIPPED_NAME}`") < text.index(f"left out: `{other}`")


def test_the_report_of_short_trials_ranks_recipes() -> None:
    better = tried("hard-colours", is_short=True)
    worse = [
        Tried(
            replace(one.trial, recipe="usual"),
            Answers.joined([answers(name, right=1, wrong=9) for name in one.answers.names]),
        )
        for one in better
    ]
    rows = [line for line in render_transfer([*worse, *better], {}).splitlines() if "| 1 |" in line]
    assert [row.split("|")[1].strip() for row in rows] == ["hard-colours", "usual"]


def test_the_record_keeps_every_confusion() -> None:
    (first, *_) = record_of_transfer(tried(SHIPPED_NAME, is_short=True))
    assert first["seed"] == 1
    assert isinstance(first["sets"], dict)
    assert all(figures["n"] == 10 for figures in first["sets"].values())


def test_the_record_says_what_the_shipped_recipe_makes_of_each_laboratory_elsewhere() -> None:
    known = record_of_shipped([
        *tried(SHIPPED_NAME, is_short=True),
        *tried(SHIPPED_NAME, is_short=False),
    ])
    assert list(known) == list(LABORATORIES)
    assert all((one["n"], one["five_way"]) == (10, 80) for one in known.values())
    assert not any(one["short"] for one in known.values())


def test_short_trainings_stand_in_while_long_ones_of_the_shipped_recipe_are_missing() -> None:
    short, long = tried(SHIPPED_NAME, is_short=True), tried(SHIPPED_NAME, is_short=False)
    known = record_of_shipped([*short, *long[1:]])
    assert list(known) == list(LABORATORIES)
    assert all(one["short"] for one in known.values())
    assert record_of_shipped(tried("harder", is_short=True)) == {}


def test_the_record_says_with_the_prior_which_class_the_shipped_recipe_takes_for_which() -> None:
    neutrophil, eosinophil = CLASSES.index(FIVE[0]), CLASSES.index(CellClass.EOSINOPHIL)
    torn = np.full((12, 8), 0.02, np.float32)
    torn[:, neutrophil], torn[:, eosinophil] = 0.4, 0.48
    said = said_of("krd-wbc", np.full(12, eosinophil), torn)
    trial = Trial(SHIPPED_NAME, ("krd-wbc",), 2, is_short=False)
    known = record_of_shipped([*tried(SHIPPED_NAME, is_short=False), Tried(trial, said)])
    confusion = known["krd-wbc"]["confusion"]
    assert isinstance(confusion, dict)
    assert confusion["eosinophil"]["neutrophil"] == 12
    assert set(confusion["eosinophil"]) == set(FIVE)


def test_the_confusions_of_every_laboratory_are_drawn_small_and_always_alike(
    tmp_path: Path,
) -> None:
    for name in ("one", "two"):
        write_transfer(tried(SHIPPED_NAME, is_short=False), {}, tmp_path / name)
    first = (tmp_path / "one" / "transfer-confusions.png").read_bytes()
    assert first == (tmp_path / "two" / "transfer-confusions.png").read_bytes()
    assert 10_000 < len(first) < 150_000
    assert "(transfer-confusions.png)" in (tmp_path / "one" / "transfer.md").read_text("utf-8")


def test_no_confusion_is_drawn_of_another_recipe(tmp_path: Path) -> None:
    write_transfer(tried("harder", is_short=False), {}, tmp_path)
    assert not (tmp_path / "transfer-confusions.png").exists()
    assert "transfer-confusions.png" not in (tmp_path / "transfer.md").read_text("utf-8")


def test_the_test_fold_decides_on_no_certainty() -> None:
    honest = tried(SHIPPED_NAME, is_short=False)
    tempting = [
        replace(
            one,
            answers=Answers.joined([
                one.answers,
                replace(
                    answers(one.answers.names[0], right=0, wrong=50, sure=0.999),
                    folds=np.array(["0"] * 50),
                ),
            ]),
        )
        for one in honest
    ]
    assert choose_shipped(tempting) == choose_shipped(honest)


def test_long_trainings_alone_decide_on_the_certainty() -> None:
    short, long = tried(SHIPPED_NAME, is_short=True), tried(SHIPPED_NAME, is_short=False)
    assert choose_shipped(short) is None
    assert choose_shipped([*short, *long[1:]]) is None
    chosen = choose_shipped([*short, *long])
    assert chosen is not None
    assert chosen == choose_shipped(long)
    assert f"`{SHIPPED_NAME}`, long" in chosen[1]


def test_every_recipe_says_what_it_tries() -> None:
    assert all(recipe.note for recipe in RECIPES.values())


def test_a_region_in_a_crop_s_mirror_image_that_touches_no_mask_is_false(
    make_item: MakeItem, tmp_path: Path
) -> None:
    item = make_item()

    def at_the_cell_and_where_nothing_is(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
        del um_per_px
        row, column = rgb.shape[0] // 2, rgb.shape[1] // 2
        return square(column, row), square(column // 2, row // 2)

    figures = figures_of(
        "krd-wbc", [item], at_the_cell_and_where_nothing_is, tmp_path, unclassified_below=0.5
    )
    assert figures.found.hits == figures.named.n == 1
    assert figures.false == 1
    assert figures.calibration_error == pytest.approx(0)
    assert figures.by_chance == pytest.approx(0)


def test_of_full_fields_only_those_with_a_mask_tell_which_cell_is_labelled(
    make_item: MakeItem, tmp_path: Path
) -> None:
    masked = replace(make_item(), dataset="bcisc_fields")
    unmasked = replace(masked, mask=None)

    def in_a_corner(rgb: RGBImage, um_per_px: float) -> tuple[Cell, ...]:
        del rgb, um_per_px
        return (square(20, 20),)

    figures = figures_of(
        "bcisc_fields", [masked, unmasked], in_a_corner, tmp_path, unclassified_below=0.5
    )
    assert figures.images == 2
    assert figures.named.n == 1


def test_calibration_of_whole_bundles_stands_beside_what_chance_leaves() -> None:
    known = WholeFigures(
        dataset="bccd",
        images=20,
        found=Proportion(20, 20),
        false=None,
        dice=None,
        named=Proportion(18, 20),
        unclassified=Proportion(0, 20),
        right=Proportion(18, 20),
        gaps=(),
        by_chance=None,
    )
    asked = replace(known, dataset="pbc", gaps=(-0.01, 0.042), by_chance=0.021)
    other = replace(known, dataset="raabin", gaps=(0.01, 0.03), by_chance=0.021)
    fields = replace(known, dataset="bcisc_fields", gaps=(0.5, 0.5), by_chance=0.021)
    text = render_transfer(
        tried(SHIPPED_NAME, is_short=False),
        {SHIPPED_NAME: {"bccd": [known, asked], "raabin": [other], "bcisc": [fields]}},
    )
    header, *rows = [
        [cell.strip() for cell in line.split("|")]
        for line in text.splitlines()
        if "| 20 |" in line or "| set | images |" in line
    ]
    assert [row[header.index("ECE")] for row in rows] == [
        "–",
        "5.2 (2.1) %",
        "4.0 (2.1) %",
        "100.0 (2.1) %",
    ]
    assert "calibration error is\n4.6 % on the mean" in text
    assert "of a laboratory drawn by lot it is\n3.6 %." in text


def square(x: int, y: int) -> Cell:
    """Return a neutrophil of 40 px around a point."""
    box = Box(max(0, x - 20), max(0, y - 20), 40, 40)
    region = CellRegion(box, np.ones((40, 40), np.bool_), 23.0, cut_by_border=False)
    probabilities = tuple(float(name is CellClass.NEUTROPHIL) for name in CLASSES)
    return Cell(region, CellClass.NEUTROPHIL, probabilities, 100.0, CellStatus.COUNTED, "")


def test_what_was_learnt_from_raabin_alone_stands_beside_what_was_published() -> None:
    (*left_out, published) = planned([SHIPPED_NAME], seeds=1, is_short=False, raabin_alone=True)
    assert len(left_out) == len(LABORATORIES)
    assert "raabin" not in published.left_out
    said = [answers("raabin_test_b", right=9, wrong=1), answers("bccd", right=7, wrong=3)]
    text = render_transfer([Tried(published, Answers.joined(said))], {})
    row = next(line for line in text.splitlines() if "Leuko" in line)
    assert "90.0 %" in row
    assert "70.0 %" in row
    assert "ViT-B16" in text
    assert "One laboratory left out" not in text


def test_what_was_learnt_from_raabin_alone_decides_on_no_certainty() -> None:
    (*_, published) = planned([SHIPPED_NAME], seeds=1, is_short=False, raabin_alone=True)
    everything = [answers(LABORATORIES[name][0], right=1, wrong=0) for name in LABORATORIES]
    assert choose_shipped([Tried(published, Answers.joined(everything))]) is None


def test_right_probabilities_leave_an_error_by_chance_that_grows_less_with_more_cells() -> None:
    best = np.random.default_rng(5).uniform(0.5, 1.0, 4000)
    few, many = (error_by_chance(best[:count], seed=1) for count in (100, 4000))
    assert 0.005 < many < 0.02 < few < 0.1
