"""Which of the installed bundles is active: one small file, replaced as a whole."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leuko.errors import BundleError
from leuko.installation._disk import put_file

BUILT_IN = "built-in"
"""Name of the bundle that ships with leuko; it is always there."""

_FILE = "state.json"


class State(BaseModel):
    """What is remembered of the installed bundles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: str = BUILT_IN
    """Name of the bundle that counts."""
    previous: str = BUILT_IN
    """Name of the one before, which is gone back to."""
    unsigned: tuple[str, ...] = ()
    """Names of the bundles that an operator took without a trusted signature."""
    starts: Annotated[int, Field(ge=0)] = 0
    """How often the service began to open the active bundle and did not come to the end of it."""
    fallen: str = ""
    """Why an active bundle was given up at a start; empty once a person has chosen again."""


def read_state(folder: Path) -> State:
    """Return the state; that of a new device if none was ever written.

    Raises:
        BundleError: the file cannot be read, or is no state.
    """
    file = folder / _FILE
    try:
        return State.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise BundleError(
            f"{file} cannot be read ({error.strerror}); join the group leuko, or name a bundle "
            "with --bundle"
        ) from error
    except ValidationError as error:
        raise BundleError(
            f"{file} does not say which bundle is active; choose one with leuko bundle activate"
        ) from error


def write_state(folder: Path, state: State) -> None:
    """Put a state in the place of the old one, at once and for good.

    Raises:
        OutputError: it cannot be written.
    """
    put_file(folder / _FILE, state.model_dump_json(indent=1).encode())
