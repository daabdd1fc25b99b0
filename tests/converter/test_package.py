import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.adaptation import UsualCells
from leuko.bundle import (
    ClassifierSpec,
    ModelBundle,
    OwnCellsSpec,
    SegmenterSpec,
    SplitSpec,
    Tolerance,
    TrainingSet,
    load_bundle,
    read_arrays,
)
from leuko.cells import CellClass
from leuko.errors import BundleError, OutputError
from leuko.familiarity import Familiarity
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser
from leuko.verification import replay_golden
from leuko_converter.package import BundleDescription, write_bundle, zip_bundle
from leuko_converter.representative import LabelledViews
from leuko_training.familiarity import familiar

EMBEDDING = 16
ALIKE = np.full(5, 0.2, np.float32)

DESCRIPTION = BundleDescription(
    id="discs",
    version="1.2.3",
    segmenter=SegmenterSpec(
        locator="locator.tflite",
        outliner="outliner.tflite",
        locate_um_per_px=0.8,
        outline_um_per_px=0.8,
        tile_height=32,
        tile_width=32,
        tile_overlap=8,
        window=32,
        threshold=0.5,
        smallest_area_um2=20.0,
        largest_area_um2=700.0,
    ),
    classifier=ClassifierSpec(
        model="classifier.tflite",
        um_per_px=0.8,
        size=32,
        margin=2,
        embedding=EMBEDDING,
        unclassified_below=0.5,
    ),
    training_sets=(
        TrainingSet(name="discs", title="Discs", licence="Apache-2.0", images=256, folds="1"),
    ),
    split=SplitSpec(file="splits.csv", held_out="fold 0", validation="none"),
    tolerance=Tolerance(segmenter_lsb=8, classifier_lsb=8),
)


@pytest.fixture
def models(segmenter_int8: bytes, classifier_int8: bytes) -> dict[str, bytes]:
    return {
        "locator": segmenter_int8,
        "outliner": segmenter_int8,
        "classifier": classifier_int8,
    }


@pytest.fixture
def inputs(
    purple_discs: LabelledViews, coloured_discs: LabelledViews
) -> dict[str, NDArray[np.uint8]]:
    return {
        "locator": np.stack(purple_discs.images[:2]),
        "outliner": np.stack(purple_discs.images[2:5]),
        "classifier": np.stack(coloured_discs.images[:8]),
    }


