"""Options and fixtures that all tests share."""

import os
from collections.abc import Generator
from pathlib import Path

import cv2
import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
DATASETS = Path(os.environ.get("LEUKO_DATASETS", ROOT.parent / "shared" / "datasets"))

# A failure has to be the same failure tomorrow.
hypothesis.settings.register_profile("leuko", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("leuko")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them",
    )


def forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Where the data sets are, a skipped test hides a hole: make it a failure."""
    if report.skipped and DATASETS.is_dir():
        report.outcome = "failed"
        report.longrepr = f"skipped although the data sets are in {DATASETS}: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    excused = any(item.get_closest_marker(name) for name in ("hardware", "edgetpu"))
    if not excused and not hasattr(report, "wasxfail"):
        forbid_skip(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """OpenCV's own threads would make timings and the order of sums depend on the machine."""
    cv2.setNumThreads(1)


@pytest.fixture(autouse=True)
def stable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output that is read back is neither coloured nor broken to this terminal's width."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither the user's files nor variables decide what a test sees."""
    for name in os.environ:
        if name.startswith("LEUKO_") and name != "LEUKO_DATASETS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


@pytest.fixture
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(pytestconfig.getoption("--update-golden"))


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of the public data sets."""
    if not DATASETS.is_dir():
        pytest.skip(f"no data sets in {DATASETS}; name their folder in LEUKO_DATASETS")
    return DATASETS


@pytest.fixture
def out_dir(tmp_path: Path) -> Path:
    """A folder for results that does not exist yet."""
    return tmp_path / "out"
