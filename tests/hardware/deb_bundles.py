"""The steps of check_deb.py that take, refuse and give up bundles."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.hardware.deb_commands import (
    CHECK,
    PATIENCE_S,
    STATE,
    refused,
    restart,
    run,
    status,
    wait,
)

TRUSTED_KEYS = Path("/etc/leuko/trusted-keys")
AS_LEUKO = ("runuser", "--user", "leuko", "--")


def unsigned_bundle() -> str:
    return refused_as("is not signed", CHECK / "unsigned")


def foreign_signed_bundle() -> str:
    return refused_as("is signed with none of the keys trusted here", CHECK / "foreign")


def refused_as(reason: str, bundle: Path) -> str:
    """Let verify and install refuse a bundle, which leaves none behind."""
    for command in ("verify", "install"):
        said = refused(*AS_LEUKO, "leuko", "bundle", command, str(bundle))
        if reason not in said:
            raise RuntimeError(f"leuko bundle {command} {bundle} does not say why: {said}")
    if bundles() != ["built-in"]:
        raise RuntimeError(f"a bundle that was refused is there: {', '.join(bundles())}")
    return "refused by verify and install"


def bundles() -> list[str]:
    """Return the installed bundles' names, the active one first."""
    lines = run(*AS_LEUKO, "leuko", "bundle", "list").splitlines()
    known = [line.split()[0] for line in lines if line.endswith(")") or " " not in line]
    (active,) = (line.split()[0] for line in lines if line.endswith("(active)"))
    return [active, *(name for name in known if name != active)]


def signed_bundle() -> str:
    """Take a bundle from a stick, once its signer is trusted."""
    shutil.copy(CHECK / "hospital.pem", TRUSTED_KEYS)
    (stick,) = (CHECK / "stick").glob("leuko-bundle-*.zip")
    said = run(*AS_LEUKO, "leuko", "bundle", "verify", str(stick))
    if "hospital" not in said:
        raise RuntimeError(f"leuko bundle verify names no signer: {said}")
    run(*AS_LEUKO, "leuko", "bundle", "install", str(stick), "--activate")
    return f"taken from a stick on its signer's key; {counting()}"


def rolled_back() -> str:
    given_up = bundles()[0]
    run(*AS_LEUKO, "leuko", "bundle", "rollback")
    said = counting()
    if bundles()[0] != "built-in":
        raise RuntimeError(f"{bundles()[0]} is active after leuko bundle rollback")
    (TRUSTED_KEYS / "hospital.pem").unlink()
    refused(*AS_LEUKO, "leuko", "bundle", "activate", given_up)
    return f"{said}; the other is not taken again once its key is gone"


def allowed_bundle() -> str:
    install = (*AS_LEUKO, "leuko", "bundle", "install", str(CHECK / "unsigned"))
    run(*install, "--allow-unsigned", "--activate")
    return f"taken on the operator's word; {counting()}"


def counting() -> str:
    """Start the service again and return that the active bundle counts, with no other instead."""
    chosen = bundles()[0]
    restart()
    wait("it answers", PATIENCE_S, lambda: "notice" in status())
    if bundles()[0] != chosen or chosen in str(status()["notice"]):
        raise RuntimeError(f"{chosen} does not count: {status()['notice']}")
    return f"{'the one built in' if chosen == 'built-in' else 'it'} counts after the next start"


def damaged_bundle() -> str:
    (model,) = (STATE / "bundles").glob("*/outliner.tflite")
    with model.open("r+b") as file:
        file.seek(3000)
        file.write(b"scratched")
    restart()
    wait("it says so", PATIENCE_S, lambda: "was given up" in str(status()["notice"]))
    doctor = subprocess.run(["leuko", "doctor"], capture_output=True, text=True, check=False).stdout
    if not any(" bundle " in line and "was given up" in line for line in doctor.splitlines()):
        raise RuntimeError(f"leuko doctor says nothing of it: {doctor}")
    run(*AS_LEUKO, "leuko", "bundle", "activate", "built-in")
    return "given up at the next start, told in status and doctor; the one built in counts"


BUNDLE_STEPS: dict[str, Callable[[], str]] = {
    "unsigned bundle": unsigned_bundle,
    "foreign-signed bundle": foreign_signed_bundle,
    "signed bundle": signed_bundle,
    "`leuko bundle rollback`": rolled_back,
    "unsigned with `--allow-unsigned`": allowed_bundle,
    "that bundle damaged": damaged_bundle,
}
