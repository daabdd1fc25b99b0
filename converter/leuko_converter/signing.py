"""Ed25519 keys, and the signature that says who made a bundle."""

import os
from pathlib import Path
from shlex import quote

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from leuko.bundle import SIGNATURE_FILE, ModelBundle, load_bundle
from leuko.durable import write_whole
from leuko.errors import OutputError
from leuko.signature import KEY_SUFFIX
from leuko_converter.errors import SigningError
from leuko_converter.package import zip_content

PRIVATE_SUFFIX = ".key"


def make_keys(stem: Path) -> tuple[Path, Path]:
    """Write a new private key, which only its owner may read, and its public key.

    Args:
        stem: path of both files without their suffixes ``.key`` and ``.pem``; the name is what
            devices will call the signer.

    Raises:
        OutputError: a file is there already, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    files = stem.with_name(stem.name + PRIVATE_SUFFIX), stem.with_name(stem.name + KEY_SUFFIX)
    for file, content, mode in zip(files, (private, public), (0o600, 0o644), strict=True):
        _write_new(file, content, mode)
    return files


def sign_bundle(path: Path, key_file: Path) -> ModelBundle:
    """Sign a bundle, a folder or a zip, in its place; equal input gives equal bytes.

    Raises:
        BundleError: there is no valid bundle at that path.
        SigningError: the key cannot be used.
        OutputError: the signature cannot be written.
    """
    bundle = load_bundle(path)
    signature = _private_key(key_file).sign(bundle.manifest_bytes)
    try:
        if path.is_dir():
            write_whole(path / SIGNATURE_FILE, signature)
        else:
            write_whole(path, zip_content(bundle, signature))
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); sign a copy of the bundle"
        ) from error
    return load_bundle(path)


def check_key(file: Path) -> None:
    """Refuse a key that cannot sign, before there is anything to be signed.

    Raises:
        SigningError: it cannot.
    """
    _private_key(file)


def _private_key(file: Path) -> Ed25519PrivateKey:
    content = _secret(file)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(file) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(file)
    return key


def _secret(file: Path) -> bytes:
    try:
        is_open = bool(file.stat().st_mode & 0o077)
        content = file.read_bytes()
    except OSError as error:
        raise SigningError(
            f"the key {file} cannot be read ({error.strerror}); make one with leuko-convert keygen"
        ) from error
    if is_open:
        raise SigningError(f"others may read the key {file}; do: chmod 600 {quote(str(file))}")
    return content


def _no_key(file: Path) -> SigningError:
    return SigningError(
        f"{file} is no Ed25519 private key without a password; make one with leuko-convert keygen"
    )


def _write_new(file: Path, content: bytes, mode: int) -> None:
    try:
        # The mode from the first byte on: there is no moment in which others could read it.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
    except OSError as error:
        raise OutputError(
            f"{file} cannot be made ({error.strerror}); choose another name or place"
        ) from error
