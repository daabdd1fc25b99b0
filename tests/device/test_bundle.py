"""Reading bundles: what is whole is read, everything else is refused in a sentence."""

import contextlib
import hashlib
import os
import re
import shutil
import tomllib
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leuko.bundle import LARGEST_BYTES, Manifest, load_bundle
from leuko.cells import CellClass
from leuko.errors import BundleError
from leuko.inference import LiteRTEngine
from leuko.verification import replay_golden


def edit(bundle: Path, pattern: str, replacement: str) -> None:
    manifest = bundle / "manifest.toml"
    text, changes = re.subn(pattern, replacement, manifest.read_text(), count=1)
    assert changes == 1
    manifest.write_text(text)


def zipped(bundle: Path, *, inside: str = "") -> Path:
    target = bundle.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(bundle.rglob("*")):
            archive.write(file, inside + str(file.relative_to(bundle)))
    return target


def refusal(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        load_bundle(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert ";" in sentence
    return sentence


def flip_a_byte(file: Path, position: int) -> None:
    content = bytearray(file.read_bytes())
    content[position] ^= 0x10
    file.write_bytes(content)


def test_a_folder_is_read_whole(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    assert bundle.manifest.classes == tuple(CellClass)
    assert set(bundle.files) == {
        "locator.tflite",
        "outliner.tflite",
        "classifier.tflite",
        "golden/golden.npz",
    }
    assert bundle.label == f"leuko-tiny 1 {bundle.sha256[:8]}"


@pytest.mark.parametrize("inside", ["", "bundle/"])
def test_a_zip_is_the_same_bundle_as_its_folder(own_bundle: Path, inside: str) -> None:
    from_zip, from_folder = load_bundle(zipped(own_bundle, inside=inside)), load_bundle(own_bundle)
    assert from_zip.sha256 == from_folder.sha256
    assert from_zip.files == from_folder.files


def test_a_file_that_is_not_listed_is_not_read(own_bundle: Path) -> None:
    (own_bundle / "notes.txt").write_text("made on a Monday")
    assert "notes.txt" not in load_bundle(own_bundle).files


@pytest.mark.parametrize(
    "name", ["locator.tflite", "outliner.tflite", "classifier.tflite", "golden/golden.npz"]
)
@pytest.mark.parametrize("position", [0, 1000, -1])
def test_a_flipped_byte_is_found_and_its_file_named(
    own_bundle: Path, name: str, position: int
) -> None:
    flip_a_byte(own_bundle / name, position)
    assert name in refusal(own_bundle)


def test_a_flipped_byte_inside_a_zip_is_found(own_bundle: Path) -> None:
    archive = zipped(own_bundle)
    with zipfile.ZipFile(archive) as opened:
        start = opened.getinfo("classifier.tflite").header_offset
    flip_a_byte(archive, start + 500)
    assert "classifier.tflite" in refusal(archive)


def test_a_newer_format_asks_for_a_newer_leuko(own_bundle: Path) -> None:
    edit(own_bundle, "format = 1", "format = 2\nhologram = true")
    assert refusal(own_bundle) == ("bundle made for format 2, this device reads 1; update leuko")


@pytest.mark.parametrize("value", ["0", "true", '"1"', "1.0"])
def test_a_format_that_is_no_number_is_refused(own_bundle: Path, value: str) -> None:
    edit(own_bundle, "format = 1", f"format = {value}")
    assert "names no bundle format" in refusal(own_bundle)


def test_an_unknown_key_is_named_with_the_nearest_known_one(own_bundle: Path) -> None:
    edit(own_bundle, "tile_overlap = 16", "tile_overlap = 16\ntreshold = 0.5")
    assert "unknown key segmenter.treshold (did you mean threshold?)" in refusal(own_bundle)


def test_a_weight_missing_for_a_class_is_named(own_bundle: Path) -> None:
    edit(own_bundle, r"(embedding = \d+)", r"\1\nclass_weights = [1.0, 2.0]")
    assert "2 class_weights for 8 classes" in refusal(own_bundle)


def test_a_missing_key_is_named(own_bundle: Path) -> None:
    edit(own_bundle, "tile_overlap = 16", "")
    assert "has no segmenter.tile_overlap" in refusal(own_bundle)


def test_a_value_out_of_range_is_named(own_bundle: Path) -> None:
    edit(own_bundle, r"threshold = 0\.5", "threshold = 5.0")
    assert "segmenter.threshold (5.0" in refusal(own_bundle)


def test_classes_in_another_order_are_refused(own_bundle: Path) -> None:
    edit(own_bundle, '"neutrophil",\n    "lymphocyte"', '"lymphocyte",\n    "neutrophil"')
    assert "lists the classes lymphocyte, neutrophil" in refusal(own_bundle)


def test_a_class_that_leuko_does_not_know_is_refused(own_bundle: Path) -> None:
    edit(own_bundle, '"basophil"', '"blast"')
    assert "blast" in refusal(own_bundle)


@pytest.mark.parametrize("name", ["manifest.toml", "locator.tflite", "golden/golden.npz"])
def test_a_missing_file_is_named(own_bundle: Path, name: str) -> None:
    (own_bundle / name).unlink()
    assert f"has no {name}" in refusal(own_bundle)
    assert f"has no {name}" in refusal(zipped(own_bundle))


def test_a_model_that_is_not_listed_is_refused(own_bundle: Path) -> None:
    edit(own_bundle, r'"locator\.tflite" = "\w+"', "")
    assert "does not list its sha256" in refusal(own_bundle)


def test_twins_for_the_edge_tpu_are_optional_and_verified_like_every_file(
    own_bundle: Path,
) -> None:
    assert load_bundle(own_bundle).manifest.edgetpu is None
    twin = b"a compiled model"
    (own_bundle / "twin.tflite").write_bytes(twin)
    names = "\n".join(f'{name} = "twin.tflite"' for name in ("locator", "outliner", "classifier"))
    edit(own_bundle, r"\[files\]", f"[edgetpu]\n{names}\n\n[files]")
    assert "uses twin.tflite but does not list its sha256" in refusal(own_bundle)
    digest = hashlib.sha256(twin).hexdigest()
    edit(own_bundle, r"\[files\]", f'[files]\n"twin.tflite" = "{digest}"')
    assert load_bundle(own_bundle).files["twin.tflite"] == twin


def test_a_name_that_leads_out_of_the_bundle_is_refused(own_bundle: Path) -> None:
    edit(own_bundle, r'locator = "locator\.tflite"', 'locator = "../locator.tflite"')
    assert "outside the bundle" in refusal(own_bundle)


def test_a_zip_entry_that_leads_out_of_the_bundle_is_refused(own_bundle: Path) -> None:
    archive = zipped(own_bundle)
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("../../evil", b"")
    assert "leads out of it" in refusal(archive)


def test_a_zip_of_too_much_is_refused_unopened(own_bundle: Path) -> None:
    archive = zipped(own_bundle)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("bomb", bytes(LARGEST_BYTES))
    assert "larger than 64 MB" in refusal(archive)


def test_a_zip_that_is_too_large_itself_is_refused_unopened(tmp_path: Path) -> None:
    with (tmp_path / "bundle.zip").open("wb") as sparse:
        sparse.truncate(LARGEST_BYTES + 1)
    assert "larger than 64 MB" in refusal(tmp_path / "bundle.zip")


def test_an_entry_that_unpacks_to_more_than_it_declares_is_refused(own_bundle: Path) -> None:
    (own_bundle / "locator.tflite").unlink()
    archive = zipped(own_bundle)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("locator.tflite", bytes(20_000_000))
    content = archive.read_bytes()
    real, declared = (20_000_000).to_bytes(4, "little"), bytes([0, 9, 0, 0])
    assert content.count(real) == 2
    archive.write_bytes(content.replace(real, declared))
    tracemalloc.start()
    assert "locator.tflite" in refusal(archive)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_link_in_a_folder_that_leads_out_of_it_is_refused(own_bundle: Path) -> None:
    outside = own_bundle.parent / "outside.tflite"
    (own_bundle / "locator.tflite").rename(outside)
    (own_bundle / "locator.tflite").symlink_to(outside)
    assert "locator.tflite in bundle" in refusal(own_bundle)
    assert "no file of its own" in refusal(own_bundle)


def test_what_is_no_file_is_refused_and_not_waited_for(own_bundle: Path) -> None:
    (own_bundle / "manifest.sig").unlink(missing_ok=True)
    os.mkfifo(own_bundle / "manifest.sig")
    assert "no file of its own" in refusal(own_bundle)


def test_a_folder_of_too_much_is_refused(own_bundle: Path) -> None:
    with (own_bundle / "locator.tflite").open("wb") as sparse:
        sparse.truncate(LARGEST_BYTES + 1)
    assert "larger than 64 MB" in refusal(own_bundle)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bundle.zip").write_bytes(content)
    assert "is no bundle" in refusal(tmp_path / "bundle.zip")


def test_a_bundle_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no bundle" in refusal(tmp_path / "nothing")


def test_a_path_that_the_system_refuses_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert "File name too long" in refusal(tmp_path / ("a" * 300))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"format = ", b"format"])
def test_a_manifest_that_is_no_toml_is_refused(own_bundle: Path, content: bytes) -> None:
    (own_bundle / "manifest.toml").write_bytes(content)
    assert "not readable TOML" in refusal(own_bundle)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0), damage=st.integers(1, 255))
