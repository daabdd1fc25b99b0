"""What a session is begun with, and why none may begin."""

from dataclasses import replace

from leuko.errors import SessionError
from leuko.service._parts import Parts
from leuko.service._session import OpenSession
from leuko.status import Target
from leuko.store import SessionSpec


def identified(specimen: str) -> str:
    """Return a specimen's id with single blanks.

    Raises:
        SessionError: it is blank.
    """
    if plain := " ".join(specimen.split()):
        return plain
    raise SessionError(
        "no session may begin without the specimen's id; type or scan it and press Enter, "
        "or use: leuko session start SPECIMEN"
    )


def refuse_second_session(session: OpenSession | None) -> None:
    """Refuse to begin beside an open session.

    Raises:
        SessionError: it is open.
    """
    if session and session.is_open:
        record = session.record
        raise SessionError(
            f"session {record.id} ({record.spec.specimen or 'no id'}) is open; "
            "finish or discard it first"
        )


def begun_with(
    parts: Parts, specimen: str, *, operator: str, target: Target | None, um_per_px: float | None
) -> SessionSpec:
    """Return what a session is begun with.

    Args:
        parts: of the service.
        specimen: the specimen's id.
        operator: who counts.
        target: when it is complete; None for what the settings say.
        um_per_px: scale of the frames; None while it is not known.

    Raises:
        SessionError: none may begin for now.
    """
    if locked := parts.lockout():
        raise SessionError(f"no session may begin: {locked}")
    if um_per_px is None:
        raise SessionError(
            "the scale of the pictures is not known yet; move over sharp red cells and try "
            "again in a few seconds, or set um_per_px"
        )
    return replace(
        parts.spec,
        specimen=specimen,
        operator=operator,
        target=target or parts.spec.target,
        um_per_px=um_per_px,
    )
