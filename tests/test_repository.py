"""What must be true of the files themselves."""

import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
BUILT = re.compile(r"\.venv.*|\..*_cache|\.git|\.hypothesis|__pycache__|runs|demo-out|dist|build")
IMAGES = {".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff"}

# Where leuko is installed is no path of a machine.
MACHINE_PATH = re.compile(
    r"(?<![\w.*/])/(?:home|root|work|Users|private|mnt|opt/(?!leuko|check)\w+)/[\w.]"
)
REGISTRY = re.compile(r"pypi\.|pythonhosted|--(?:extra-)?index-url|--find-links|:\d{4,5}/simple")
HOST = re.compile(r"://|\b[\w-]+\.(?:org|com|net|io|dev|local|internal)\b|\blocalhost\b|@ ")
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ]+)(?: ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def own_files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that a clone would hold, told without git."""
    for path in sorted(folder.iterdir()):
        if BUILT.fullmatch(path.name):
            continue
        if path.is_dir():
            yield from own_files(path)
        else:
            yield path


def texts() -> Iterator[tuple[str, str]]:
    for path in own_files():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def entries(path: Path) -> list[list[str]]:
    """The logical lines of a requirement file: the pin, then its hashes."""
    lines = path.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    return [[part.strip() for part in re.split(r"\s(?=--hash)", line)] for line in lines if line]


def pins(name: str) -> dict[str, str]:
    matches = [PIN.fullmatch(entry[0]) for entry in entries(ROOT / "requirements" / f"{name}.txt")]
    return {match["name"]: match["version"] for match in matches if match}


def declared(*extras: str) -> list[Requirement]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [pyproject["project"]["dependencies"]]
    lists += [pyproject["project"]["optional-dependencies"][extra] for extra in extras]
    if extras:
        lists.append(pyproject["dependency-groups"]["dev"])
    return [Requirement(text) for group in lists for text in group]


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_a_requirement_is_one_version_with_its_hashes(path: Path) -> None:
    for pin, *hashes in entries(path):
        assert PIN.fullmatch(pin), pin
        assert hashes, pin
        assert all(HASH.fullmatch(value) for value in hashes), pin


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_a_requirement_file_names_no_host(path: Path) -> None:
    assert not HOST.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "extras"), [("device", []), ("dev", ["training"])])
def test_what_is_declared_is_pinned_within_its_bounds(name: str, extras: list[str]) -> None:
    pinned = pins(name)
    wrong = [r for r in declared(*extras) if not r.specifier.contains(pinned[r.name])]
    assert not wrong


def test_a_device_installs_what_was_tested() -> None:
    assert pins("device").items() <= pins("dev").items()


def test_a_device_installs_no_desktop_library() -> None:
    assert (
        pins("device")
        .keys()
        .isdisjoint({"keras", "matplotlib", "scipy", "tensorflow", "tensorflow-cpu", "torch"})
    )


def test_no_file_names_a_path_of_one_machine() -> None:
    found = {name: MACHINE_PATH.findall(text) for name, text in texts()}
    assert not {name: paths for name, paths in found.items() if paths}


def test_no_file_names_a_package_registry() -> None:
    found = {
        name
        for name, text in texts()
        if name != "tests/test_repository.py" and REGISTRY.search(text)
    }
    assert not found


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile.replace("\\\n", ""), re.MULTILINE)
    assert phony
    return set(phony[1].split())


def manual() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_make_help_tells_every_target() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^make ([a-z0-9-]+) +\w", told.stdout, re.MULTILINE)) == make_targets()


def test_every_make_target_is_documented() -> None:
    assert {target for target in make_targets() if f"make {target}" not in manual()} == set()


def test_every_documented_make_target_exists() -> None:
    assert set(re.findall(r"`make ([a-z0-9-]+)[ `]", manual())) <= make_targets()


def test_no_image_of_the_data_sets_is_in_the_repository(datasets: Path) -> None:
    ours = {path.stat().st_size: path for path in own_files() if path.suffix.lower() in IMAGES}
    theirs = [path for path in datasets.rglob("*") if path.suffix.lower() in IMAGES]
    digests = {hashlib.sha256(path.read_bytes()).digest() for path in ours.values()}
    copies = [
        path
        for path in theirs
        if path.stat().st_size in ours and hashlib.sha256(path.read_bytes()).digest() in digests
    ]
    assert not copies


def test_no_file_holds_a_private_key() -> None:
    found = {name for name, text in texts() if re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY", text)}
    assert not found