def test_a_damaged_zip_is_read_unharmed_or_refused(
    tiny_bundle: Path, tmp_path: Path, position: int, damage: int
) -> None:
    folder = tmp_path / "bundle"
    if not folder.exists():
        shutil.copytree(tiny_bundle, folder)
    content = bytearray(zipped(folder).read_bytes())
    content[position % len(content)] ^= damage
    target = tmp_path / "damaged.zip"
    target.write_bytes(content)
    try:
        found = load_bundle(target)
    except BundleError:
        return
    assert found.files == load_bundle(tiny_bundle).files


@pytest.mark.parametrize("damage", [0x01, 0x10, 0x80, 0xFF])
def test_a_zip_with_any_byte_of_its_directory_damaged_is_read_unharmed_or_refused(
    own_bundle: Path, damage: int
) -> None:
    archive, whole = zipped(own_bundle), load_bundle(own_bundle)
    sound = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        start = opened.start_dir
    for position in range(start, len(sound)):
        content = bytearray(sound)
        content[position] ^= damage
        archive.write_bytes(content)
        with contextlib.suppress(BundleError):
            found = load_bundle(archive)
            assert (found.sha256, found.files) == (whole.sha256, whole.files)


def test_a_manifest_survives_being_written_and_read(tiny_bundle: Path) -> None:
    manifest = load_bundle(tiny_bundle).manifest
    assert Manifest.model_validate(manifest.model_dump(mode="json")) == manifest


