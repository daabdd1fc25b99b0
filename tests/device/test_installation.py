"""Bundles of a device: who signed them, which one counts, and what happens when one fails."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from leuko.bundle import default_bundle_path, load_bundle
from leuko.cli import main
from leuko.doctor import examine_bundle
from leuko.errors import BundleError, EngineError, OutputError
from leuko.inference import LiteRTEngine, Model
from leuko.installation import BUILT_IN, FOLDER_NAME, InstalledBundles, open_at_start
from leuko.settings import Settings
from leuko.signature import read_trusted_keys
from leuko.status import Level

DEVICE = Path(__file__).resolve().parents[2] / "device"
ENGINE = LiteRTEngine()


def public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def trusted(key: Ed25519PrivateKey, tmp_path: Path) -> Path:
    """A folder with the key of one hospital."""
    folder = tmp_path / "trusted-keys"
    folder.mkdir()
    (folder / "hospital.pem").write_bytes(public_pem(key))
    return folder


@pytest.fixture
def installed(tmp_path: Path, trusted: Path) -> InstalledBundles:
    return InstalledBundles(tmp_path / "state", trusted)


@pytest.fixture
def make_signed(tiny_bundle: Path, key: Ed25519PrivateKey, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a copy of the tiny bundle in some version, signed by the hospital."""

    def made(version: str) -> Path:
        folder = Path(shutil.copytree(tiny_bundle, tmp_path / f"made-{version}"))
        manifest = folder / "manifest.toml"
        manifest.write_text(manifest.read_text().replace('version = "1"', f'version = "{version}"'))
        sign(folder, key)
        return folder

    return made


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    (folder / "manifest.sig").write_bytes(key.sign((folder / "manifest.toml").read_bytes()))


def spoil_golden(folder: Path, key: Ed25519PrivateKey) -> None:
    """Swap two golden files' models, rightly listed and signed: only a replay can tell."""
    text = (folder / "manifest.toml").read_text()
    text = re.sub(r"segmenter_lsb = \d+", "segmenter_lsb = 0", text)
    text = text.replace('outliner = "outliner.tflite"', 'outliner = "other.tflite"')
    content = bytearray((folder / "outliner.tflite").read_bytes())
    start = content.index(b"TFL3") + 4096
    content[start : start + 512] = bytes(512)
    (folder / "other.tflite").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (folder / "manifest.toml").write_text(f'{text}\n"other.tflite" = "{digest}"\n')
    sign(folder, key)


def garble_locator(folder: Path, key: Ed25519PrivateKey) -> None:
    """Put what is no model into the locator's place, rightly listed and signed."""
    manifest, locator = folder / "manifest.toml", folder / "locator.tflite"
    before = hashlib.sha256(locator.read_bytes()).hexdigest()
    locator.write_bytes(b"no model at all")
    after = hashlib.sha256(locator.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text().replace(before, after))
    sign(folder, key)


INSTALLED_AND_LOADED = """
import sys
from leuko.cli import main
try:
    main(["bundle", "install", sys.argv[1]])
except SystemExit:
    print("loaded:", any(name.startswith("ai_edge_litert") for name in sys.modules))
"""


def install(installed: InstalledBundles, folder: Path, *, activate: bool = True) -> str:
    name = installed.install(load_bundle(folder), ENGINE)
    if activate:
        installed.activate(name, ENGINE)
    return name


def damage(installed_in: Path, name: str) -> None:
    with (installed_in / "state" / FOLDER_NAME / name / "locator.tflite").open("r+b") as file:
        file.seek(2000)
        file.write(b"scratched")


def test_a_signed_bundle_is_known_by_its_signers_name(
    make_signed: Callable[[str], Path], trusted: Path
) -> None:
    assert read_trusted_keys(trusted).signer_of(load_bundle(make_signed("2"))) == "hospital"


def test_the_bundle_built_in_is_trusted_as_such_and_not_installed(
    installed: InstalledBundles,
) -> None:
    built_in = load_bundle(default_bundle_path())
    with pytest.raises(BundleError, match="is built in, part of the package, so nothing is to be"):
        installed.admit(built_in, allow_unsigned=True)
    assert installed.signer_of(BUILT_IN, built_in) == "part of the package"


def test_an_unsigned_bundle_is_refused(installed: InstalledBundles, tiny_bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"is not signed; .* --allow-unsigned"):
        install(installed, tiny_bundle)
    assert installed.names() == [BUILT_IN]


