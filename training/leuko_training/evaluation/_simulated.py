"""Leukocytes found and named on simulated smears that taught no model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.progress import track

from leuko.cells import LEUKOCYTES, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.sim import SimulatedSmear, SmearSpec, laboratory
from leuko_training.evaluation._findings import AnalyseAt, true_regions, union_of, union_of_regions
from leuko_training.evaluation._matching import matched
from leuko_training.evaluation._names import likeliest_leukocyte, probability_of
from leuko_training.evaluation._tiles import Scene, cut, square
from leuko_training.metrics import ConfusionMatrix, Proportion

SEEDS = tuple(range(2000, 2024))
"""Slides that are judged; those that teach a classifier are `simulated.TRAINING_SEEDS`."""

WIDTH_UM, HEIGHT_UM = 200.0, 150.0
UM_PER_PX = 0.16
LEUKOCYTES_A_SLIDE = 10
_REACH_UM = 12.0


@dataclass(frozen=True, slots=True)
class SimulatedSlide:
    """A slide, seen as one field.

    Attributes:
        seed: decides its cells, its stain and its microscope.
        rgb: the field.
        truths: class and outline of every leukocyte; none touches the border.
    """

    seed: int
    rgb: RGBImage
    truths: tuple[tuple[CellClass, CellRegion], ...]


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """What was said of one leukocyte.

    Attributes:
        seed: its slide.
        truth: its class.
        cell: what was found; None when nothing was.
        scene: what it looks like, and the outlines of leukocytes and of all found around it.
    """

    seed: int
    truth: CellClass
    cell: Cell | None
    scene: Scene

    @property
    def leukocyte_class(self) -> CellClass | None:
        """The likeliest of the five leukocyte classes; None when it was not found."""
        return likeliest_leukocyte(self.cell) if self.cell else None


@dataclass(frozen=True, slots=True)
class FalseRegion:
    """A region where no leukocyte is.

    Attributes:
        seed: its slide.
        cell: what was found.
        scene: what it looks like, and the outlines of leukocytes and of all found around it.
    """

    seed: int
    cell: Cell
    scene: Scene


@dataclass(frozen=True, slots=True)
class SimulatedResult:
    """What was found and named on simulated slides.

    Attributes:
        seeds: the slides, a field each.
        answers: one for each leukocyte.
        false: regions where no leukocyte is.
    """

    seeds: tuple[int, ...]
    answers: tuple[SimulatedAnswer, ...]
    false: tuple[FalseRegion, ...]

    @property
    def five_way(self) -> ConfusionMatrix:
        """Leukocytes against the likeliest of the five classes."""
        pairs = ((answer.truth, answer.leukocyte_class) for answer in self.answers)
        return ConfusionMatrix.of(pairs, choices=LEUKOCYTES)

    @property
    def false_per_field(self) -> float:
        """False regions a field, whatever the classifier makes of them."""
        return len(self.false) / len(self.seeds)

    @property
    def false_counted_per_field(self) -> float:
        """False regions a field that end up in the differential."""
        counted = sum(one.cell.status is CellStatus.COUNTED for one in self.false)
        return counted / len(self.seeds)

    @property
    def mistakes(self) -> tuple[SimulatedAnswer, ...]:
        """Leukocytes not found, then those wrongly named, the surest mistake first."""
        wrong = [one for one in self.answers if one.leukocyte_class is not one.truth]
        return tuple(sorted(wrong, key=lambda one: probability_of(one.truth, one.cell)))

    def found(self, name: CellClass | None = None) -> Proportion:
        """Return how many leukocytes were found, of one class or of all."""
        return Proportion.of(
            one.cell is not None for one in self.answers if name in {None, one.truth}
        )


def simulated_slides(seeds: Sequence[int]) -> Iterator[SimulatedSlide]:
    """Yield the slides of some seeds, with a progress bar."""
    for seed in track(seeds, f"{'simulated':<20}"):
        yield _slide(seed)


def score_simulated(
    slides: Iterable[SimulatedSlide], analyse_at: AnalyseAt
) -> SimulatedResult | None:
    """Return what an analysis finds on slides, and how it names it; None without slides.

    Args:
        slides: each of a laboratory of its own.
        analyse_at: the analysis.
    """
    seeds: list[int] = []
    answers: list[SimulatedAnswer] = []
    false: list[FalseRegion] = []
    for slide in slides:
        cells = analyse_at([(slide.rgb, UM_PER_PX)]).cells_of(slide.rgb, UM_PER_PX)
        matching = matched(cells, [region for _, region in slide.truths])
        seeds.append(slide.seed)
        answers += _answers(slide, matching.found, cells)
        false += [
            FalseRegion(slide.seed, cell, _scene(slide, cell.region, cells))
            for cell, _ in matching.unmatched
        ]
    return SimulatedResult(tuple(seeds), tuple(answers), tuple(false)) if seeds else None


def _answers(
    slide: SimulatedSlide, found: Mapping[int, Cell], cells: Sequence[Cell]
) -> list[SimulatedAnswer]:
    return [
        SimulatedAnswer(slide.seed, name, found.get(index), _scene(slide, region, cells))
        for index, (name, region) in enumerate(slide.truths)
    ]


def _slide(seed: int) -> SimulatedSlide:
    stain, optics = laboratory(seed)
    smear = SimulatedSmear(
        SmearSpec(
            seed=seed,
            width_um=WIDTH_UM,
            height_um=HEIGHT_UM,
            leukocytes=LEUKOCYTES_A_SLIDE,
            proportions=dict.fromkeys(LEUKOCYTES, 1.0),
            stain=stain,
            optics=optics,
        )
    )
    size = {"width_px": round(WIDTH_UM / UM_PER_PX), "height_px": round(HEIGHT_UM / UM_PER_PX)}
    labels = smear.leukocyte_mask(0, 0, um_per_px=UM_PER_PX, **size)
    regions = [
        max(true_regions(labels == number, um_per_px=UM_PER_PX), key=lambda part: part.area_um2)
        for number in range(1, len(smear.cells) + 1)
    ]
    names = [cell.cell_class for cell in smear.cells]
    rgb = smear.render(0, 0, um_per_px=UM_PER_PX, **size)
    return SimulatedSlide(seed, rgb, tuple(zip(names, regions, strict=True)))


def _scene(slide: SimulatedSlide, region: CellRegion, cells: Sequence[Cell]) -> Scene:
    shape = slide.rgb.shape[0], slide.rgb.shape[1]
    view = square(region.box, reach=round(_REACH_UM / UM_PER_PX))
    truth = union_of_regions([outline for _, outline in slide.truths], shape)
    found = union_of(cells, shape)
    masks = [cut(mask.astype(np.uint8), view).astype(np.bool_) for mask in (truth, found)]
    return Scene(cut(slide.rgb, view), *masks)
