"""Commands that a command tells to run next act on the state directory that it was given."""

import ast
import json
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import typer.main

import leuko as leuko_package
from leuko.calibration import FOLDER_NAME, CalibrationHistory, Circumstances, FocusPart
from leuko.cli import app
from leuko.remedies import with_state_dir

Leuko = Callable[..., CompletedProcess[str]]
Hand = Callable[[Path, list[int]], AbstractContextManager[None]]


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


def test_a_person_asked_to_try_again_and_a_script_are_told_the_state_directory(
    *, leuko: Leuko, hand: Hand, fields: Path, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget = f"first with leuko calibrate forget --state-dir '{lab}' focus"
    keypad, measured = lab / "keypad", ("--from", fields, "--state-dir", lab)
    monkeypatch.setenv("LEUKO_KEYPAD", str(keypad))
    monkeypatch.setattr("leuko.wizard._wizard._PATIENCE_S", 0.3)
    (lab / "typed").write_text("y\n", encoding="utf-8")
    with hand(keypad, []), (lab / "typed").open(encoding="utf-8") as typed:
        monkeypatch.setattr("sys.stdin", typed)
        asked = leuko("calibrate", "flat-field", *measured).stderr
    assert "try again?" in asked
    assert asked.count(f"{forget}\n") == 2
    parts = ("--skip", "stain", "--skip", "scale", "--yes", "--json")
    lines = leuko("calibrate", "all", *measured, *parts).stdout.splitlines()
    assert json.loads(lines[2])["refused"].endswith(forget)


def commands(group: object, words: str = "leuko") -> dict[str, bool]:
    """Every command that is no group, and whether it takes a state directory."""
    found: dict[str, bool] = {}
    for name, one in getattr(group, "commands", {}).items():
        below = commands(one, f"{words} {name}")
        takes = any("--state-dir" in option.opts for option in one.params)
        found |= below or {f"{words} {name}": takes}
    return found


def test_the_state_directory_is_told_to_every_command_that_takes_one_and_to_no_other() -> None:
    every = commands(typer.main.get_command(app))
    assert (every["leuko calibrate undo"], every["leuko bundle list"]) == (True, False)
    for command, takes in every.items():
        for before, after in (("run ", " again"), ("go back with ", "."), ("made (", ")")):
            told = with_state_dir(f"{before}{command}{after}", Path("/lab"))
            option = " --state-dir /lab" if takes else ""
            assert told == f"{before}{command}{option}{after}"


@pytest.mark.parametrize(
    "sentence",
    [
        "leuko calibrate fits this; leuko runs; run leuko count FOLDER",
        "no images in leuko run; give a folder with PNG, JPEG, TIFF or BMP files in it",
        "leuko snap takes no pictures (Read-only file system); name another folder",
        "/srv/leuko snap/1.png is no PNG, JPEG, TIFF or BMP that can be read",
        "there is nothing to replay at /srv/the leuko run/fields; name a folder of images",
        "with leuko run/a.png and, of yesterday's, leuko snap.zip",
    ],
)
def test_a_file_called_as_a_command_is_told_as_it_is(sentence: str) -> None:
    assert with_state_dir(sentence, Path("/lab")) == sentence


def sentences() -> Iterator[str]:
    """What the device's modules may say, docstrings left out."""
    for path in Path(leuko_package.__file__ or "").parent.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        described = {id(one.value) for one in nodes if isinstance(one, ast.Expr)}
        for one in nodes:
            if isinstance(one, ast.Constant) and id(one) not in described:
                yield str(one.value)


def test_every_command_that_a_sentence_leads_in_is_known_as_one() -> None:
    takes = [words for words, is_taken in commands(typer.main.get_command(app)).items() if is_taken]
    any_command = re.compile(rf"({'|'.join(takes)})(?![\w-])")
    told = [one for one in sentences() if any_command.search(one) and "has written" not in one]
    assert len(told) > 20
    for sentence in told:
        # A remedy stands behind a semicolon.
        known = with_state_dir(f"; {sentence}", Path("/lab"))
        assert known == any_command.sub(r"\1 --state-dir /lab", f"; {sentence}")
