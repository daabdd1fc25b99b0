"""``leuko session slim``: room on the disk for the price of old sessions' pictures."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import os
from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import name_of
from leuko.cli._keeping import confirm
from leuko.cli._live import StateDirOption
from leuko.cli._options import refuse_to_ask
from leuko.errors import SessionError
from leuko.plurals import counted

if TYPE_CHECKING:
    from leuko.settings import Settings

_MOST_AT_ONCE = 10_000


def _checked(sessions: list[str]) -> list[str]:
    for one in sessions:
        first, dash, last = one.partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else not last)):
            raise typer.BadParameter(f"{one!r} is neither a number, such as 7, nor 1-20")
        if dash and not 0 <= int(last) - int(first) < _MOST_AT_ONCE:
            raise typer.BadParameter(
                f"{one!r} is no range of up to {_MOST_AT_ONCE} sessions, the first one first"
            )
    return sessions


def slim(
    sessions: Annotated[
        list[str],
        typer.Argument(
            metavar="SESSION...", callback=_checked, help="Numbers of closed sessions: 7, or 1-20."
        ),
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Drop them without asking.")] = False,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who drops them; else the user.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON for scripts; needs --yes.")
    ] = False,
    state_dir: StateDirOption = None,
    socket: Annotated[
        Path | None, typer.Option("--socket", help="Where the service would listen, if elsewhere.")
    ] = None,
) -> None:
    """Drop the pictures of closed sessions for good, to free the disk; counts and log stay."""
    from leuko.control import refuse_second_service
    from leuko.settings import load_settings

    refuse_to_ask("dropped", json=json, yes=yes)
    settings = load_settings(os.environ, state_dir=state_dir, control_socket=socket)
    # Its message says how to stop the one that has the store open.
    refuse_second_service(settings.control_socket)
    numbers = _numbers(sessions)
    told = _pictures(settings, numbers)
    if not yes:
        typer.echo(f"{told}; cells, counts and log stay")
        typer.echo("nobody can look at these cells, export their pictures or learn from them again")
        confirm("drop these pictures?")
    before = _bytes(settings)
    _drop(settings, numbers, by=name_of(by))
    after = _bytes(settings)
    if json:
        typer.echo(dumps({"sessions": numbers, "bytes_before": before, "bytes_after": after}))
    else:
        typer.echo(f"dropped: {told}")
        typer.echo(f"all sessions take {after / 1e6:.1f} MB now, and took {before / 1e6:.1f} MB")


def _numbers(sessions: Sequence[str]) -> list[int]:
    numbers: set[int] = set()
    for one in sessions:
        first, _, last = one.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return sorted(numbers)


def _pictures(settings: "Settings", numbers: Sequence[int]) -> str:
    """Return how many pictures there are, in words.

    Raises:
        SessionError: there is no such session, or it is open.
    """
    from leuko.store import STORE_NAME, Store

    with Store.reading(settings.state_dir / STORE_NAME) as reader:
        for number in numbers:
            if (state := reader.session(number).state).is_open:
                raise SessionError(f"session {number} is {state}; finish or discard it first")
        found = [reader.pictures(number) for number in numbers]
    cells, size = (sum(each) for each in zip(*found, strict=True))
    of = f"session {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} sessions"
    return f"{counted(cells, 'picture')} of {of}, {size / 1e6:.1f} MB"


def _drop(settings: "Settings", numbers: Sequence[int], *, by: str) -> None:
    from leuko.store import STORE_NAME, Store

    with Store.opened(settings.state_dir / STORE_NAME) as store:
        store.drop_pictures(numbers, asked_by=by)


def _bytes(settings: "Settings") -> int:
    """Return what the store takes of the disk, with its copies."""
    from leuko.store import STORE_NAME

    return sum(path.stat().st_size for path in settings.state_dir.glob(f"{STORE_NAME}*"))
