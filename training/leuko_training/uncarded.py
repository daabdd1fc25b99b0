"""A bundle's manifest without its model card, which is written from figures measured before."""

import hashlib
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from leuko.bundle import ModelBundle

CARD_FILE = "model-card.md"
FAILURES_FILE = "simulated-failures.png"
CONFUSIONS_FILE = "transfer-confusions.png"
CARD_PICTURES = (FAILURES_FILE, CONFUSIONS_FILE)
"""Pictures that a card shows, beside it in the bundle."""


def without_card(bundle: ModelBundle) -> dict[str, Any]:
    """Return the manifest as a table that names neither card nor pictures."""
    table = tomllib.loads(bundle.manifest_bytes.decode())
    card = table.pop("model_card", None)
    files: Mapping[str, str] = table["files"]
    table["files"] = {n: digest for n, digest in files.items() if n not in {card, *CARD_PICTURES}}
    return table


def sha256_without_card(bundle: ModelBundle) -> str:
    """Return the hash of that manifest, in hexadecimal: the same before and after a card."""
    if bundle.manifest.model_card is None:
        return bundle.sha256
    return hashlib.sha256(tomli_w.dumps(without_card(bundle)).encode()).hexdigest()
