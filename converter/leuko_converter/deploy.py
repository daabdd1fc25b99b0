"""Bringing a bundle to a device: over SSH, or on a stick."""

import shutil
import subprocess  # ruff: ignore[suspicious-subprocess-import] - runs ssh and scp
import tempfile
from contextlib import suppress
from pathlib import Path
from shlex import quote

from leuko.bundle import ModelBundle, load_bundle
from leuko.durable import write_whole
from leuko.errors import BundleError
from leuko_converter.errors import DeploymentError
from leuko_converter.package import zip_content

_LONGEST_S = 600.0
_ENDINGS = ("lost connection", "Connection closed")
"""What scp says last, whatever ssh has said before."""
_ROLES = ("(active)", "(previous)")
"""What ``leuko bundle list`` puts behind a name."""


def put_on_stick(path: Path, stick: Path) -> Path:
    """Write a bundle as a zip into a folder, and return its file once it is on the medium.

    Raises:
        BundleError: there is no valid bundle at that path.
        DeploymentError: the folder is missing or cannot be written to, or has the same bundle
            signed where this one is not.
    """
    bundle = load_bundle(path)
    file = stick / _file_name(bundle)
    if not stick.is_dir():
        raise DeploymentError(f"there is no folder {stick}; plug the stick in and mount it")
    if bundle.signature is None and _is_signed(file):
        raise DeploymentError(
            f"{file} is signed and {path} is not; sign it with leuko-convert sign, or remove the "
            "file first"
        )
    try:
        # Sticks are pulled out as soon as the prompt is back.
        write_whole(file, zip_content(bundle, bundle.signature))
    except OSError as error:
        raise DeploymentError(
            f"{file} cannot be written ({error.strerror}); free space or take another stick"
        ) from error
    return file


def install_command(file: str, *, allow_unsigned: bool = False) -> str:
    """Return what installs and activates a bundle's file on a device."""
    unsigned = " --allow-unsigned" if allow_unsigned else ""
    return f"sudo -u leuko leuko bundle install {quote(file)} --activate{unsigned}"


def send_over_ssh(path: Path, host: str, *, allow_unsigned: bool = False) -> str:
    """Copy a bundle to a device, install, activate it there, and restart the service.

    The device checks it with ``leuko bundle install``; whoever logs in must be allowed ``sudo``.

    Args:
        path: the bundle.
        host: as ``ssh`` takes it, such as ``pi@leuko-3``.
        allow_unsigned: whether the device shall take it without a trusted signature.

    Returns:
        What the device said, and which bundle counts there after the restart.

    Raises:
        BundleError: there is no valid bundle at that path.
        DeploymentError: the device cannot be reached, refuses the bundle, or fell back to another.
    """
    bundle = load_bundle(path)
    if not host or host.startswith("-"):
        raise DeploymentError(f"{host!r} is no host; give one as ssh takes it, such as pi@leuko")
    name = f"/tmp/{_file_name(bundle)}"  # ruff: ignore[hardcoded-temp-file] - on the device
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bundle.zip"
        file.write_bytes(zip_content(bundle, bundle.signature))
        _run("scp", str(file), f"{host}:{name}")
    install = install_command(name, allow_unsigned=allow_unsigned)
    try:
        # Under a strict umask the copy would be the login's alone.
        said = _run("ssh", host, f"chmod 644 {name} && {install}").strip()
        _run("ssh", host, "sudo systemctl restart leuko")
        counting = _told_after_restart(host, said.split()[1])
    finally:
        # What went wrong before matters more than a file that is left in /tmp.
        with suppress(DeploymentError):
            _run("ssh", host, f"rm -f {name}")
    return f"{said}\n{counting}"


def _told_after_restart(host: str, name: str) -> str:
    """Return that a bundle counts on a device, or what goes before it there."""
    listed = _run("ssh", host, "sudo -u leuko leuko bundle list").splitlines()
    remarks = [line for line in listed if " " in line and not line.endswith(_ROLES)]
    if f"{name}  (active)" not in listed:
        why = "; ".join(remarks) or "another one was chosen meanwhile"
        raise DeploymentError(f"{name} does not count on {host}: {why}")
    return "; ".join(remarks) or f"leuko was restarted: {name} counts on {host}"


def _is_signed(file: Path) -> bool:
    try:
        return file.exists() and load_bundle(file).signature is not None
    except (BundleError, OSError):
        # What is no bundle, such as half of one, may be replaced.
        return False


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
        reason = _reason(done.stderr) or f"{program}: exit code {done.returncode}"
        raise DeploymentError(f"{reason}; look at the device and the way to it")
    return done.stdout


def _reason(stderr: str) -> str:
    """Return the line that says why: scp only adds that its connection, ssh, has ended."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    told = [line for line in lines if not line.endswith(_ENDINGS)] or lines
    return told[-1] if told else ""