@pytest.fixture
def written(
    models: dict[str, bytes], inputs: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> ModelBundle:
    return write_bundle(
        tmp_path / "bundle",
        DESCRIPTION,
        models=models,
        golden_inputs=inputs,
        engine=LiteRTEngine(),
    )


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_written_bundle_says_what_it_was_told(
    written: ModelBundle, models: dict[str, bytes]
) -> None:
    assert written.label == f"discs 1.2.3 {written.sha256[:8]}"
    assert written.manifest.classes == tuple(CellClass)
    assert written.manifest.segmenter == DESCRIPTION.segmenter
    assert written.manifest.classifier == DESCRIPTION.classifier
    assert written.manifest.training_sets == DESCRIPTION.training_sets
    assert written.manifest.split == DESCRIPTION.split
    assert written.manifest.golden.tolerance == DESCRIPTION.tolerance
    assert written.files["classifier.tflite"] == models["classifier"]


def test_the_golden_outputs_are_what_the_engine_gives(written: ModelBundle) -> None:
    report = replay_golden(written, LiteRTEngine())
    assert [(entry.model, entry.images) for entry in report.differences] == [
        ("locator", 2),
        ("outliner", 3),
        ("classifier", 8),
    ]
    assert all(entry.largest_lsb == 0 for entry in report.differences)


def test_the_pipeline_accepts_a_written_bundle(written: ModelBundle) -> None:
    field = np.full((64, 64, 3), 235, np.uint8)
    assert FieldAnalyser(written, LiteRTEngine()).analyse(field, um_per_px=0.4) == ()


def test_equal_input_gives_an_equal_bundle_and_an_equal_zip(
    written: ModelBundle,
    models: dict[str, bytes],
    inputs: dict[str, NDArray[np.uint8]],
    tmp_path: Path,
) -> None:
    again = tmp_path / "again"
    backwards = dict(reversed(inputs.items()))
    write_bundle(again, DESCRIPTION, models=models, golden_inputs=backwards, engine=LiteRTEngine())
    assert content(again) == content(written.path)
    zip_bundle(written.path, tmp_path / "one.zip")
    zip_bundle(again, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_zip_is_the_same_bundle(written: ModelBundle, tmp_path: Path) -> None:
    (written.path / "note.txt").write_text("not listed, not packed")
    zip_bundle(written.path, tmp_path / "bundle.zip")
    assert load_bundle(tmp_path / "bundle.zip").sha256 == written.sha256
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert archive.namelist() == [
            "classifier.tflite",
            "golden/golden.npz",
            "locator.tflite",
            "manifest.toml",
            "outliner.tflite",
        ]


def test_what_is_familiar_comes_back_as_it_was_written_and_the_same_each_time(
    models: dict[str, bytes], inputs: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    known = familiar(
        rng.normal(size=(60, EMBEDDING)), np.arange(60) % 5, rng.normal(size=(9, EMBEDDING))
    )
    named = DESCRIPTION.classifier.model_copy(update={"familiarity": "familiarity.npz"})
    first, second = (
        write_bundle(
            tmp_path / name,
            replace(DESCRIPTION, classifier=named),
            models=models,
            familiarity=known,
            golden_inputs=inputs,
            engine=LiteRTEngine(),
        )
        for name in ("first", "second")
    )
    assert first.sha256 == second.sha256
    arrays = read_arrays(first, "familiarity.npz")
    again = Familiarity.from_arrays(arrays, length=EMBEDDING)
    cell = rng.normal(size=EMBEDDING)
    assert again.distance(cell) == pytest.approx(known.distance(cell))


def test_how_leukocytes_lie_to_each_other_comes_back_as_it_was_written(
    models: dict[str, bytes], inputs: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    rng = np.random.default_rng(4)
    usual = UsualCells(
        rng.normal(size=(5, 12)).astype(np.float32),
        np.eye(12, dtype=np.float32),
        ALIKE,
    )
    own = OwnCellsSpec(usual="usual-cells.npz", unclassified_below=0.75)
    named = DESCRIPTION.classifier.model_copy(update={"own_cells": own, "evens_laboratory": True})
    written = write_bundle(
        tmp_path,
        replace(DESCRIPTION, classifier=named),
        models=models,
        usual_cells=usual,
        golden_inputs=inputs,
        engine=LiteRTEngine(),
    )
    assert written.manifest.classifier.own_cells == own
    again = UsualCells.from_arrays(read_arrays(written, "usual-cells.npz"), traits=4)
    assert (again.means == usual.means).all()
    assert (again.covariance == usual.covariance).all()
    assert (again.shares == usual.shares).all()


def test_own_cells_without_an_evened_laboratory_are_refused(
    models: dict[str, bytes], inputs: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    own = OwnCellsSpec(usual="usual-cells.npz", unclassified_below=0.75)
    named = DESCRIPTION.classifier.model_copy(update={"own_cells": own})
    with pytest.raises(BundleError, match="own_cells without evens_laboratory"):
        write_bundle(
            tmp_path,
            replace(DESCRIPTION, classifier=named),
            models=models,
            usual_cells=UsualCells(
                np.zeros((5, 12), np.float32),
                np.eye(12, dtype=np.float32),
                ALIKE,
            ),
            golden_inputs=inputs,
            engine=LiteRTEngine(),
        )


def test_an_older_bundle_is_replaced(
    written: ModelBundle, models: dict[str, bytes], inputs: dict[str, NDArray[np.uint8]]
) -> None:
    newer = replace(DESCRIPTION, version="1.2.4")
    bundle = write_bundle(
        written.path, newer, models=models, golden_inputs=inputs, engine=LiteRTEngine()
    )
    assert load_bundle(written.path).label == bundle.label != written.label


def test_a_bundle_whose_writing_failed_is_no_bundle(
    written: ModelBundle, models: dict[str, bytes], inputs: dict[str, NDArray[np.uint8]]
) -> None:
    (written.path / "outliner.tflite").unlink()
    (written.path / "outliner.tflite").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_bundle(
            written.path, DESCRIPTION, models=models, golden_inputs=inputs, engine=LiteRTEngine()
        )
    with pytest.raises(BundleError, match=r"has no manifest\.toml"):
        load_bundle(written.path)


def test_a_zip_that_cannot_be_written_is_reported(written: ModelBundle, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        zip_bundle(written.path, tmp_path / "nowhere" / "bundle.zip")