@pytest.mark.parametrize("change", ["manifest", "signature", "key", "length"])
def test_what_was_changed_after_signing_is_refused(
    make_signed: Callable[[str], Path], installed: InstalledBundles, trusted: Path, change: str
) -> None:
    folder = make_signed("2")
    signature = (folder / "manifest.sig").read_bytes()
    if change == "manifest":
        text = (folder / "manifest.toml").read_text()
        (folder / "manifest.toml").write_text(text.replace("threshold = 0.5", "threshold = 0.1"))
    elif change == "signature":
        (folder / "manifest.sig").write_bytes(signature[:-1] + bytes([signature[-1] ^ 1]))
    elif change == "length":
        (folder / "manifest.sig").write_bytes(signature * 2)
    else:
        (trusted / "hospital.pem").write_bytes(public_pem(Ed25519PrivateKey.generate()))
    with pytest.raises(BundleError, match="signed with none of the keys trusted here"):
        install(installed, folder)


def test_without_a_folder_of_keys_nobody_is_trusted(
    make_signed: Callable[[str], Path], tmp_path: Path
) -> None:
    installed = InstalledBundles(tmp_path / "state", tmp_path / "none")
    with pytest.raises(BundleError, match="there is none"):
        install(installed, make_signed("2"))


def test_a_key_that_is_none_is_named_and_takes_nothing_from_the_others(
    trusted: Path, make_signed: Callable[[str], Path], installed: InstalledBundles
) -> None:
    install(installed, make_signed("2"))
    curve = generate_private_key(SECP256R1()).public_key()
    for content in (
        b"",
        b"ssh-ed25519 AAAA",
        curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ):
        (trusted / "other.pem").write_bytes(content)
        assert "other.pem is no Ed25519 public key" in str(read_trusted_keys(trusted).unusable)
        assert not open_at_start(installed, ENGINE).notice
    settings = Settings(state_dir=trusted.parent / "state", trusted_keys=trusted)
    assert "other.pem is no Ed25519 public key" in examine_bundle(settings).health.text
    (trusted / "hospital.pem").unlink()
    with pytest.raises(BundleError, match=r"none of the keys trusted here \(.*other\.pem is no Ed"):
        installed.active()


def test_an_installed_bundle_is_the_same_and_counts_once_activated(
    make_signed: Callable[[str], Path], installed: InstalledBundles
) -> None:
    folder = make_signed("2")
    name = install(installed, folder, activate=False)
    assert installed.names() == [BUILT_IN, name]
    assert installed.active().path == default_bundle_path()
    installed.activate(name, ENGINE)
    assert installed.active().sha256 == load_bundle(folder).sha256
    assert (installed.state.active, installed.state.previous) == (name, BUILT_IN)


def test_rollback_goes_back_and_forth(
    make_signed: Callable[[str], Path], installed: InstalledBundles
) -> None:
    with pytest.raises(BundleError, match="no other bundle to go back to"):
        installed.rollback()
    first, second = (install(installed, make_signed(version)) for version in ("2", "3"))
    assert [installed.rollback() for _ in range(3)] == [first, second, first]
    assert installed.state.active == first


def test_a_bundle_that_computes_something_else_here_is_refused(
    make_signed: Callable[[str], Path], installed: InstalledBundles, key: Ed25519PrivateKey
) -> None:
    folder = make_signed("2")
    spoil_golden(folder, key)
    with pytest.raises((BundleError, EngineError), match=r"golden outputs|load the model"):
        install(installed, folder)
    assert installed.names() == [BUILT_IN]


def test_a_bundle_that_is_not_installed_is_not_activated(installed: InstalledBundles) -> None:
    with pytest.raises(BundleError, match="no bundle other is installed; choose one of built-in"):
        installed.activate("other", ENGINE)


def test_an_unsigned_bundle_taken_on_an_operators_word_stays_taken(
    tiny_bundle: Path, installed: InstalledBundles
) -> None:
    bundle = load_bundle(tiny_bundle)
    name = installed.install(bundle, ENGINE, allow_unsigned=True)
    installed.activate(name, ENGINE)
    assert open_at_start(installed, ENGINE).bundle.sha256 == bundle.sha256
    assert "operator" in installed.signer_of(name, bundle)


