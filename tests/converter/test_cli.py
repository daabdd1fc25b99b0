import csv
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from leuko.adaptation import UsualCells
from leuko.bundle import load_bundle, read_arrays
from leuko.inference import LiteRTEngine
from leuko.signature import read_trusted_keys
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.verification import replay_golden
from leuko.vision.traits import TRAITS
from leuko_converter.cli import main
from leuko_converter.edgetpu import check_model
from leuko_converter.flatbuffer import operators
from leuko_converter.representative import LabelledViews
from leuko_converter.signing import make_keys
from leuko_training.classifier import edge_classifier
from leuko_training.datasets import LabelledImage, fold_of_group
from leuko_training.datasets.bccd import FOLDER, MASK_FOLDER, UM_PER_PX
from leuko_training.own_cells import read_own_cells
from leuko_training.partition import TEST_FOLD, TRAINING_FOLDS, partition, read_everything
from leuko_training.unet import edge_unet

Run = Callable[..., tuple[int, str, str]]

OWN_CELLS = Path(__file__).resolve().parents[2] / "training" / "weights" / "own-cells.npz"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Calls `leuko-convert`; gives its exit code and what it printed to stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["leuko-convert", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
        return int(exit_info.value.code or 0), *capfd.readouterr()

    return call


def groups_to_learn_watch_and_test() -> list[int]:
    """Numbers of BCCD groups, of which a few are for validation and a few for testing."""
    items = [
        LabelledImage("bccd", Path(), None, None, str(n), fold_of_group(f"bccd/{n}"), UM_PER_PX)
        for n in range(200)
    ]
    training, watching = partition([item for item in items if item.fold in TRAINING_FOLDS])
    tested = [item for item in items if item.fold == TEST_FOLD]
    return [int(item.group) for item in (*training[:12], *watching[:3], *tested[:3])]


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated fields in the layout of BCCD: the data sets of someone who has only that one."""
    root = tmp_path_factory.mktemp("datasets")
    images, annotations = (root / FOLDER / "BCCD" / name for name in ("JPEGImages", "Annotations"))
    for folder in (images, annotations, root / MASK_FOLDER):
        folder.mkdir(parents=True)
    smear = SimulatedSmear(SmearSpec(seed=3, width_um=400, height_um=300, leukocytes=18))
    rows = [("Image", "Category")]
    for group, cell in zip(groups_to_learn_watch_and_test(), smear.cells, strict=True):
        number = 5 * group
        corner = cell.x_um - 160 * UM_PER_PX, cell.y_um - 128 * UM_PER_PX
        name = f"BloodImage_{number:05d}"
        field = {"width_px": 320, "height_px": 256}
        image = smear.render(*corner, **field, um_per_px=UM_PER_PX)
        mask = smear.leukocyte_mask(*corner, **field, um_per_px=UM_PER_PX) > 0
        Image.fromarray(image).save(images / f"{name}.jpg")
        grey = Image.fromarray(mask * np.uint8(155))
        grey.save(root / MASK_FOLDER / f"BloodImage_Mask_{number:05d}.png")
        (annotations / f"{name}.xml").write_text("<annotation></annotation>")
        rows.append((str(number), "NEUTROPHIL"))
    with (root / FOLDER / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return root


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Segmenter and classifier as training leaves them, but for what they learn."""
    keras.utils.set_random_seed(1)
    folder = tmp_path_factory.mktemp("runs")
    edge_unet(128, 128, pretrained=False).save(folder / "segmenter.keras")
    model = edge_classifier(128, pretrained=False)
    names = keras.Model(model.input, model.get_layer("probabilities").output)
    names.save(folder / "classifier.keras")
    return folder / "segmenter.keras", folder / "classifier.keras"


@pytest.fixture(scope="session")
def bundled(
    root: Path, untrained: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What `leuko-convert bundle` makes of the real architectures.

    Beside lie ``bundle.zip`` and what was printed, ``bundle.txt``.
    """
    folder = tmp_path_factory.mktemp("bundled") / "bundle"
    models = ("--segmenter", untrained[0], "--classifier", untrained[1], "--own-cells", OWN_CELLS)
    options = (*models, "--datasets", root)
    key, _ = make_keys(folder.with_name("hospital"))
    places = ("--out", folder, "--zip", folder.with_suffix(".zip"), "--key", key)
    printed = folder.with_suffix(".txt").open("w", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, printed, redirect_stdout(printed):
        arguments = ("bundle", *options, *places, "--views", 6, "--version", "9.8.7")
        patch.setattr("sys.argv", ["leuko-convert", *map(str, arguments)])
        with pytest.raises(SystemExit, match="0"):
            main()
    return folder


@pytest.mark.slow
def test_two_trained_models_and_a_data_set_become_a_bundle(bundled: Path, root: Path) -> None:
    bundle = load_bundle(bundled)
    assert bundle.label == f"leuko-default 9.8.7 {bundle.sha256[:8]}"
    assert bundled.with_suffix(".txt").read_text("utf-8").endswith(" MB; it is signed\n")
    packed = load_bundle(bundled.with_suffix(".zip"))
    assert packed.sha256 == bundle.sha256
    trusted = read_trusted_keys(bundled.parent)
    assert trusted.signer_of(bundle) == trusted.signer_of(packed) == "hospital"
    assert replay_golden(bundle, LiteRTEngine()).is_ok
    learnt_from, rendered = bundle.manifest.training_sets
    assert rendered.name == "simulated"
    training, watching = partition(read_everything(root))
    assert (learnt_from.name, learnt_from.images) == ("bccd", len(training))
    assert len(training) + len(watching) == 15
    assert watching
    assert bundle.manifest.classifier.embedding == 128
    own = bundle.manifest.classifier.own_cells
    assert own is not None
    assert own.unclassified_below == read_own_cells(OWN_CELLS).unclassified_below
    assert UsualCells.from_arrays(read_arrays(bundle, own.usual), traits=TRAITS).is_sound


@pytest.mark.slow
def test_the_real_models_have_only_operators_that_the_edge_tpu_maps(bundled: Path) -> None:
    files = load_bundle(bundled).files
    found = {name: operators(files[name]) for name in files if name.endswith(".tflite")}
    assert {name for name in found if not check_model(files[name]).is_ok} == set()
    # One product scales a model's input to what ImageNet's networks expect; batch normalisation
    # has left none.
    products = {name: names.count("MUL") for name, names in found.items()}
    assert products == dict.fromkeys(found, 1)
    assert len(found) == 3


@pytest.fixture
def without_vulkan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vulkan in software may take longer than a GPU is given; tests/device/backends are patient."""
    monkeypatch.setenv("VK_ICD_FILENAMES", "/nowhere")


@pytest.mark.slow
@pytest.mark.usefixtures("without_vulkan")
def test_the_parity_of_a_bundle_is_printed_and_written_set_by_set(
    root: Path, untrained: tuple[Path, Path], bundled: Path, run: Run
) -> None:
    options = ("--segmenter", untrained[0], "--classifier", untrained[1], "--datasets", root)
    results = bundled.parent / "not-there-yet"
    places = ("--bundle", bundled, "--results", results)
    code, out, err = run("parity", *options, *places, "--most-points-lost", -101)
    assert code == 1
    assert "too much was lost by quantisation" in err
    assert (results / "parity.md").read_text(encoding="utf-8").strip() == out.strip()
    rows = [line.split("|") for line in out.splitlines() if line.startswith("| bccd |")]
    assert [row[2].strip() for row in rows] == ["3", "3", "3"]
    assert "| Dice of the locator, worst set (bccd) | ≤ 0.005 |" in out
    assert "| Dice of the outliner, worst set (bccd) | ≤ 0.005 |" in out
    assert "| accuracy, all 3 cells | ≤ -101 points |" in out
    assert re.search(r"^\| cpu \| 0 \| [+-]\d.* \| ai_edge_litert", out, re.MULTILINE)
    assert re.search(r"^\| edgetpu \|.*; .*\|$", out, re.MULTILINE)


def test_one_model_is_converted_with_a_folder_of_images(
    segmenter: keras.Model, purple_discs: LabelledViews, tmp_path: Path, run: Run
) -> None:
    segmenter.save(tmp_path / "model.keras")
    (tmp_path / "views").mkdir()
    for index, image in enumerate(purple_discs.images[:4]):
        larger = np.pad(image, ((3, 4), (0, 9), (0, 0)), mode="edge")
        Image.fromarray(larger).save(tmp_path / "views" / f"{index}.png")
    tflite = tmp_path / "model.tflite"
    code, out, _ = run("quantize", tmp_path / "model.keras", tmp_path / "views", "--out", tflite)
    assert code == 0
    assert LiteRTEngine().load(tflite.read_bytes()).input_shape == (1, 32, 32, 3)
    assert "CONV_2D" in out


def test_what_a_user_can_mend_is_one_line_and_exit_code_1(
    segmenter: keras.Model, tmp_path: Path, run: Run
) -> None:
    segmenter.save(tmp_path / "model.keras")
    (tmp_path / "damaged.keras").write_bytes(b"PK damaged")
    (tmp_path / "views").mkdir()
    Image.fromarray(np.full((40, 32, 3), 99, np.uint8)).save(tmp_path / "views" / "low.png")
    out = tmp_path / "damaged.keras" / "out.tflite"
    for model, complaint in (
        (
            "missing.keras",
            "or give a model that the shipped bundle was made from: training/weights",
        ),
        ("damaged.keras", "is no Keras model that can be read"),
        ("model.keras", "cannot be written"),
    ):
        code, _, err = run("quantize", tmp_path / model, tmp_path / "views", "--out", out)
        assert code == 1
        assert err.startswith("leuko-convert: ")
        assert err.count("\n") == 1
        assert complaint in err


def test_images_smaller_than_the_model_sees_are_refused(
    untrained: tuple[Path, Path], tmp_path: Path, run: Run
) -> None:
    Image.fromarray(np.full((128, 100, 3), 99, np.uint8)).save(tmp_path / "narrow.png")
    code, _, err = run("quantize", untrained[0], tmp_path, "--out", tmp_path / "out.tflite")
    assert code == 1
    assert "is 100 x 128 pixels, the model takes 128 x 128" in err
    assert not (tmp_path / "out.tflite").exists()


def test_a_folder_without_data_sets_is_refused(
    untrained: tuple[Path, Path], tmp_path: Path, run: Run
) -> None:
    options = ("--segmenter", untrained[0], "--classifier", untrained[1], "--datasets", tmp_path)
    code, _, err = run("bundle", *options, "--out", tmp_path / "out")
    assert code == 1
    assert "no image with a mask is there" in err
    assert not (tmp_path / "out").exists()


def test_a_key_that_cannot_sign_is_refused_before_anything_is_converted(
    tmp_path: Path, run: Run
) -> None:
    code, _, err = run("bundle", "--key", tmp_path / "lost.key", "--out", tmp_path / "out")
    assert code == 1
    assert "lost.key cannot be read" in err
    assert not (tmp_path / "out").exists()


def test_a_classifier_without_an_embedding_is_refused(
    untrained: tuple[Path, Path], tmp_path: Path, run: Run
) -> None:
    options = ("--segmenter", untrained[0], "--classifier", untrained[0], "--datasets", tmp_path)
    code, _, err = run("bundle", *options, "--out", tmp_path / "out")
    assert code == 1
    assert "no layers called probabilities and embedding" in err