def test_a_manifest_cannot_be_changed(tiny_bundle: Path) -> None:
    manifest = load_bundle(tiny_bundle).manifest
    with pytest.raises(ValueError, match="frozen"):
        manifest.version = "2"


def test_golden_inputs_give_their_golden_outputs(tiny_bundle: Path) -> None:
    report = replay_golden(load_bundle(tiny_bundle), LiteRTEngine())
    assert [one.model for one in report.differences] == ["locator", "outliner", "classifier"]
    assert report.is_ok


def rewrite_golden(bundle: Path, **changes: np.ndarray | None) -> None:
    file = bundle / "golden" / "golden.npz"
    with np.load(file) as stored:
        arrays = dict(stored.items())
    old = hashlib.sha256(file.read_bytes()).hexdigest()
    arrays |= {name: array for name, array in changes.items() if array is not None}
    kept = {name: array for name, array in arrays.items() if changes.get(name, 0) is not None}
    np.savez_compressed(file, **kept)
    edit(bundle, old, hashlib.sha256(file.read_bytes()).hexdigest())


def test_outputs_that_differ_are_measured_in_steps(own_bundle: Path) -> None:
    with np.load(own_bundle / "golden" / "golden.npz") as stored:
        wrong = stored["outliner_output_0"] ^ 0x40
    rewrite_golden(own_bundle, outliner_output_0=wrong)
    report = replay_golden(load_bundle(own_bundle), LiteRTEngine())
    assert not report.is_ok
    largest = {one.model: one.largest_lsb for one in report.differences}
    assert largest["outliner"] >= 64 - 6
    assert largest["locator"] <= 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"locator_input": None}, "has no locator"),
        ({"classifier_output_1": None}, "has shape"),
        ({"outliner_input": np.zeros((1, 8, 8, 3), np.uint8)}, "has shape"),
        ({"outliner_input": np.zeros((1, 32, 32, 3), np.float32)}, "not all uint8"),
    ],
)
def test_a_golden_file_that_does_not_fit_is_refused(
    own_bundle: Path, changes: dict[str, np.ndarray | None], words: str
) -> None:
    rewrite_golden(own_bundle, **changes)
    with pytest.raises(BundleError, match=words):
        replay_golden(load_bundle(own_bundle), LiteRTEngine())


def test_every_key_of_the_manifest_is_explained() -> None:
    for name, field in Manifest.model_fields.items():
        assert field.description, name


def test_the_manifest_reads_as_toml(tiny_bundle: Path) -> None:
    table = tomllib.loads((tiny_bundle / "manifest.toml").read_text())
    assert table["format"] == 1
