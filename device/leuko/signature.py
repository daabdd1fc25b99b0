"""Who made a bundle: Ed25519 signatures, and the public keys that this device trusts.

A signature is the 64 bytes of RFC 8032 over a bundle's manifest; the manifest has the sha256 of
every other file, so nothing is left out. Keys are PEM files as OpenSSL writes them.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from leuko.bundle import ModelBundle
from leuko.errors import BundleError, SettingsError

logger = logging.getLogger(__name__)

KEY_SUFFIX = ".pem"
"""What the name of a trusted public key's file ends in; the rest is the signer's name."""


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """The public keys whose bundles this device takes.

    Attributes:
        keys: each key by its signer's name.
        folder: where they were read from.
        unusable: a sentence for each file there that is no key.
    """

    keys: Mapping[str, Ed25519PublicKey]
    folder: Path
    unusable: tuple[str, ...] = ()

    def signer_of(self, bundle: ModelBundle) -> str:
        """Return the name of the key that a bundle is signed with.

        Raises:
            BundleError: it is not signed, or with none of these keys.
        """
        if bundle.signature is None:
            raise BundleError(
                f"bundle {bundle.label} is not signed; sign it with leuko-convert sign, or take "
                "it as it is with --allow-unsigned"
            )
        for name, key in self.keys.items():
            if _has_signed(key, bundle.signature, bundle.manifest_bytes):
                return name
        known = ", ".join((*self.keys, *self.unusable)) or "there is none"
        raise BundleError(
            f"bundle {bundle.label} is signed with none of the keys trusted here ({known}); put "
            f"its signer's public key into {self.folder}, or take it with --allow-unsigned"
        )


def read_trusted_keys(folder: Path) -> TrustedKeys:
    """Return the keys of a folder by their files' names; none if there is no such folder.

    A file that is no key takes nothing from the others: it is named and left out.

    Raises:
        SettingsError: the folder cannot be read.
    """
    try:
        files = sorted(folder.glob(f"*{KEY_SUFFIX}"))
    except OSError as error:
        raise SettingsError(
            f"the trusted keys in {folder} cannot be read ({error.strerror}); check the permissions"
        ) from error
    keys, unusable = {}, []
    for file in files:
        key = _public_key(file)
        if isinstance(key, str):
            logger.warning("%s; until then it is left out", key)
            unusable.append(key)
        else:
            keys[file.stem] = key
    return TrustedKeys(keys, folder, tuple(unusable))


def _public_key(file: Path) -> Ed25519PublicKey | str:
    """Return the key in a file, or the sentence that says why it has none."""
    try:
        key = load_pem_public_key(file.read_bytes())
    except OSError as error:
        return f"{file} cannot be read ({error.strerror}); check its permissions"
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, Ed25519PublicKey):
        return key
    return (
        f"{file} is no Ed25519 public key in PEM; put the one there that leuko-convert keygen wrote"
    )


def _has_signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
