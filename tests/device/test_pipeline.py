"""From a field to named cells, with the shipped bundle on simulated smears."""

import io
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.adaptation import SiteAdapter, UsualCells, features_of
from leuko.bundle import ModelBundle, default_bundle_path, load_bundle, read_arrays
from leuko.cells import Cell, CellClass, CellStatus, RGBImage
from leuko.certainty import believed
from leuko.errors import BundleError, ImageError
from leuko.familiarity import Familiarity
from leuko.inference import LiteRTEngine, Model, ModelFacade
from leuko.pipeline import FieldAnalyser
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.vision.laboratory import Laboratory
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko.vision.tone import Tone
from leuko.vision.traits import TRAITS

Floats = NDArray[np.float64]

UM_PER_PX = 0.15
WIDTH_PX, HEIGHT_PX = 900, 700


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    """The shipped models, which show every cell as it is, whatever was named before it."""
    return changed(load_bundle(default_bundle_path()), "classifier", evens_laboratory=False)


@pytest.fixture(scope="module")
def smear() -> SimulatedSmear:
    return SimulatedSmear(SmearSpec(seed=21, width_um=135, height_um=105, leukocytes=9))


@pytest.fixture(scope="module")
def field(smear: SimulatedSmear) -> RGBImage:
    return smear.render(0, 0, width_px=WIDTH_PX, height_px=HEIGHT_PX, um_per_px=UM_PER_PX)


@pytest.fixture(scope="module")
def cells(bundle: ModelBundle, field: RGBImage) -> tuple[Cell, ...]:
    return FieldAnalyser(bundle, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)


@pytest.fixture(scope="module")
def labels(smear: SimulatedSmear) -> NDArray[np.int32]:
    return smear.leukocyte_mask(0, 0, width_px=WIDTH_PX, height_px=HEIGHT_PX, um_per_px=UM_PER_PX)


def named_right(cells: tuple[Cell, ...], smear: SimulatedSmear, labels: NDArray[np.int32]) -> int:
    right = 0
    for cell in cells:
        row, column = (round(value) for value in cell.region.box.centre)
        number = int(labels[row, column])
        right += number > 0 and smear.cells[number - 1].cell_class is cell.cell_class
    return right


def changed(bundle: ModelBundle, table: str, **values: object) -> ModelBundle:
    spec = getattr(bundle.manifest, table).model_copy(update=values)
    return replace(bundle, manifest=bundle.manifest.model_copy(update={table: spec}))


def test_every_leukocyte_of_a_simulated_field_is_found_once_also_where_two_touch(
    smear: SimulatedSmear, labels: NDArray[np.int32], cells: tuple[Cell, ...]
) -> None:
    centres = [tuple(round(value) for value in cell.region.box.centre) for cell in cells]
    hit = [int(labels[centre]) for centre in centres if labels[centre]]
    assert sorted(hit) == list(range(1, len(smear.cells) + 1))


def test_most_cells_of_a_simulated_field_are_named_right(
    smear: SimulatedSmear, labels: NDArray[np.int32], cells: tuple[Cell, ...]
) -> None:
    assert named_right(cells, smear, labels) >= len(smear.cells) - 1


def test_cells_come_in_reading_order_with_probabilities_that_sum_to_one(
    cells: tuple[Cell, ...],
) -> None:
    rows = [cell.region.box.y for cell in cells]
    assert rows == sorted(rows)
    assert all(sum(cell.probabilities) == pytest.approx(1) for cell in cells)
    assert all(len(cell.probabilities) == len(CellClass) for cell in cells)


