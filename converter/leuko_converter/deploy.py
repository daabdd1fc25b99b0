"""Bringing a bundle to a device: over SSH, or on a stick."""

import os
import shutil
import subprocess  # ruff: ignore[suspicious-subprocess-import] - runs ssh and scp
import tempfile
from contextlib import suppress
from pathlib import Path

from leuko.bundle import ModelBundle, load_bundle
from leuko_converter.errors import DeploymentError
from leuko_converter.package import zip_content

_LONGEST_S = 600.0


def put_on_stick(path: Path, stick: Path) -> Path:
    """Write a bundle as a zip into a folder, and return its file once it is on the medium.

    Raises:
        BundleError: there is no valid bundle at that path.
        DeploymentError: the folder is missing or cannot be written to.
    """
    bundle = load_bundle(path)
    file = stick / _file_name(bundle)
    if not stick.is_dir():
        raise DeploymentError(f"there is no folder {stick}; plug the stick in and mount it")
    try:
        with file.open("wb") as opened:
            opened.write(zip_content(bundle, bundle.signature))
            opened.flush()
            # Sticks are pulled out as soon as the prompt is back.
            os.fsync(opened.fileno())
    except OSError as error:
        raise DeploymentError(
            f"{file} cannot be written ({error.strerror}); free space or take another stick"
        ) from error
    return file


def send_over_ssh(path: Path, host: str, *, allow_unsigned: bool = False) -> str:
    """Copy a bundle to a device, install, activate it there, and restart the service.

    The device checks it with ``leuko bundle install``; whoever logs in must be allowed ``sudo``.

    Args:
        path: the bundle.
        host: as ``ssh`` takes it, such as ``pi@leuko-3``.
        allow_unsigned: whether the device shall take it without a trusted signature.

    Returns:
        What the device said.

    Raises:
        BundleError: there is no valid bundle at that path.
        DeploymentError: the device cannot be reached, or refuses the bundle.
    """
    bundle = load_bundle(path)
    if not host or host.startswith("-"):
        raise DeploymentError(f"{host!r} is no host; give one as ssh takes it, such as pi@leuko")
    name = f"/tmp/{_file_name(bundle)}"  # ruff: ignore[hardcoded-temp-file] - on the device
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bundle.zip"
        file.write_bytes(zip_content(bundle, bundle.signature))
        _run("scp", "-q", str(file), f"{host}:{name}")
    unsigned = " --allow-unsigned" if allow_unsigned else ""
    # Under a strict umask the copy would be the login's alone.
    install = f"chmod 644 {name} && sudo -u leuko leuko bundle install {name} --activate{unsigned}"
    try:
        said = _run("ssh", host, install)
        _run("ssh", host, "sudo systemctl restart leuko")
    finally:
        # What went wrong before matters more than a file that is left in /tmp.
        with suppress(DeploymentError):
            _run("ssh", host, f"rm -f {name}")
    return said


def _file_name(bundle: ModelBundle) -> str:
    return f"leuko-bundle-{bundle.sha256[:16]}.zip"


def _run(program: str, *arguments: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise DeploymentError(f"{program} is not installed; do: apt install openssh-client")
    try:
        done = subprocess.run(  # ruff: ignore[subprocess-without-shell-equals-true] - own words
            [found, *arguments], capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DeploymentError(
            f"{program} {arguments[0]} did not end in {_LONGEST_S:g} s; look at the network"
        ) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise DeploymentError(f"{program}: {lines[-1]}; look at the device and the way to it")
    return done.stdout
