import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from leuko.bundle import default_bundle_path, load_bundle
from leuko.inference import LiteRTEngine
from leuko.installation import InstalledBundles
from leuko.signature import read_trusted_keys
from leuko.verification import replay_golden
from leuko_converter.card import CARD_FILE, add_card
from leuko_converter.card_failures import LARGEST_PICTURE_BYTES
from leuko_converter.cli import main
from leuko_converter.errors import ConversionError
from leuko_converter.package import zip_bundle
from leuko_converter.signing import make_keys, sign_bundle
from leuko_training.uncarded import CARD_PICTURES, sha256_without_card

TINY = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"
LIKELY = {"percent": 90.0, "interval95": [80.0, 95.0], "n": 20}
ROW = {"neutrophil": 17, "lymphocyte": 0, "monocyte": 3, "not found": 0}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "bundle"))


@pytest.fixture
def evaluation(bundle: Path, tmp_path: Path) -> Path:
    goal = {"what": "five-way class, pbc", "target": "≥ 97 %", "measured": "90.0 %"}
    figures = {
        "sha256": load_bundle(bundle).sha256,
        "goals": [{**goal, "interval": "80 – 95 %", "n": "20 cells", "is_met": False}],
        "names": {
            "pbc": {
                "five_way": LIKELY,
                "unclassified": LIKELY,
                "confusion_of_five": {"neutrophil": ROW},
            }
        },
    }
    file = tmp_path / "evaluation.json"
    file.write_text(json.dumps(figures))
    return file


def test_a_card_says_what_the_models_learnt_and_where_they_fail(
    bundle: Path, evaluation: Path
) -> None:
    written = add_card(bundle, evaluation)
    assert written.manifest.model_card == CARD_FILE
    card = written.files[CARD_FILE].decode()
    assert "| discs | Flat coloured discs, drawn by make_tiny_bundle.py | Apache-2.0 |" in card
    assert "| pbc | 20 | 90.0 % (80.0 – 95.0) |" in card
    assert "| pbc | 17 of 20 | – | – | – | – |" in card
    assert "- five-way class, pbc: 90.0 %, ≥ 97 % wanted" in card
    assert "- pbc: 3 of 20 neutrophil called monocyte" in card


def test_a_card_changes_no_model_and_can_be_written_anew(bundle: Path, evaluation: Path) -> None:
    (bundle / "manifest.sig").write_bytes(bytes(64))
    first = add_card(bundle, evaluation)
    assert first.signature is None
    assert replay_golden(first, LiteRTEngine()).is_ok
    assert add_card(bundle, evaluation).sha256 == first.sha256


@pytest.fixture
def write_card(
    bundle: Path, evaluation: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int | str | None]:
    """Calls `leuko-convert card`, with a key if there is one; gives its exit code."""

    def call(*keys: Path) -> int | str | None:
        options = ["--evaluation", str(evaluation), *(f"--key={key}" for key in keys)]
        monkeypatch.setattr("sys.argv", ["leuko-convert", "card", str(bundle), *options])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code

    return call