def test_a_signed_bundle_is_known_by_its_signer_whatever_the_operator_allowed(
    make_signed: Callable[[str], Path], installed: InstalledBundles, trusted: Path
) -> None:
    bundle = load_bundle(make_signed("2"))
    key = (trusted / "hospital.pem").rename(trusted / "away")
    name = installed.install(bundle, ENGINE, allow_unsigned=True)
    assert "operator" in installed.signer_of(name, bundle)
    key.rename(trusted / "hospital.pem")
    assert installed.signer_of(name, bundle) == "hospital"
    installed.install(bundle, ENGINE, allow_unsigned=True)
    assert installed.state.unsigned == ()


def test_the_service_starts_with_the_active_bundle_and_nothing_to_say(
    make_signed: Callable[[str], Path], installed: InstalledBundles
) -> None:
    assert open_at_start(installed, ENGINE).bundle.path == default_bundle_path()
    name = install(installed, make_signed("2"))
    started = open_at_start(installed, ENGINE)
    assert (started.bundle.path.name, started.notice) == (name, "")
    assert installed.state.starts == 0


def test_the_service_falls_back_to_the_bundle_before_and_says_so(
    make_signed: Callable[[str], Path], installed: InstalledBundles, tmp_path: Path
) -> None:
    first, second = (install(installed, make_signed(version)) for version in ("2", "3"))
    damage(tmp_path, second)
    for _ in range(2):
        started = open_at_start(installed, ENGINE)
        assert started.bundle.path.name == first
        assert started.notice.startswith(f"bundle {second} was given up: locator.tflite")
        assert started.notice.endswith(f"{first} counts instead")
    settings = Settings(state_dir=tmp_path / "state", trusted_keys=tmp_path / "trusted-keys")
    finding = examine_bundle(settings)
    assert finding.health.level is Level.WARNING
    assert second in finding.health.text
    installed.activate(first, ENGINE)
    assert not open_at_start(installed, ENGINE).notice


def test_the_bundle_built_in_is_the_last_resort(
    make_signed: Callable[[str], Path], installed: InstalledBundles, tmp_path: Path
) -> None:
    for version in ("2", "3"):
        damage(tmp_path, install(installed, make_signed(version)))
    started = open_at_start(installed, ENGINE)
    assert started.bundle.path == default_bundle_path()
    assert installed.state.active == BUILT_IN


def test_a_key_that_is_taken_away_ends_the_trust_in_what_it_signed(
    make_signed: Callable[[str], Path], installed: InstalledBundles, trusted: Path
) -> None:
    install(installed, make_signed("2"))
    (trusted / "hospital.pem").unlink()
    started = open_at_start(installed, ENGINE)
    assert started.bundle.path == default_bundle_path()
    assert "signed with none" in started.notice


class CrashingEngine:
    """An engine that ends the process's start, as a segmentation fault would."""

    name = "crashing"

    def load(self, content: bytes) -> Model:
        raise SystemExit(len(content))


def test_a_bundle_that_crashes_the_service_is_given_up_after_two_starts(
    make_signed: Callable[[str], Path], installed: InstalledBundles
) -> None:
    name = install(installed, make_signed("2"))
    for _ in range(2):
        with pytest.raises(SystemExit):
            open_at_start(installed, CrashingEngine())
    started = open_at_start(installed, ENGINE)
    assert started.bundle.path == default_bundle_path()
    assert started.notice == (
        f"bundle {name} was given up: 2 starts broke off with it; built-in counts instead"
    )


def test_when_the_bundle_before_crashes_as_well_the_one_built_in_counts(
    make_signed: Callable[[str], Path], installed: InstalledBundles
) -> None:
    for version in ("2", "3"):
        install(installed, make_signed(version))
    for _ in range(4):
        with pytest.raises(SystemExit):
            open_at_start(installed, CrashingEngine())
    assert open_at_start(installed, ENGINE).bundle.path == default_bundle_path()


def test_one_start_that_broke_off_is_forgiven(
    make_signed: Callable[[str], Path], installed: InstalledBundles
) -> None:
    name = install(installed, make_signed("2"))
    with pytest.raises(SystemExit):
        open_at_start(installed, CrashingEngine())
    assert open_at_start(installed, ENGINE).bundle.path.name == name
    assert installed.state.starts == 0


def test_a_state_that_cannot_be_read_is_said_and_chosen_anew(
    make_signed: Callable[[str], Path], installed: InstalledBundles, tmp_path: Path
) -> None:
    name = install(installed, make_signed("2"))
    (tmp_path / "state" / FOLDER_NAME / "state.json").write_text("{")
    assert "does not say which bundle is active" in open_at_start(installed, ENGINE).notice
    installed.activate(name, ENGINE)
    assert installed.active().path.name == name