def test_a_cell_cut_by_the_border_is_set_aside(
    bundle: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    box = next(cell.region.box for cell in cells if not cell.region.cut_by_border)
    cut = field[:, box.x + box.width // 3 :]
    found = FieldAnalyser(bundle, LiteRTEngine()).analyse(cut, um_per_px=UM_PER_PX)
    at_border = [cell for cell in found if cell.region.box.x == 0]
    assert at_border
    assert {cell.status for cell in at_border} == {CellStatus.EXCLUDED}


def test_a_laboratory_is_known_by_single_leukocytes_that_were_learnt_from(
    bundle: ModelBundle, field: RGBImage
) -> None:
    def looks(bundle: ModelBundle, **spec: object) -> int:
        laboratory = Laboratory()
        one = changed(bundle, "classifier", **{"evens_laboratory": True} | spec)
        FieldAnalyser(one, LiteRTEngine(), laboratory=laboratory).learn(field, um_per_px=UM_PER_PX)
        return laboratory.looks

    artefact = [0.001] * len(CellClass)
    artefact[list(CellClass).index(CellClass.PLATELET_OR_ARTEFACT)] = 1000.0
    assert looks(bundle, evens_laboratory=False) == 0
    weighted = changed(bundle, "classifier", class_weights=tuple(artefact))
    cells = FieldAnalyser(weighted, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    # Weights cannot raise what the classifier is wholly sure that it is not.
    surely_none = [cell for cell in cells if cell.cell_class.is_counted]
    assert all(cell.probabilities[-1] == 0 for cell in surely_none)
    assert looks(bundle, class_weights=tuple(artefact)) == len(surely_none) < looks(bundle)
    # Every cell is larger than any single leukocyte.
    assert looks(changed(bundle, "segmenter", largest_area_um2=20.0)) == 0


class Remembering(Laboratory):
    """A flat laboratory, which remembers what cells were named, evened and as they are."""

    def __init__(self) -> None:
        super().__init__(calibrated=Tone(nucleus=0.5, cytoplasm=0.3))
        self.evened_names: list[CellClass] = []
        self.unevened_names: list[CellClass] = []

    def add(self, cell_class: CellClass, tone: Tone) -> None:
        del tone
        self.evened_names.append(cell_class)

    def add_unevened(self, cell_class: CellClass) -> None:
        super().add_unevened(cell_class)
        self.unevened_names.append(cell_class)


def test_leukocytes_are_named_as_they_are_besides_whatever_the_laboratory(
    bundle: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    laboratory = Remembering()
    even = changed(bundle, "classifier", evens_laboratory=True)
    analyser = FieldAnalyser(even, LiteRTEngine(), laboratory=laboratory)
    for _ in range(30):
        analyser.analyse(field, um_per_px=UM_PER_PX)
    as_they_are = [cell.cell_class for cell in cells if cell.cell_class.is_counted]
    assert laboratory.unevened_names[: len(as_they_are)] == as_they_are
    assert laboratory.evened_names[: len(as_they_are)] != as_they_are
    assert len(laboratory.unevened_names) == 200 < len(laboratory.evened_names)


def test_a_settled_tone_stays_whatever_is_seen_and_traits_are_learnt_all_the_same(
    shipped: ModelBundle, field: RGBImage
) -> None:
    laboratory = Laboratory()
    analyser = FieldAnalyser(shipped, LiteRTEngine(), laboratory=laboratory)
    while laboratory.looks < 120:
        analyser.analyse(field, um_per_px=UM_PER_PX)
    before, looks = laboratory.tone, laboratory.looks
    analyser.settle_tone()
    for _ in range(5):
        analyser.analyse(field, um_per_px=UM_PER_PX)
        analyser.learn(field, um_per_px=UM_PER_PX)
    assert (laboratory.tone, laboratory.looks) == (before, looks)
    assert analyser.is_comparing


class Unevened(Laboratory):
    """Knows how its cells lie to each other, and never learns how dark they are."""

    def __init__(self, *, calibrated: Tone | None = None) -> None:
        super().__init__(calibrated=calibrated)
        self.taken_in: list[tuple[Floats, Floats]] = []

    def add(self, cell_class: CellClass, tone: Tone) -> None:
        del cell_class, tone

    def take_in(self, probabilities: Floats, features: Floats) -> None:
        self.taken_in.append((probabilities, features))
        super().take_in(probabilities, features)


def usual_of(bundle: ModelBundle) -> UsualCells:
    own = bundle.manifest.classifier.own_cells
    assert own is not None
    return UsualCells.from_arrays(read_arrays(bundle, own.usual), traits=TRAITS)


@pytest.fixture(scope="module")
def shipped() -> ModelBundle:
    return load_bundle(default_bundle_path())


def whole(cells: tuple[Cell, ...]) -> list[Cell]:
    return [one for one in cells if not one.region.cut_by_border and one.cell_class.is_counted]


def test_own_cells_tell_of_each_other_once_enough_are_learnt_and_more_is_asked_of_a_name_then(
    shipped: ModelBundle, field: RGBImage
) -> None:
    laboratory, spec = Unevened(), shipped.manifest.classifier
    assert spec.own_cells is not None
    analyser = FieldAnalyser(shipped, LiteRTEngine(), laboratory=laboratory)
    before = whole(analyser.analyse(field, um_per_px=UM_PER_PX))
    for _ in range(5):
        analyser.analyse(field, um_per_px=UM_PER_PX)
    assert analyser.unclassified_below == spec.unclassified_below
    for _ in range(5):
        analyser.learn(field, um_per_px=UM_PER_PX)
    assert analyser.unclassified_below == spec.own_cells.unclassified_below
    said, features = map(np.array, zip(*laboratory.taken_in[: len(before)], strict=True))
    assert said == pytest.approx(np.array([one.probabilities for one in before]))
    mixture = laboratory.mixture(usual_of(shipped))
    assert mixture is not None
    after = whole(analyser.analyse(field, um_per_px=UM_PER_PX))
    expected = mixture.adapted(said, features)
    assert np.array([one.probabilities for one in after]) == pytest.approx(expected)
    assert abs(expected - said).max() > 0.001


def test_what_a_person_has_confirmed_goes_before_what_other_cells_tell(
    shipped: ModelBundle, field: RGBImage
) -> None:
    length = TRAITS + len(CellClass)
    confirmed = SiteAdapter(
        classes=(0, 1),
        offset=np.zeros(length),
        whitening=np.zeros((length, length)),
        means=np.zeros((2, length)),
        strength=1.0,
        typical=0.0,
        priors=np.array([0.7, 0.3]),
        trust=0.5,
    )
    alone = FieldAnalyser(shipped, LiteRTEngine(), laboratory=Unevened())
    told = np.array([one.probabilities for one in whole(alone.analyse(field, um_per_px=UM_PER_PX))])
    laboratory = Unevened()
    analyser = FieldAnalyser(shipped, LiteRTEngine(), adapter=confirmed, laboratory=laboratory)
    for _ in range(5):
        analyser.learn(field, um_per_px=UM_PER_PX)
    said, features = map(np.array, zip(*laboratory.taken_in[: len(told)], strict=True))
    traits = features[:, :TRAITS]
    assert said == pytest.approx(confirmed.adapted(told, traits))
    assert features == pytest.approx(features_of(traits, told))
    assert abs(said - told).max() > 0.01
    mixture = laboratory.mixture(usual_of(shipped), confirmed=10)
    assert mixture is not None
    assert mixture.trust == pytest.approx(0.7 * 100 / 110)
    found = whole(analyser.analyse(field, um_per_px=UM_PER_PX))
    expected = mixture.adapted(said, features)
    assert np.array([one.probabilities for one in found]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("unevened", "spared"), [(CellClass.EOSINOPHIL, 0.0), (CellClass.NEUTROPHIL, 0.75)]
)
def test_less_is_made_of_how_common_classes_are_elsewhere_unless_names_are_doubted(
    shipped: ModelBundle, field: RGBImage, unevened: CellClass, spared: float
) -> None:
    laboratory, spec = Unevened(), shipped.manifest.classifier
    while laboratory.wants_unevened:
        laboratory.add_unevened(unevened)
    analyser = FieldAnalyser(shipped, LiteRTEngine(), laboratory=laboratory)
    for _ in range(5):
        analyser.learn(field, um_per_px=UM_PER_PX)
    # Found by this; asked for again, it is the same.
    assert analyser.is_comparing
    mixture = laboratory.mixture(usual_of(shipped))
    assert mixture is not None
    rarer = np.array(spec.class_weights[:5]) ** (-spared / spec.temperature)
    assert mixture.factors == pytest.approx(rarer)
    assert len(set(spec.class_weights[:5])) == 5


@pytest.mark.parametrize(
    ("unevened", "is_told"),
    [
        ([CellClass.EOSINOPHIL] * 40, True),
        ([CellClass.NEUTROPHIL] * 40, False),
        # Hardly anything is known, so names are doubted, but nothing speaks against them.
        ([CellClass.LYMPHOCYTE] * 40, False),
    ],
)
def test_that_eosinophils_are_taken_to_be_few_is_told_where_many_look_like_them(
    shipped: ModelBundle, unevened: list[CellClass], *, is_told: bool
) -> None:
    laboratory, rng = Laboratory(), np.random.default_rng(1)
    said = np.full(len(CellClass), 0.02)
    said[[0, 3]] = 0.44
    for name in unevened:
        laboratory.add_unevened(name)
        laboratory.take_in(said, rng.normal(size=TRAITS + len(CellClass)))
    analyser = FieldAnalyser(shipped, LiteRTEngine(), laboratory=laboratory)
    assert analyser.is_comparing
    assert analyser.doubts_eosinophils == is_told


def test_a_cell_that_the_border_cuts_tells_nothing_of_others(
    shipped: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    box = next(cell.region.box for cell in cells if not cell.region.cut_by_border)
    laboratory = Unevened()
    analyser = FieldAnalyser(shipped, LiteRTEngine(), laboratory=laboratory)
    cut = field[:, box.x + box.width // 3 :]
    analyser.learn(cut, um_per_px=UM_PER_PX)
    found = analyser.analyse(cut, um_per_px=UM_PER_PX)
    assert 0 < len(laboratory.taken_in) <= len(whole(found)) < len(found)


def test_a_cell_in_the_middle_of_a_picture_is_learnt_from_and_an_empty_picture_teaches_nothing(
    shipped: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    laboratory = Unevened()
    analyser = FieldAnalyser(shipped, LiteRTEngine(), laboratory=laboratory)
    analyser.learn_cell(np.full_like(field, 235), um_per_px=UM_PER_PX)
    assert not laboratory.taken_in
    middles = [cell.region.box.centre for cell in cells if cell.status is CellStatus.COUNTED]
    row, column = min(middles, key=lambda one: abs(one[0] - HEIGHT_PX / 2))
    reach = round(min(70, row, column, HEIGHT_PX - row, WIDTH_PX - column))
    top, left = round(row) - reach, round(column) - reach
    picture = field[top : top + 2 * reach, left : left + 2 * reach]
    analyser.learn_cell(picture, um_per_px=UM_PER_PX)
    assert len(laboratory.taken_in) == 1


def test_usual_cells_of_other_features_are_refused_with_the_bundle(shipped: ModelBundle) -> None:
    own = shipped.manifest.classifier.own_cells
    assert own is not None
    other = replace(shipped, files={**shipped.files, own.usual: shipped.files["familiarity.npz"]})
    with pytest.raises(BundleError, match="usual cells have the arrays"):
        FieldAnalyser(other, LiteRTEngine())


def test_an_unsure_name_is_unclassified_and_says_why(bundle: ModelBundle, field: RGBImage) -> None:
    strict = changed(bundle, "classifier", unclassified_below=1.0, familiarity=None)
    found = FieldAnalyser(strict, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    whole = [cell for cell in found if not cell.region.cut_by_border]
    assert {cell.status for cell in whole} == {CellStatus.UNCLASSIFIED}
    assert all("is below 1.00" in cell.reason for cell in whole)


def test_a_bundle_s_temperature_makes_every_name_less_sure_and_changes_none(
    bundle: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    warm = changed(bundle, "classifier", temperature=2.0)
    found = FieldAnalyser(warm, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    assert [cell.cell_class for cell in found] == [cell.cell_class for cell in cells]
    assert all(sum(cell.probabilities) == pytest.approx(1) for cell in found)
    pairs = zip(found, cells, strict=True)
    assert all(after.probability < before.probability for after, before in pairs)


def test_a_bundle_s_class_weights_decide_on_names(bundle: ModelBundle, field: RGBImage) -> None:
    weights = [0.01] * len(CellClass)
    weights[list(CellClass).index(CellClass.BASOPHIL)] = 100.0
    basophils = changed(bundle, "classifier", class_weights=tuple(weights))
    found = FieldAnalyser(basophils, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    named = [cell for cell in found if cell.cell_class is CellClass.BASOPHIL]
    assert len(named) > len(found) / 2


def with_familiarity(bundle: ModelBundle, familiarity: Familiarity) -> ModelBundle:
    content = io.BytesIO()
    arrays = familiarity.arrays
    np.savez(
        content,
        centres=arrays["centres"],
        whitening=arrays["whitening"],
        limit=arrays["limit"],
    )
    known = changed(bundle, "classifier", familiarity="familiarity.npz")
    return replace(known, files={**bundle.files, "familiarity.npz": content.getvalue()})


def familiarity_up_to(limit: float, *, length: int) -> Familiarity:
    return Familiarity(np.zeros((5, length), np.float32), np.eye(length, dtype=np.float32), limit)


def test_a_cell_unlike_anything_learnt_gets_no_class(bundle: ModelBundle, field: RGBImage) -> None:
    # Strange cells tell nothing of a laboratory, which would change what the others are named.
    plain = changed(bundle, "classifier", evens_laboratory=False)
    cells = FieldAnalyser(plain, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    length = bundle.manifest.classifier.embedding
    strict = with_familiarity(plain, familiarity_up_to(0.0, length=length))
    found = FieldAnalyser(strict, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    counted = [i for i, cell in enumerate(cells) if cell.status is CellStatus.COUNTED]
    assert counted
    for index in counted:
        assert found[index].status is CellStatus.UNCLASSIFIED
        assert "unlike anything" in found[index].reason
        assert found[index].cell_class is cells[index].cell_class
        ranks = np.argsort(found[index].probabilities).tolist()
        assert ranks == np.argsort(cells[index].probabilities).tolist()


def test_a_familiar_cell_keeps_its_class(bundle: ModelBundle, field: RGBImage) -> None:
    unasked = changed(bundle, "classifier", familiarity=None)
    cells = FieldAnalyser(unasked, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    length = bundle.manifest.classifier.embedding
    lenient = with_familiarity(bundle, familiarity_up_to(1e6, length=length))
    found = FieldAnalyser(lenient, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    assert [cell.probabilities for cell in found] == [cell.probabilities for cell in cells]


def test_an_adaptation_gives_a_strange_cell_no_class_either(
    bundle: ModelBundle, field: RGBImage
) -> None:
    features = TRAITS + len(CellClass)
    sure_of_basophils = SiteAdapter(
        classes=(4, 5),
        offset=np.zeros(features),
        whitening=np.zeros((features, features)),
        means=np.stack([np.zeros(features), np.full(features, 9.0)]),
        strength=1.0,
        typical=1e9,
        priors=np.ones(2),
    )
    length = bundle.manifest.classifier.embedding
    for limit, expected in ((1e6, CellStatus.COUNTED), (0.0, CellStatus.UNCLASSIFIED)):
        known = with_familiarity(bundle, familiarity_up_to(limit, length=length))
        analyser = FieldAnalyser(known, LiteRTEngine(), adapter=sure_of_basophils)
        found = analyser.analyse(field, um_per_px=UM_PER_PX)
        whole = [cell for cell in found if cell.cell_class is CellClass.BASOPHIL]
        statuses = {cell.status for cell in whole if not cell.region.cut_by_border}
        assert statuses == {expected}


def test_familiarity_for_other_embeddings_is_refused(bundle: ModelBundle) -> None:
    other = with_familiarity(bundle, familiarity_up_to(1.0, length=3))
    with pytest.raises(BundleError, match="not what embeddings of"):
        FieldAnalyser(other, LiteRTEngine())


def test_a_region_larger_than_a_leukocyte_is_set_aside(
    bundle: ModelBundle, field: RGBImage
) -> None:
    strict = changed(bundle, "segmenter", largest_area_um2=21.0)
    found = FieldAnalyser(strict, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    assert all(cell.status is CellStatus.EXCLUDED for cell in found)


def test_an_empty_field_has_no_cells(bundle: ModelBundle) -> None:
    blank = np.full((300, 400, 3), 230, np.uint8)
    assert FieldAnalyser(bundle, LiteRTEngine()).analyse(blank, um_per_px=UM_PER_PX) == ()


class Noting(LiteRTEngine):
    """Notes every picture that a model of it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[NDArray[np.uint8]] = []

    def load(self, content: bytes) -> Model:
        return NotingModel(super().load(content), self.shown)


class NotingModel(ModelFacade):
    def __init__(self, model: Model, shown: list[NDArray[np.uint8]]) -> None:
        super().__init__(model)
        self._shown = shown

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        self._shown.append(image)
        return self._model.run(image)


def test_a_tenth_of_what_is_answered_of_a_cell_is_of_it_as_it_is(
    bundle: ModelBundle, field: RGBImage
) -> None:
    even = changed(bundle, "classifier", evens_laboratory=True)
    engine, laboratory = Noting(), Unevened(calibrated=Tone(nucleus=0.5, cytoplasm=0.3))
    analyser = FieldAnalyser(even, engine, laboratory=laboratory)
    found = analyser.analyse(field, um_per_px=UM_PER_PX)
    spec = even.manifest.classifier
    model = LiteRTEngine().load(even.files[spec.model])
    place = model.output_shapes.index((1, len(CellClass)))
    # Once all are outlined, each is looked at as in the usual laboratory, then as it is.
    looks = [model.run(image)[place][0] for image in engine.shown[-2 * len(found) :]]
    answers = model.output_quantisations[place].real(np.array(looks))
    worth = believed(
        0.9 * answers[::2] + 0.1 * answers[1::2],
        class_weights=spec.class_weights,
        temperature=spec.temperature,
    )
    known = ["unlike anything" not in one.reason for one in found]
    told = np.array([one.probabilities for one in found])
    assert told[known] == pytest.approx(worth[known])
    assert abs(answers[::2] - answers[1::2])[known].max() > 0.05


def tiles_of(bundle: ModelBundle, field: RGBImage) -> list[NDArray[np.uint8]]:
    """What the locator is shown of a field."""
    engine, spec = Noting(), bundle.manifest.segmenter
    FieldAnalyser(bundle, engine).analyse(field, um_per_px=UM_PER_PX)
    tile = spec.tile_height, spec.tile_width, 3
    return [image for image in engine.shown if image.shape == tile]


def test_a_small_picture_is_looked_at_among_its_mirror_images_if_nothing_is_found(
    bundle: ModelBundle,
) -> None:
    smear = SimulatedSmear(SmearSpec(seed=3, width_um=40, height_um=30, leukocytes=0))
    field = smear.render(0, 0, width_px=260, height_px=200, um_per_px=UM_PER_PX)
    plain, among = tiles_of(bundle, field)
    assert (plain[0] == BACKGROUND_LEVEL).all()
    assert (among[0] != BACKGROUND_LEVEL).any()


class FindsMirrored(Noting):
    """Finds nothing on plain background, and everything among mirror images."""

    def load(self, content: bytes) -> Model:
        return BlindOnPlain(LiteRTEngine.load(self, content), self.shown)


class BlindOnPlain(NotingModel):
    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        outputs = super().run(image)
        is_plain = (image[0] == BACKGROUND_LEVEL).all() and len(outputs) == 1
        return tuple(np.zeros_like(one) for one in outputs) if is_plain else outputs


def test_what_is_found_among_mirror_images_lies_where_it_is_in_the_picture(
    bundle: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    whole = next(cell for cell in cells if not cell.region.cut_by_border)
    row, column = (round(value) for value in whole.region.box.centre)
    top, left = max(0, row - 90), max(0, column - 120)
    around = field[top : row + 100, left : column + 110]
    analyser = FieldAnalyser(bundle, FindsMirrored())
    found = analyser.analyse(around, um_per_px=UM_PER_PX)
    away = [
        abs(cell.region.box.x + left - whole.region.box.x)
        + abs(cell.region.box.y + top - whole.region.box.y)
        for cell in found
    ]
    assert min(away) <= 6


def test_a_small_picture_is_looked_at_once_if_a_leukocyte_is_found(
    bundle: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    row, column = (round(value) for value in cells[4].region.box.centre)
    around = field[max(0, row - 100) : row + 100, max(0, column - 100) : column + 100]
    assert len(tiles_of(bundle, around)) == 1


def test_a_camera_s_field_is_looked_at_once_whatever_is_found(bundle: ModelBundle) -> None:
    spec = bundle.manifest.segmenter
    zoom = 0.6 * spec.locate_um_per_px / UM_PER_PX
    height, width = round(spec.tile_height * zoom), round(spec.tile_width * zoom)
    assert len(tiles_of(bundle, np.full((height, width, 3), 230, np.uint8))) == 1


def test_a_leukocyte_larger_than_its_window_is_outlined_at_the_coarse_scale(
    bundle: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    narrow = changed(bundle, "segmenter", outline_um_per_px=0.08)
    found = FieldAnalyser(narrow, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    assert not any("window" in cell.reason for cell in found)
    assert sum(cell.region.area_um2 for cell in found) == pytest.approx(
        sum(cell.region.area_um2 for cell in cells), rel=0.1
    )


def test_a_leukocyte_larger_than_every_window_is_set_aside_and_says_so(
    bundle: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    row, column = (round(value) for value in cells[1].region.box.centre)
    around = field[max(0, row - 100) : row + 100, max(0, column - 100) : column + 100]
    narrow = changed(bundle, "segmenter", outline_um_per_px=0.05, locate_um_per_px=0.06)
    found = FieldAnalyser(narrow, LiteRTEngine()).analyse(around, um_per_px=UM_PER_PX)
    inside = [cell for cell in found if not cell.region.cut_by_border]
    assert inside
    assert {cell.status for cell in inside} == {CellStatus.EXCLUDED}
    assert {cell.reason for cell in inside} == {"larger than the outliner's window"}


def test_a_field_too_large_for_the_memory_is_refused_before_any_is_taken(
    bundle: ModelBundle,
) -> None:
    scan = np.broadcast_to(np.uint8(230), (20_000, 20_000, 3))
    analyser = FieldAnalyser(bundle, LiteRTEngine())
    tracemalloc.start()
    with pytest.raises(ImageError, match=r"covers 25\.0 mm², more than the 3\.1"):
        analyser.analyse(scan, um_per_px=0.25)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("segmenter", {"tile_height": 64}),
        ("segmenter", {"window": 64}),
        ("classifier", {"size": 64}),
        ("classifier", {"embedding": 64}),
    ],
)
def test_models_that_do_not_fit_the_manifest_are_refused(
    bundle: ModelBundle, table: str, value: dict[str, int]
) -> None:
    with pytest.raises(BundleError, match=r"\.tflite (takes|gives) .*, the manifest says"):
        FieldAnalyser(changed(bundle, table, **value), LiteRTEngine())


@pytest.mark.parametrize(
    ("name", "other"),
    [("outliner.tflite", "classifier.tflite"), ("classifier.tflite", "outliner.tflite")],
)
def test_models_that_take_the_right_input_and_give_something_else_are_refused(
    bundle: ModelBundle, name: str, other: str
) -> None:
    files = {**bundle.files, name: bundle.files[other]}
    with pytest.raises(BundleError, match=f"{name} gives .*, the manifest says"):
        FieldAnalyser(replace(bundle, files=files), LiteRTEngine())