def test_a_bundle_that_gets_a_card_is_signed_anew(
    write_card: Callable[..., int | str | None],
    bundle: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    private, public = make_keys(tmp_path / "hospital")
    sign_bundle(bundle, private)
    assert write_card(private) == 0
    carded = load_bundle(bundle)
    assert carded.manifest.model_card == CARD_FILE
    assert read_trusted_keys(public.parent).signer_of(carded) == "hospital"
    assert capfd.readouterr().out.endswith(f"{CARD_FILE} and is signed\n")
    assert write_card() == 0
    told = f"{CARD_FILE}; sign it with leuko-convert sign, or give --key\n"
    assert capfd.readouterr().out.endswith(told)
    assert load_bundle(bundle).signature is None


def test_a_key_that_cannot_sign_leaves_a_signed_bundle_without_a_card(
    write_card: Callable[..., int | str | None], bundle: Path, tmp_path: Path
) -> None:
    sign_bundle(bundle, make_keys(tmp_path / "hospital")[0])
    before = load_bundle(bundle)
    assert write_card(tmp_path / "lost.key") == 1
    assert load_bundle(bundle) == before


def test_a_card_that_was_changed_is_found(bundle: Path, evaluation: Path) -> None:
    add_card(bundle, evaluation)
    (bundle / CARD_FILE).write_bytes(b"All is well.")
    with pytest.raises(ValueError, match="is not the file its manifest lists"):
        load_bundle(bundle)


def test_figures_of_another_bundle_are_refused(bundle: Path, evaluation: Path) -> None:
    figures = json.loads(evaluation.read_text("utf-8"))
    evaluation.write_text(json.dumps({**figures, "sha256": "0" * 64}), "utf-8")
    with pytest.raises(ConversionError, match="about the bundle 00000000, not about this one"):
        add_card(bundle, evaluation)
    for content in ("", "{}", "[]"):
        evaluation.write_text(content, "utf-8")
        with pytest.raises(ConversionError, match="holds no figures"):
            add_card(bundle, evaluation)


def test_the_shipped_figures_make_a_card_of_the_shipped_bundle(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    figures = root / "docs" / "results" / "evaluation.json"
    copy = Path(shutil.copytree(default_bundle_path(), tmp_path / "default"))
    card = add_card(copy, figures).files[CARD_FILE].decode()
    assert card.startswith("# Model card: leuko-default ")
    assert "## Known failures" in card


@pytest.fixture
def with_pictures(evaluation: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Figures with failures on slides and elsewhere, and the pictures that belong to them."""
    figures = json.loads(evaluation.read_text("utf-8"))
    slides = {"found": {"hits": 9, "n": 10}, "five_way": {"hits": 8, "n": 10}, "seeds": [2000]}
    figures["simulated"] = {**slides, "mistakes": [{"seed": 2000}], "false": []}
    evaluation.write_text(json.dumps(figures), "utf-8")
    confusion = {
        "neutrophil": {"neutrophil": 30, "eosinophil": 266, "basophil": 4},
        "eosinophil": {"neutrophil": 9, "eosinophil": 0},
        "monocyte": {"monocyte": 85, "lymphocyte": 15},
    }
    elsewhere = {"n": 409, "five_way": 1.0, "unclassified": 2.0, "classified": 3.0}
    transfer = tmp_path / "transfer.json"
    transfer.write_text(json.dumps({"shipped": {"krd-wbc": {**elsewhere, "confusion": confusion}}}))
    for name in CARD_PICTURES:
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    return evaluation, transfer


def test_a_card_shows_its_failures_with_pictures_that_travel_with_the_bundle(
    bundle: Path, with_pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    add_card(bundle, *with_pictures)
    zip_bundle(bundle, tmp_path / "bundle.zip")
    carried = load_bundle(tmp_path / "bundle.zip")
    card = carried.files[CARD_FILE].decode()
    assert set(CARD_PICTURES) <= set(carried.files)
    assert all(f"]({name})" in card for name in CARD_PICTURES)
    assert "of 10 leukocytes on 1 slides 9 were found and 8 named right" in card


def test_a_card_names_who_is_taken_for_whom_in_laboratories_left_out(
    bundle: Path, with_pictures: tuple[Path, Path]
) -> None:
    card = add_card(bundle, *with_pictures).files[CARD_FILE].decode()
    assert "- krd-wbc, left out: 266 of 300 neutrophils called eosinophil" in card
    assert card.count(", left out:") == 1


def test_a_card_says_how_often_each_cell_was_asked_about(
    bundle: Path, with_pictures: tuple[Path, Path]
) -> None:
    evaluation, transfer = with_pictures
    once = add_card(bundle, evaluation, transfer).files[CARD_FILE].decode()
    assert "on every cell of it, with temperature" in once
    record = json.loads(transfer.read_text())
    record["shipped"]["krd-wbc"]["trainings"] = 2
    transfer.write_text(json.dumps(record))
    twice = add_card(bundle, evaluation, transfer).files[CARD_FILE].decode()
    assert "on every cell of it, asked 2 times, once of each training, with temperature" in twice


def test_a_device_installs_a_bundle_with_pictures(
    bundle: Path, with_pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    carded = add_card(bundle, *with_pictures)
    installed = InstalledBundles(tmp_path / "state", tmp_path / "keys")
    name = installed.install(carded, LiteRTEngine(), allow_unsigned=True)
    assert set(CARD_PICTURES) <= set(installed.open(name).files)


def test_a_new_card_leaves_no_picture_of_the_old_one(
    bundle: Path, with_pictures: tuple[Path, Path], evaluation: Path
) -> None:
    with_both = add_card(bundle, *with_pictures)
    figures = json.loads(evaluation.read_text("utf-8"))
    evaluation.write_text(json.dumps({**figures, "simulated": None}), "utf-8")
    without = add_card(bundle, evaluation)
    assert sha256_without_card(with_both) == sha256_without_card(without) == figures["sha256"]
    assert not set(CARD_PICTURES) & {*without.files, *(path.name for path in bundle.iterdir())}


def test_a_picture_that_is_missing_or_too_large_is_told(
    bundle: Path, with_pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    picture = tmp_path / CARD_PICTURES[0]
    picture.write_bytes(bytes(LARGEST_PICTURE_BYTES + 1))
    with pytest.raises(ConversionError, match="has 150001 bytes"):
        add_card(bundle, *with_pictures)
    picture.unlink()
    with pytest.raises(ConversionError, match="write it with leuko-train evaluate"):
        add_card(bundle, *with_pictures)
    assert CARD_FILE not in load_bundle(bundle).files


def test_a_card_says_what_to_expect_in_another_laboratory(
    bundle: Path, evaluation: Path, tmp_path: Path
) -> None:
    figures = {"n": 600, "five_way": 71.25, "unclassified": 12.0, "classified": 80.0}
    transfer = tmp_path / "transfer.json"
    transfer.write_text(json.dumps({"shipped": {"krd-wbc": figures}}))
    card = add_card(bundle, evaluation, transfer).files[CARD_FILE].decode()
    assert "| krd-wbc | 600 | 71.2 % | 12.0 % | 80.0 % |" in card
    transfer.write_text("{}")
    with pytest.raises(ConversionError, match="leuko-train transfer"):
        add_card(bundle, evaluation, transfer)
