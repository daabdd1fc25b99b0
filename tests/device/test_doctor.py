"""What the doctor tells apart."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import disk_usage
from socket import AF_UNIX, socket

import pytest
import typer
from typer.core import TyperGroup

from leuko.backends import edge_tpu, gpu
from leuko.bundle import load_bundle
from leuko.calibration import (
    FOLDER_NAME,
    CalibrationHistory,
    Circumstances,
    Origin,
    ScalePart,
    StainPart,
)
from leuko.cli import app, main
from leuko.clock import now
from leuko.displays import load_display
from leuko.doctor import (
    ask_service,
    examine_backend,
    examine_bundle,
    examine_calibration,
    examine_camera,
    examine_disk,
    examine_display,
    examine_power,
    examine_temperature,
)
from leuko.service import camera_options, display_options
from leuko.settings import Settings
from leuko.shown import CalibrationStep
from leuko.status import Health, Level
from leuko.store import STORE_NAME
from leuko.vision.tone import Tone


def zones(folder: Path, *millidegrees: int) -> Path:
    for number, value in enumerate(millidegrees):
        zone = folder / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(f"{value}\n", encoding="ascii")
    return folder


@pytest.mark.parametrize(
    ("millidegrees", "level", "words"),
    [
        (45_200, Level.OK, "45 °C"),
        (72_000, Level.WARNING, "72 °C"),
        (83_000, Level.FAULT, "83 °C"),
        (-87_900, Level.FAULT, "-87.9 °C is impossible"),
    ],
)
def test_a_temperature_is_judged(
    tmp_path: Path, millidegrees: int, level: Level, words: str
) -> None:
    finding = examine_temperature(zones(tmp_path, millidegrees))
    assert finding.health.level is level
    assert words in finding.health.text


def test_the_hottest_sensor_counts(tmp_path: Path) -> None:
    assert examine_temperature(zones(tmp_path, 40_000, 81_000)).health.level is Level.FAULT


def test_a_machine_without_sensor_says_so(tmp_path: Path) -> None:
    assert examine_temperature(tmp_path).health.level is Level.WARNING


def test_a_sensor_that_shows_no_number_is_passed_over(tmp_path: Path) -> None:
    folder = zones(tmp_path, 45_200, 0)
    for garbage in (b"n/a\n", b"\xff\n", b""):
        (folder / "thermal_zone1" / "temp").write_bytes(garbage)
        assert "45 °C" in examine_temperature(folder).health.text


@pytest.mark.parametrize(
    ("register", "level", "words"),
    [
        ("0", Level.OK, "no under-voltage"),
        ("50000", Level.WARNING, "under-voltage, throttled since the start"),
        ("50005", Level.FAULT, "under-voltage, throttled now"),
        ("n/a", Level.WARNING, "cannot be read"),
    ],
)
def test_a_weak_supply_is_told_from_one_that_was_weak(
    tmp_path: Path, register: str, level: Level, words: str
) -> None:
    file = tmp_path / "get_throttled"
    file.write_text(f"{register}\n", encoding="ascii")
    finding = examine_power(file)
    assert finding.health.level is level
    assert words in finding.health.text


@pytest.mark.parametrize(
    ("board", "words"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4\0", "the firmware does not say"),
        ("Pine64 RockPro64 v2.1\0", "not a Raspberry Pi"),
        (None, "not a Raspberry Pi"),
    ],
)
@pytest.mark.parametrize("program", ["no-such-program", "false"])
def test_a_pi_that_may_not_be_asked_is_told_from_another_machine(
    tmp_path: Path, board: str | None, words: str, program: str
) -> None:
    model = tmp_path / "model"
    if board:
        model.write_text(board, encoding="ascii")
    finding = examine_power(tmp_path / "get_throttled", program=program, model=model)
    assert words in finding.health.text
    is_silent_pi = words == "the firmware does not say"
    assert finding.health.level is (Level.WARNING if is_silent_pi else Level.OK)
    assert ("sudo -u leuko" in finding.remedy) is is_silent_pi


def stick(folder: Path, vendor: str, product: str, speed: str = "5000") -> Path:
    device = folder / "2-1"
    device.mkdir()
    values = {"idVendor": vendor, "idProduct": product, "busnum": "250", "devnum": "9"}
    for name, value in {**values, "speed": speed}.items():
        (device / name).write_text(f"{value}\n", encoding="ascii")
    return folder


def test_the_backend_says_what_runs_the_models_and_why(tiny_bundle: Path, tmp_path: Path) -> None:
    auto = Settings(bundle=tiny_bundle)
    asked_for = Settings(bundle=tiny_bundle, backend="edgetpu")
    finding = examine_backend(auto, [edge_tpu(usb=tmp_path), gpu(render_nodes=tmp_path)])
    assert finding.health.level is Level.OK
    assert finding.health.text.startswith("cpu: ai_edge_litert (CPU, ")
    assert "no Coral Edge TPU is plugged in; the kernel shows no GPU" in finding.health.text
    assert "use another backend" not in finding.health.text
    plugged_in = [edge_tpu(library="libnotthere.so", usb=stick(tmp_path, "1a6e", "089a"))]
    for settings, level in ((auto, Level.WARNING), (asked_for, Level.FAULT)):
        finding = examine_backend(settings, plugged_in)
        assert finding.health.level is level
        assert "libnotthere.so is not installed; install" in finding.health.text


def small_views(**changes: object) -> Settings:
    changes = {"camera": "sim", "camera_source": "smear:24:5"} | changes
    return Settings.model_validate({"frame_width": 320, "frame_height": 240, **changes})


def test_a_camera_that_works_gives_a_picture() -> None:
    settings = small_views()
    finding = examine_camera(settings, camera_options(settings))
    assert finding.health.level is Level.OK
    assert "rendered smear 24: 320 x 240 after" in finding.health.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"camera": "nix"}, "no camera driver 'nix'; choose one of"),
        ({"camera_source": "smear:nix"}, "'smear:nix' is no smear; give whole numbers"),
        ({"camera": "opencv", "camera_source": "/dev/video99"}, "no camera at /dev/video99"),
    ],
)
def test_a_camera_that_is_missing_is_told_with_its_remedy(
    changes: dict[str, object], words: str
) -> None:
    settings = small_views(**changes)
    finding = examine_camera(settings, camera_options(settings))
    assert finding.health.level is Level.FAULT
    assert words in finding.health.text
    assert not finding.remedy


def test_whoever_has_no_camera_is_told_how_to_try_without() -> None:
    settings = Settings()
    finding = examine_camera(settings, camera_options(settings))
    assert finding.health.level is Level.FAULT
    assert finding.remedy == "to try leuko without one: --camera sim"


def test_a_service_is_found_where_it_listens(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    settings = Settings(control_socket=path)
    told = ask_service(settings).finding.health
    assert told.level is Level.OK
    assert told.text.startswith(f"none listens at {path}; if one runs that listens elsewhere, say")
    assert "--socket" in told.text
    with socket(AF_UNIX) as listener:
        listener.bind(str(path))
    finding = ask_service(settings).finding
    assert finding.health.level is Level.WARNING
    assert "service does not run" in finding.health.text


def test_a_socket_that_cannot_be_looked_at_is_a_finding() -> None:
    # A name that is too long fails like a folder that may not be entered, and for root, too.
    finding = ask_service(Settings(control_socket=Path("/run") / ("x" * 300))).finding
    assert finding.health.level is Level.WARNING
    assert "cannot be asked" in finding.health.text


def test_a_display_that_is_missing_is_told_from_one_that_was_not_chosen(tmp_path: Path) -> None:
    for display, level in (("none", Level.OK), ("framebuffer", Level.FAULT), ("nix", Level.FAULT)):
        settings = Settings(display=display, display_device=str(tmp_path / "fb9"))
        finding = examine_display(settings, display_options(settings))
        assert finding.health.level is level
    settings = Settings(display="png", display_device=str(tmp_path))
    assert str(tmp_path) in examine_display(settings, display_options(settings)).health.text


def test_a_display_is_drawn_on_before_it_is_called_well(tmp_path: Path) -> None:
    sound = Settings(display="png", display_device=str(tmp_path))
    assert examine_display(sound, display_options(sound)).health.level is Level.OK
    # Not even root writes there.
    kernels = sound.model_copy(update={"display_device": "/proc"})
    finding = examine_display(kernels, display_options(kernels))
    assert "/proc/display.png cannot be written" in finding.health.text
    small = sound.model_copy(update={"display_width": 100, "display_height": 30})
    finding = examine_display(small, display_options(small))
    assert finding.health.level is Level.FAULT
    assert "100x30 pixels is too small to read; choose" in finding.health.text


@pytest.mark.parametrize("name", ["", "%06d.png"])
def test_the_pictures_of_a_display_that_keeps_them_stay_as_they_are(
    tmp_path: Path, name: str
) -> None:
    settings = Settings(display="png", display_device=str(tmp_path / name))
    with closing(load_display("png", display_options(settings))) as display:
        display.show(CalibrationStep("scale", "step 1 of 2", "move the slide on"))
    kept = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert examine_display(settings, display_options(settings)).health.level is Level.OK
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_a_display_that_hangs_is_told(tmp_path: Path) -> None:
    # Opening it waits for somebody who reads.
    device = tmp_path / "tty"
    os.mkfifo(device)
    settings = Settings(display="terminal", display_device=str(device))
    finding = examine_display(settings, display_options(settings), patience_s=0.1)
    assert finding.health == Health(Level.FAULT, "terminal hangs")
    assert finding.remedy == "look at its cable"
    os.close(os.open(device, os.O_RDONLY))


def test_a_bundle_is_replayed_on_this_device(tiny_bundle: Path) -> None:
    finding = examine_bundle(Settings(bundle=tiny_bundle))
    assert finding.health.level is Level.OK
    assert finding.health.text.endswith("gives its golden outputs here")


def test_a_damaged_bundle_is_told_with_its_remedy(own_bundle: Path) -> None:
    model = next(own_bundle.glob("*.tflite"))
    model.write_bytes(model.read_bytes()[:-1])
    finding = examine_bundle(Settings(bundle=own_bundle))
    assert finding.health.level is Level.FAULT
    assert model.name in finding.health.text


def test_a_folder_that_is_not_there_yet_is_told_from_a_disk_that_cannot_be_written(
    tmp_path: Path,
) -> None:
    assert examine_disk(Settings(state_dir=tmp_path)).health.level is not Level.FAULT
    finding = examine_disk(Settings(state_dir=tmp_path / "leuko"))
    assert finding.health.level is Level.WARNING
    assert "start the service, which makes it" in finding.remedy
    # Read-only, for root too.
    assert examine_disk(Settings(state_dir=Path("/proc"))).health.level is Level.FAULT


def test_a_disk_without_room_for_the_copy_says_how_to_free_it(tmp_path: Path) -> None:
    with (tmp_path / STORE_NAME).open("wb") as store:
        # A hole: as large as the disk's free room, and takes none.
        store.truncate(disk_usage(tmp_path).free)
    finding = examine_disk(Settings(state_dir=tmp_path))
    assert finding.health.level is Level.WARNING
    assert finding.health.text.startswith("no room for a copy: ")
    assert finding.remedy.endswith("leuko session slim")


def test_a_disk_with_too_little_room_is_told_with_one_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = disk_usage(tmp_path)._replace(free=10_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    finding = examine_disk(Settings(state_dir=tmp_path))
    assert finding.health.level is Level.FAULT
    assert finding.health.text.startswith("too little room: 10 MB free; put in another medium")
    assert finding.health.text.endswith("leuko session slim")
    assert not finding.remedy


def test_every_finding_is_one_line_and_a_fault_is_exit_code_1(
    tmp_path: Path, tiny_bundle: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = ["--camera", "opencv", "--camera-source", "/dev/video99", "--um-per-px", "0.2"]
    display = ["--display", "png", "--display-device", str(tmp_path / "shown")]
    models = ["--bundle", str(tiny_bundle), "--threads", "1"]
    places = ["--state-dir", str(tmp_path), "--socket", str(tmp_path / "socket")]
    with pytest.raises(SystemExit) as exited:
        main(["doctor", *camera, *display, *models, *places])
    lines = capfd.readouterr().out.splitlines()
    assert exited.value.code == 1
    parts = [
        "camera",
        "display",
        "accelerator",
        "backend",
        "bundle",
        "calibration",
        "disk",
        "service",
        "clock",
        "temperature",
        "power",
    ]
    assert [line.split()[1] for line in lines] == parts
    assert [line.split()[1] for line in lines if line.startswith("fault")] == ["camera"]
    assert f"none listens at {tmp_path / 'socket'}" in lines[parts.index("service")]
    assert str(tmp_path / "shown") in lines[parts.index("display")]
    assert "1 thread" in lines[parts.index("backend")]


def test_a_state_directory_that_is_a_file_is_one_finding_among_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").touch()
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    camera = ["--camera", "opencv", "--camera-source", "/dev/video99"]
    with pytest.raises(SystemExit) as exited:
        main(["doctor", *camera, "--socket", str(tmp_path / "socket")])
    found = {line.split()[1]: line for line in capfd.readouterr().out.splitlines()}
    assert exited.value.code == 1
    assert f"{tmp_path / 'state'} is a file and no folder" in found["disk"]
    unseen = [part for part, line in found.items() if "not looked at" in line]
    assert unseen == ["backend", "bundle", "calibration"]
    assert list(found)[-3:] == ["clock", "temperature", "power"]


def test_the_doctor_takes_every_option_that_the_service_takes() -> None:
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    run, doctor = (
        {name for parameter in program.commands[command].params for name in parameter.opts}
        for command in ("run", "doctor")
    )
    assert run <= doctor


@pytest.fixture
def settings(tiny_bundle: Path, tmp_path: Path) -> Settings:
    return Settings(
        bundle=tiny_bundle, camera="sim", frame_width=320, frame_height=240, state_dir=tmp_path
    )


def keep_scale(settings: Settings, *, bundle_sha256: str = "", width: int = 320) -> None:
    history = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    sha256 = bundle_sha256 or load_bundle(settings.bundle or Path()).sha256
    circumstances = Circumstances("Ada", now(), "tiny", sha256, "sim")
    part = ScalePart(
        origin=circumstances.origin([], shape=(240, width)),
        um_per_px=0.2,
        within_percent=1.0,
        method="stage micrometer",
        measured=40,
    )
    history.keep({"scale": part}, cause="scale", by="Ada")


def test_a_calibration_that_fits_is_told_with_the_age_of_its_parts(settings: Settings) -> None:
    assert "none; leuko calibrate" in examine_calibration(settings).health.text
    keep_scale(settings)
    history = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    history.keep({}, cause="nothing new", by="Ada")
    finding = examine_calibration(settings)
    assert finding.health.level is Level.OK
    assert finding.health.text == "number 2: scale (1 before)"


def test_a_calibration_made_with_another_bundle_is_doubtful(settings: Settings) -> None:
    keep_scale(settings, bundle_sha256="c" * 64)
    finding = examine_calibration(settings)
    assert finding.health.level is Level.WARNING
    assert "with another bundle: scale" in finding.health.text


@pytest.mark.parametrize(
    ("is_wanted", "remedy"),
    [("true", "leuko calibrate stain, with fields in which nuclei stand out"), ("false", "")],
)
def test_a_stain_without_darkness_is_to_be_measured_again_where_that_is_wanted(
    *,
    settings: Settings,
    own_bundle: Path,
    purple_stain: Callable[[Origin], StainPart],
    is_wanted: str,
    remedy: str,
) -> None:
    manifest = own_bundle / "manifest.toml"
    said = f"[classifier]\nevens_laboratory = {is_wanted}\n"
    manifest.write_text(manifest.read_text("utf-8").replace("[classifier]\n", said), "utf-8")
    chosen = settings.model_copy(update={"bundle": own_bundle})
    circumstances = Circumstances("Ada", now(), "tiny", load_bundle(own_bundle).sha256, "sim")
    older = purple_stain(circumstances.origin([], shape=(240, 320)))
    history = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    history.keep({"stain": older}, cause="stain", by="Ada")
    finding = examine_calibration(chosen)
    assert finding.health.level is (Level.WARNING if remedy else Level.OK)
    assert ("does not say how dark cells are" in finding.health.text) is bool(remedy)
    assert finding.remedy == remedy
    history.keep({"stain": older.with_tone(Tone(0.8, 0.3))}, cause="stain", by="Ada")
    assert examine_calibration(chosen).health == Health(Level.OK, "number 2: stain (newest)")


def test_a_calibration_of_another_camera_is_a_fault(settings: Settings) -> None:
    keep_scale(settings, width=640)
    finding = examine_calibration(settings)
    assert finding.health.level is Level.FAULT
    assert "640 x 240 pixels, the camera gives 320 x 240" in finding.health.text


def test_a_damaged_calibration_is_told_from_one_that_is_in_use(settings: Settings) -> None:
    keep_scale(settings)
    folder = settings.state_dir / FOLDER_NAME
    (folder / "calibration-000002.zip").write_bytes(b"PK")
    doubtful = examine_calibration(settings)
    assert doubtful.health.level is Level.WARNING
    assert "calibration-000002.zip is damaged" in doubtful.health.text
    (folder / "calibration-000001.zip").write_bytes(b"PK")
    assert examine_calibration(settings).health.level is Level.FAULT
