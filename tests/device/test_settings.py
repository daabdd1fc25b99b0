"""Settings: where they come from, and what is refused."""

import re
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leuko.errors import SettingsError
from leuko.settings import Settings, load_settings, read_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "leuko.toml"


def test_options_go_before_variables_and_variables_before_the_file(file: Path) -> None:
    file.write_text('um_per_px = 0.1\nthreads = 2\nbundle = "/srv/bundle"', encoding="utf-8")
    environment = {"LEUKO_SETTINGS": str(file), "LEUKO_UM_PER_PX": "0.2", "LEUKO_THREADS": "3"}
    assert load_settings(environment, threads=4, bundle=None) == Settings(
        bundle=Path("/srv/bundle"), um_per_px=0.2, threads=4
    )


def test_without_a_file_the_defaults_hold(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr("leuko.settings.SETTINGS_FILE", file)
    assert load_settings({"HOME": "/root"}) == Settings()


@given(st.floats(0.02, 1.0))
def test_a_scale_reads_the_same_from_the_environment(um_per_px: float) -> None:
    settings = load_settings({"LEUKO_SETTINGS": "", "LEUKO_UM_PER_PX": repr(um_per_px)})
    assert settings.um_per_px == um_per_px


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("um_per_pixel = 0.1", "unknown setting um_per_pixel; did you mean um_per_px?"),
        ("hologram = true", "unknown setting hologram; known: bundle, um_per_px, backend, threads"),
        (
            "um_per_px = 7.0",
            "sets um_per_px to 7.0, which it cannot be; give a number from 0.02 to 1, or auto",
        ),
        ('um_per_px = "wide"', "sets um_per_px to 'wide', which it cannot be; give a number f"),
        ("threads = 0", "sets threads to 0, which it cannot be; give a whole number from 1 to 64,"),
        ("exposure_us = 0", "give a whole number from 1 to 1000000"),
        ("check_every_h = 0", "give a number above 0, to 8760"),
        ('backend = "tpu"', "give auto, edgetpu, gpu or cpu"),
        ("target = 100", "give a text in quotes"),
        (f'operator = "{"a" * 65}"', "give a text in quotes, of at most 64 characters"),
        ("operator = 5", "give a text in quotes, of at most 64 characters"),
        ("state_dir = 1", "give a path in quotes"),
        ("threads =", "is not valid TOML"),
    ],
)
def test_what_the_file_may_not_say_is_refused(file: Path, text: str, words: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings({"LEUKO_SETTINGS": str(file)})
    assert words in str(caught.value)
    assert str(file) in str(caught.value)
    assert not re.search(r"input|should|valid (number|integer|string)", str(caught.value))


def test_a_state_directory_that_is_a_file_is_refused(file: Path, tmp_path: Path) -> None:
    file.write_text('state_dir = "/dev/null"', encoding="utf-8")
    given = {"LEUKO_SETTINGS": str(file)}
    with pytest.raises(SettingsError, match=f"^{file} sets state_dir to '/dev/null', which is a f"):
        load_settings(given)
    words = f"^the command line sets state_dir to '{file}/a/b', which lies below {file}, which is a"
    with pytest.raises(SettingsError, match=words):
        load_settings(given, state_dir=file / "a" / "b")
    assert load_settings(given, state_dir=tmp_path / "a" / "b").state_dir == tmp_path / "a" / "b"


@pytest.fixture
def default_state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """The packaged default of the state directory, in this test's own folder."""
    with monkeypatch.context() as patch:
        patch.setattr(Settings.model_fields["state_dir"], "default", tmp_path / "leuko")
        Settings.model_rebuild(force=True)
        yield tmp_path / "leuko"
    Settings.model_rebuild(force=True)


def test_a_default_of_the_state_directory_that_is_a_file_is_told_as_such(
    default_state_dir: Path,
) -> None:
    assert load_settings({}).state_dir == default_state_dir
    default_state_dir.touch()
    words = (
        f"^the default of state_dir is '{default_state_dir}', which is a file and no folder; name"
    )
    with pytest.raises(SettingsError, match=words):
        load_settings({})
    assert read_settings({}).state_dir == default_state_dir


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(
        SettingsError, match="setting thread; unset LEUKO_THREAD; did you mean threads"
    ):
        load_settings({"LEUKO_THREAD": "2"})


def test_a_file_that_was_asked_for_must_be_there(file: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({"LEUKO_SETTINGS": str(file)})


def test_only_a_file_that_is_not_there_may_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("leuko.settings.SETTINGS_FILE", tmp_path / ("a" * 300))
    with pytest.raises(SettingsError, match="cannot be read: File name too long"):
        load_settings({})


def test_every_setting_is_explained() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