def test_a_disk_that_is_full_refuses_a_bundle_and_lets_the_service_start(
    make_signed: Callable[[str], Path], installed: InstalledBundles, tmp_path: Path
) -> None:
    name = install(installed, make_signed("2"))
    script = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from leuko.bundle import load_bundle
from leuko.errors import OutputError
from leuko.inference import LiteRTEngine
from leuko.installation import InstalledBundles, open_at_start
installed = InstalledBundles(Path(sys.argv[1]), Path(sys.argv[2]))
print(open_at_start(installed, LiteRTEngine()).bundle.path.name)
try:
    installed.install(load_bundle(Path(sys.argv[3])), LiteRTEngine())
except OutputError as error:
    print(error)
"""
    done = python(script, tmp_path / "state", tmp_path / "trusted-keys", make_signed("3"))
    assert done.stdout.splitlines()[0] == name, done.stderr
    assert "free some space" in done.stdout
    assert installed.names() == [BUILT_IN, name]


def python(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(DEVICE)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


KILLED = """
import os, sys
from pathlib import Path
from leuko.bundle import load_bundle
from leuko.errors import LeukoError
from leuko.inference import LiteRTEngine
from leuko.installation import InstalledBundles

installed = InstalledBundles(Path(sys.argv[1]), Path(sys.argv[2]))
bundle, old = load_bundle(Path(sys.argv[3])), installed.state.active
steps, begun = 0, 0

def deadly(function):
    def call(*arguments, **options):
        global begun
        begun += 1
        if begun > steps:
            os.kill(os.getpid(), 9)
        return function(*arguments, **options)
    return call

while True:
    child = os.fork()
    if not child:
        for name in sys.argv[4:]:
            setattr(os, name, deadly(getattr(os, name)))
        installed.activate(installed.install(bundle, LiteRTEngine()), LiteRTEngine())
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    for name in installed.names():
        installed.open(name)
    active = installed.state.active
    assert active == old or installed.active().sha256 == bundle.sha256
    steps += 1
    if status == 0:
        break
