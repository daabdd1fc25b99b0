"""Commands that a command tells to run next act on the state directory that it was given."""

import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import typer.main

from leuko.calibration import FOLDER_NAME, CalibrationHistory, Circumstances, FocusPart
from leuko.cli import app, with_state_dir

Leuko = Callable[..., CompletedProcess[str]]


@pytest.fixture
def lab(tmp_path: Path, circumstances: Circumstances) -> Path:
    """A state directory, not the settings', with a focus of larger pictures."""
    part = FocusPart(
        origin=circumstances.origin([], shape=(480, 640)),
        least_sharpness=1.5,
        best_sharpness=2.0,
        softest=1.0,
    )
    folder = tmp_path / "our lab"
    history = CalibrationHistory(folder / FOLDER_NAME)
    history.keep({"focus": part}, cause="focus", by="Ada")
    return folder


def test_what_a_refusal_tells_to_forget_is_forgotten_where_it_was_refused(
    leuko: Leuko, fields: Path, lab: Path
) -> None:
    measured = ("calibrate", "flat-field", "--from", fields, "--yes", "--state-dir", lab)
    refused = leuko(*measured).stderr
    told = f"first with leuko calibrate forget --state-dir '{lab}' focus\n"
    assert refused.endswith(told)
    command = shlex.split(told.partition("leuko ")[2])
    assert leuko(*command, "--yes").returncode == 0
    assert leuko(*measured).returncode == 0


def test_without_a_state_directory_a_refusal_names_none(
    leuko: Leuko, fields: Path, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(lab))
    refused = leuko("calibrate", "flat-field", "--from", fields, "--yes").stderr
    assert refused.endswith("drop the others first with leuko calibrate forget focus\n")


def test_of_all_parts_those_that_are_refused_are_run_again_with_the_same_places(
    leuko: Leuko, fields: Path, lab: Path
) -> None:
    skipped = ("--skip", "stain", "--skip", "scale")
    run = leuko("calibrate", "all", "--from", fields, "--yes", "--state-dir", lab, *skipped)
    assert f"leuko calibrate forget --state-dir '{lab}' focus\n" in run.stderr
    alone = f"run each alone, leuko calibrate flat-field --from {fields} --state-dir '{lab}'\n"
    assert run.stdout.endswith(alone)


def commands_with_a_state_directory(group: object, words: str) -> list[str]:
    found: list[str] = []
    for name, one in getattr(group, "commands", {}).items():
        if any("--state-dir" in option.opts for option in one.params):
            found.append(f"{words} {name}")
        found += commands_with_a_state_directory(one, f"{words} {name}")
    return found


def test_the_state_directory_is_told_to_every_command_that_takes_one() -> None:
    every = commands_with_a_state_directory(typer.main.get_command(app), "leuko")
    assert "leuko calibrate undo" in every
    for command in every:
        told = with_state_dir(f"run {command} again", Path("/lab"))
        assert told == f"run {command} --state-dir /lab again"
    others = "leuko calibrate fits this; leuko runs; leuko bundle list; leuko count FOLDER"
    assert with_state_dir(others, Path("/lab")) == others
