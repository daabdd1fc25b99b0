import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from leuko.bundle import load_bundle
from leuko.errors import OutputError
from leuko.signature import read_trusted_keys
from leuko_converter.cli import main
from leuko_converter.errors import SigningError
from leuko_converter.package import zip_bundle
from leuko_converter.signing import make_keys, sign_bundle

TINY = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return make_keys(tmp_path / "hospital")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "bundle"))


def test_only_its_owner_can_read_a_new_private_key(keys: tuple[Path, Path]) -> None:
    private, public = keys
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert "PRIVATE" not in public.read_text()
    with pytest.raises(OutputError, match=r"hospital\.key cannot be made"):
        make_keys(private.with_suffix(""))


def test_a_device_with_the_public_key_knows_the_signer(
    keys: tuple[Path, Path], bundle: Path
) -> None:
    signed = sign_bundle(bundle, keys[0])
    assert read_trusted_keys(keys[1].parent).signer_of(signed) == "hospital"
    assert signed.sha256 == load_bundle(TINY).sha256


def test_signing_twice_gives_the_same_bytes_in_a_folder_and_in_a_zip(
    keys: tuple[Path, Path], bundle: Path, tmp_path: Path
) -> None:
    zip_bundle(bundle, tmp_path / "one.zip")
    sign_bundle(tmp_path / "one.zip", keys[0])
    once = (tmp_path / "one.zip").read_bytes()
    sign_bundle(tmp_path / "one.zip", keys[0])
    sign_bundle(bundle, keys[0])
    zip_bundle(bundle, tmp_path / "two.zip")
    assert once == (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert load_bundle(tmp_path / "one.zip").signature == (bundle / "manifest.sig").read_bytes()


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_verifies_the_signature(keys: tuple[Path, Path], bundle: Path) -> None:
    sign_bundle(bundle, keys[0])
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", str(keys[1])]
    files = ["-in", str(bundle / "manifest.toml"), "-sigfile", str(bundle / "manifest.sig")]
    assert subprocess.run([*command, *files], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("spoil", ["open", "gone", "public", "empty"])
def test_a_key_that_cannot_sign_is_refused(
    keys: tuple[Path, Path], bundle: Path, spoil: str
) -> None:
    private = keys[0]
    spoils: dict[str, tuple[Callable[[], object], str]] = {
        "open": (lambda: private.chmod(0o644), "others may read the key"),
        "gone": (private.unlink, "cannot be read"),
        "public": (lambda: private.write_bytes(keys[1].read_bytes()), "no Ed25519 private key"),
        "empty": (lambda: private.write_bytes(b""), "no Ed25519 private key"),
    }
    spoils[spoil][0]()
    with pytest.raises(SigningError, match=spoils[spoil][1]):
        sign_bundle(bundle, private)
    assert not (bundle / "manifest.sig").exists()


def test_a_key_whose_path_has_blanks_is_quoted_in_what_to_do(tmp_path: Path, bundle: Path) -> None:
    private, _ = make_keys(tmp_path / "my lab")
    private.chmod(0o644)
    with pytest.raises(SigningError, match=f"; do: chmod 600 '{private}'$"):
        sign_bundle(bundle, private)


def test_keygen_and_sign_from_the_command_line(
    bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = (("keygen", tmp_path / "lab"), ("sign", bundle, "--key", tmp_path / "lab.key"))
    for one in arguments:
        monkeypatch.setattr("sys.argv", ["leuko-convert", *map(str, one)])
        with pytest.raises(SystemExit, match="0"):
            main()
    assert "is signed" in capsys.readouterr().out
    assert read_trusted_keys(tmp_path).signer_of(load_bundle(bundle)) == "lab"