print(steps, active)
"""


@pytest.mark.parametrize(
    ("version", "steps"), [("3", ["fsync"]), ("2", ["rename", "replace", "unlink", "rmdir"])]
)
def test_a_process_killed_at_any_step_leaves_whole_bundles_and_the_old_or_the_new_choice(
    make_signed: Callable[[str], Path],
    installed: InstalledBundles,
    tmp_path: Path,
    *,
    version: str,
    steps: list[str],
) -> None:
    """Version 2 is the one that is active already."""
    old = make_signed("2")
    install(installed, old)
    new = old if version == "2" else make_signed(version)
    done = python(KILLED, tmp_path / "state", tmp_path / "trusted-keys", new, *steps)
    assert done.returncode == 0, done.stderr
    killed, active = done.stdout.split()
    assert int(killed) > 7
    assert active.startswith(f"leuko-tiny-{version}-")
    assert not list((tmp_path / "state" / FOLDER_NAME).glob(".incoming-*"))


def test_too_little_room_is_said_before_anything_is_written(
    make_signed: Callable[[str], Path], installed: InstalledBundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(make_signed("2"))
    usage = shutil.disk_usage(Path.cwd())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10_000_000))
    with pytest.raises(OutputError, match=r"has 10 MB left, \d+ MB are needed"):
        installed.install(bundle, ENGINE)
    assert installed.names() == [BUILT_IN]


@pytest.fixture
def leuko(
    tmp_path: Path,
    trusted: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_TRUSTED_KEYS", str(trusted))

    def run(*arguments: object) -> str:
        with pytest.raises(SystemExit):
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run


def test_a_bundle_goes_from_a_stick_to_the_count_and_back(
    leuko: Callable[..., str], make_signed: Callable[[str], Path]
) -> None:
    stick = make_signed("2")
    said = leuko("bundle", "install", stick, "--activate")
    name = said.split()[1]
    assert f"{name} is active; it counts from the service's next start on" in said
    assert leuko("bundle", "list").splitlines() == ["built-in  (previous)", f"{name}  (active)"]
    assert re.search(r"^signed by +hospital$", leuko("bundle", "verify"), re.MULTILINE)
    assert "leuko-tiny 2" in leuko("bundle", "show")
    assert "built-in is active again" in leuko("bundle", "rollback")
    assert "part of the package" in leuko("bundle", "verify")
    assert f"{name} is active" in leuko("bundle", "activate", name)
    assert "leuko-tiny 2" in leuko("bundle", "show", name)


def test_a_bundle_that_the_settings_name_is_said_to_go_before_the_active_one(
    leuko: Callable[..., str],
    make_signed: Callable[[str], Path],
    tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_BUNDLE", str(tiny_bundle))
    set_before = f"; the settings name {tiny_bundle}, which goes before it; take bundle out"
    said = leuko("bundle", "install", make_signed("2"), "--activate")
    name = said.split()[1]
    for told in (said, leuko("bundle", "rollback"), leuko("bundle", "activate", name)):
        assert set_before in told
        assert "next start" not in told
    assert f"the settings name {tiny_bundle}, which goes before the" in leuko("bundle", "list")


def test_an_unsigned_bundle_needs_the_operators_word(
    leuko: Callable[..., str], tiny_bundle: Path
) -> None:
    assert leuko("bundle", "install", tiny_bundle).startswith("leuko: bundle leuko-tiny 1")
    said = leuko("bundle", "install", tiny_bundle, "--allow-unsigned")
    assert said.startswith("installed ")
    assert "nobody; taken on an operator's word" in leuko("bundle", "verify", said.split()[1])


def test_a_bundle_that_nobody_trusted_signed_is_verified_on_the_operators_word_alone(
    leuko: Callable[..., str],
    make_signed: Callable[[str], Path],
    tiny_bundle: Path,
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    foreign = make_signed("2")
    sign(foreign, Ed25519PrivateKey.generate())
    # No name makes a folder trusted.
    shutil.copytree(tiny_bundle, tmp_path / BUILT_IN)
    monkeypatch.chdir(tmp_path)
    unsigned, untrusted = "is not signed; sign", "with none of the keys trusted here"
    for place, words in ((tiny_bundle, unsigned), (foreign, untrusted), (BUILT_IN, unsigned)):
        assert words in leuko("bundle", "verify", place)
        said = leuko("bundle", "verify", place, "--allow-unsigned")
        assert re.search(r"^signed by +(nobody|somebody whose key is not)", said, re.MULTILINE)
    assert "part of the package" in leuko("bundle", "verify", default_bundle_path())


def test_an_installed_bundle_whose_key_was_withdrawn_is_shown_and_verified_on_the_operators_word(
    leuko: Callable[..., str], make_signed: Callable[[str], Path], trusted: Path
) -> None:
    name = leuko("bundle", "install", make_signed("2"), "--activate").split()[1]
    (trusted / "hospital.pem").unlink()
    for place in ((name,), ()):
        assert "with none of the keys trusted here" in leuko("bundle", "verify", *place)
        said = leuko("bundle", "verify", *place, "--allow-unsigned")
        assert re.search(r"^signed by +somebody whose key is not trusted here$", said, re.MULTILINE)
        assert "leuko-tiny 2" in leuko("bundle", "show", *place)


@pytest.mark.parametrize("threads", [(), ("--threads", "2")])
def test_a_strangers_models_do_not_reach_the_runtime(
    leuko: Callable[..., str], make_signed: Callable[[str], Path], threads: tuple[str, ...]
) -> None:
    folder = make_signed("2")
    garble_locator(folder, Ed25519PrivateKey.generate())
    asked = "bundle", "install", folder, *threads
    assert "is signed with none of the keys trusted here (hospital); put" in leuko(*asked)
    assert "runtime could not load the model" in leuko(*asked, "--allow-unsigned")


def test_a_bundle_is_refused_for_its_signature_before_a_runtime_is_loaded(
    make_signed: Callable[[str], Path], trusted: Path, tmp_path: Path
) -> None:
    folder = make_signed("2")
    sign(folder, Ed25519PrivateKey.generate())
    environment = {"LEUKO_STATE_DIR": str(tmp_path / "state"), "LEUKO_TRUSTED_KEYS": str(trusted)}
    ran = subprocess.run(
        [sys.executable, "-c", INSTALLED_AND_LOADED, str(folder)],
        env={**os.environ, **environment, "PYTHONPATH": str(DEVICE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "is signed with none of the keys" in ran.stderr
    assert ran.stdout.strip() == "loaded: False"


def test_what_is_remembered_is_one_small_file(
    make_signed: Callable[[str], Path], installed: InstalledBundles, tmp_path: Path
) -> None:
    name = install(installed, make_signed("2"))
    content = json.loads((tmp_path / "state" / FOLDER_NAME / "state.json").read_text())
    assert content["active"] == name
