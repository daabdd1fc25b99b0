"""``leuko calibrate check``: from fields of a reference slide to a record, a picture, a code."""

import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.cells import RGBImage
from leuko.cli import main


@dataclass(frozen=True)
class Run:
    code: int | str | None
    out: str
    err: str


Check = Callable[..., Run]


@pytest.fixture
def check(
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Check:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_UM_PER_PX", "0.2")
    monkeypatch.setenv("LEUKO_BUNDLE", str(tiny_bundle))

    def run(*arguments: object) -> Run:
        with pytest.raises(SystemExit) as left:
            main(["calibrate", "check", *map(str, arguments)])
        printed = capfd.readouterr()
        return Run(left.value.code or 0, printed.out, printed.err)

    return run


@pytest.fixture
def slide(paired_fields: tuple[RGBImage, ...], tmp_path: Path) -> Path:
    """Three fields with four leukocytes each."""
    folder = tmp_path / "slide"
    folder.mkdir()
    for number, rgb in enumerate(paired_fields[:3]):
        Image.fromarray(rgb).save(folder / f"{number:02}.png")
    return folder


def test_a_script_checks_keeps_lists_and_draws(check: Check, slide: Path, tmp_path: Path) -> None:
    asked = ("--from", slide, "--cells", 12, "--missed", 0, "--yes", "--json", "--by", "Ada")
    run = check(*asked, "--pictures", tmp_path / "seen", "--plot", tmp_path / "p.png", "--small")
    assert run.code == 0, run.err
    told = json.loads(run.out)
    assert told["kept"] == 1
    assert (told["check"]["located"], told["check"]["failures"]) == (12, [])
    assert told["check"]["measured"]["located_percent"] == 100
    assert told["check"]["origin"]["frames"][0]["name"] == "00.png"
    assert len(list((tmp_path / "seen").iterdir())) == 3
    with Image.open(tmp_path / "p.png") as plot:
        assert plot.size == (320, 240)
    assert [one["by"] for one in json.loads(check("--list", "--json").out)] == ["Ada"]
    assert "passed" in check("--list").out


def test_missed_leukocytes_are_asked_for_and_a_failed_check_is_kept_with_its_own_code(
    check: Check, slide: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("4\ny\n"))
    run = check("--from", slide, "--cells", 12)
    assert run.code == 4
    assert "12 leukocytes located in 3 fields" in run.out
    assert "failed: located % 75 is below 90" in run.out
    assert (tmp_path / "state" / "checks" / "check-000001.json").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--json",), "--json asks nothing; say with --missed how many were missed"),
        (("--cells", 30, "--missed", 1), "13 leukocytes in 3 fields are too few for a check, 30"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence_and_nothing_is_kept(
    *,
    check: Check,
    slide: Path,
    tmp_path: Path,
    arguments: tuple[object, ...],
    sentence: str,
) -> None:
    run = check("--from", slide, *arguments)
    assert run.code == 1
    assert sentence in run.err
    assert len(run.err.splitlines()) == 1
    assert not (tmp_path / "state" / "checks").exists()
    assert check("--list").out == "no quality check was ever made\n"


def test_a_field_that_is_come_back_to_is_not_counted_again(check: Check, slide: Path) -> None:
    Image.open(slide / "00.png").save(slide / "03.png")
    run = check("--from", slide, "--cells", 16, "--missed", 0, "--yes")
    assert run.code == 1
    assert "12 leukocytes in 3 fields are too few for a check, 16 are needed" in run.err


PLOT = (24, 58, 52)
"""Colour that only trends have."""


class Person(io.StringIO):
    """Says that none was missed, and keeps the check once the display shows the trends."""

    def __init__(self, display: Path) -> None:
        super().__init__()
        self.display = display
        self.answers = 0
        self.saw_trends = False

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        del size
        self.answers += 1
        if self.answers == 1:
            return "0\n"
        deadline = time.monotonic() + 20
        while not self.saw_trends and time.monotonic() < deadline:
            time.sleep(0.02)
            self.saw_trends = self._is_plotted()
        return "y\n"

    def _is_plotted(self) -> bool:
        if not self.display.exists():
            return False
        with Image.open(self.display) as picture:
            return bool((np.asarray(picture) == PLOT).all(axis=2).any())


def test_the_display_shows_the_trends_until_the_person_has_answered(
    check: Check, slide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_DISPLAY", "png")
    monkeypatch.setenv("LEUKO_DISPLAY_DEVICE", str(tmp_path))
    monkeypatch.setenv("LEUKO_DISPLAY_WIDTH", "320")
    monkeypatch.setenv("LEUKO_DISPLAY_HEIGHT", "240")
    person = Person(tmp_path / "display.png")
    monkeypatch.setattr("sys.stdin", person)
    assert check("--from", slide, "--cells", 12).code == 0
    assert person.saw_trends
    assert (tmp_path / "state" / "checks" / "check-000001.json").exists()
