"""What the manual says of commands, options, settings and files must be so, and be all of it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.core import TyperCommand, TyperGroup, TyperOption

from leuko import cli
from leuko.settings import Settings
from leuko.sim import SimulatedSmear, SmearSpec
from leuko_converter import cli as converter_cli
from leuko_training import cli as training_cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAMS = {
    "leuko": cli.app,
    "leuko-train": training_cli.app,
    "leuko-convert": converter_cli.app,
}
QUICK = ("bundle", "count")
"""Commands whose examples are tried; the others need a device or run for long."""

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
EXAMPLE = re.compile(r"^\.venv/bin/leuko (.+)$|`\.venv/bin/leuko ([^`]+)`", re.MULTILINE)


def manual() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def commands() -> Iterator[tuple[str, TyperCommand]]:
    """Every command of every program by what one types."""
    for name, app in PROGRAMS.items():
        yield from below(name, typer.main.get_command(app))


def below(name: str, command: object) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperCommand):
        yield name, command
    elif isinstance(command, TyperGroup):
        for word, inner in command.commands.items():
            yield from below(f"{name} {word}", inner)


def options(command: TyperCommand) -> Iterator[tuple[str, str]]:
    """Long name and help of every option."""
    for parameter in command.params:
        if isinstance(parameter, TyperOption):
            name = next(one for one in parameter.opts if one.startswith("--"))
            yield name, parameter.help or ""


def test_every_command_is_in_the_manual_and_has_help() -> None:
    text = manual()
    found = dict(commands())
    assert {"leuko count", "leuko-train segmenter", "leuko-convert bundle"} <= set(found)
    assert {name for name in found if name not in text} == set()
    assert {name for name, command in found.items() if not command.help} == set()


def test_every_option_is_in_the_manual_and_has_help() -> None:
    text = manual()
    known = [(name, *option) for name, command in commands() for option in options(command)]
    absent = {f"{name} {option}" for name, option, _ in known if not is_named(option, text)}
    assert absent == set()
    assert {f"{name} {option}" for name, option, told in known if not told} == set()


def is_named(option: str, text: str) -> bool:
    return bool(re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text))


def test_every_setting_is_in_the_manual() -> None:
    text = manual()
    named = {
        name
        for name in Settings.model_fields
        if re.search(rf"`{name}`|^{name} = ", text, re.MULTILINE)
    }
    assert set(Settings.model_fields) - named == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in (first or second for first, second in LINK.findall(page.read_text("utf-8"))):
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not heading or heading in headings(target), link


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in lines}


def examples() -> list[str]:
    found = [first or second for first, second in EXAMPLE.findall(manual())]
    return sorted({line for line in found if line.split()[0] in QUICK and "X" not in line.split()})


@pytest.mark.parametrize("line", examples())
def test_the_examples_of_the_manual_run(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo-out" / "fields").mkdir(parents=True)
    smear = SimulatedSmear(SmearSpec(seed=4, width_um=120, height_um=90, leukocytes=2))
    field = smear.render(5, 5, width_px=640, height_px=480, um_per_px=0.15)
    Image.fromarray(field).save(tmp_path / "demo-out" / "fields" / "field.png")
    with pytest.raises(SystemExit) as exit_info:
        cli.main(shlex.split(line))
    assert exit_info.value.code in {0, None}
