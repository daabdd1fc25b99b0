"""``leuko session``: tell the running service what to do, and look at what it has kept."""

import os
import time
from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._groups import CommandGroup
from leuko.cli._options import JSONOption, SocketOption
from leuko.cli._session_arguments import (
    CellArgument,
    SessionArgument,
    TargetArgument,
    TargetOption,
    parsed_target,
)
from leuko.cli._slimming import slim

if TYPE_CHECKING:
    from leuko.control import ControlClient, StatusReply

session_app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Tell the running service what to do, and look at what it has kept.",
)

session_app.command()(slim)

_EVERY_S = 1.0


@session_app.command()
def start(
    specimen: Annotated[str, typer.Argument(metavar="SPECIMEN", help="The specimen's id.")],
    *,
    operator: Annotated[
        str, typer.Option(metavar="NAME", help="Who counts; else the user who asks.")
    ] = "",
    target: TargetOption = None,
    json: JSONOption = False,
    socket: SocketOption = None,
) -> None:
    """Start a session."""
    client = _client(socket)
    chosen = None if target is None else parsed_target(target)
    _print(client.start(specimen, operator=operator, target=chosen), as_json=json)


@session_app.command()
def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
    json: JSONOption = False,
    socket: SocketOption = None,
) -> None:
    """Show the running count."""
    client = _client(socket)
    if not watch:
        _print(client.status(), as_json=json)
        return
    from leuko.cli._session_tables import show_statuses

    statuses = _statuses(client)
    try:
        if json:
            for one in statuses:
                typer.echo(one.model_dump_json())
        else:
            show_statuses(statuses)
    except KeyboardInterrupt:
        return


@session_app.command()
def target(
    target: TargetArgument,
    *,
    json: JSONOption = False,
    socket: SocketOption = None,
) -> None:
    """Change when the session is complete."""
    _print(_client(socket).set_target(parsed_target(target)), as_json=json)


@session_app.command()
def tally(
    cell: CellArgument,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last one back instead.")] = False,
    json: JSONOption = False,
    socket: SocketOption = None,
) -> None:
    """Take note of a cell that was seen by eye and that no model names."""
    del cell
    _print(_client(socket).tally_smudge_cell(undo=undo), as_json=json)


@session_app.command()
def pause(*, json: JSONOption = False, socket: SocketOption = None) -> None:
    """Count nothing until resumed."""
    _print(_client(socket).pause(), as_json=json)


@session_app.command()
def resume(*, json: JSONOption = False, socket: SocketOption = None) -> None:
    """Go on counting."""
    _print(_client(socket).resume(), as_json=json)


@session_app.command()
def finish(*, json: JSONOption = False, socket: SocketOption = None) -> None:
    """Close the session; its result stands."""
    _print(_client(socket).finish(), as_json=json)


@session_app.command()
def discard(*, json: JSONOption = False, socket: SocketOption = None) -> None:
    """Close the session as not to be used; it is kept, and marked so."""
    _print(_client(socket).discard(), as_json=json)


@session_app.command("list")
def list_sessions(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    json: JSONOption = False,
    socket: SocketOption = None,
) -> None:
    """Name the sessions that are kept, newest first."""
    from leuko.cli._session_tables import print_sessions

    sessions = _client(socket).sessions(limit=limit)
    if json:
        typer.echo(f"[{','.join(one.model_dump_json() for one in sessions)}]")
    else:
        print_sessions(sessions)


@session_app.command()
def show(
    session: SessionArgument, *, json: JSONOption = False, socket: SocketOption = None
) -> None:
    """Show one session that is kept."""
    from leuko.cli._session_tables import print_session

    reply = _client(socket).session(session)
    if json:
        typer.echo(reply.model_dump_json())
    else:
        print_session(reply)


@session_app.command()
def overview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Picture to write, a PNG.")],
    *,
    json: JSONOption = False,
    socket: SocketOption = None,
) -> None:
    """Write a picture of the slide: the stretch in view, and its cells."""
    from leuko.reports import write_result

    if file.suffix.lower() != ".png":
        raise typer.BadParameter(f"{file.name} is to be a PNG; name it {file.stem}.png")
    reply = _client(socket).overview()
    write_result(file, reply.png)
    written = {"file": str(file), "session": reply.session}
    typer.echo(dumps(written) if json else f"what was seen of the slide is in {file}")


@session_app.command()
def export(
    session: SessionArgument,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where the service may write; else the USB stick."),
    ] = None,
    *,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Write the picture of every cell, too.")
    ] = False,
    json: JSONOption = False,
    socket: SocketOption = None,
) -> None:
    """Write one session to a folder of its own on a USB stick."""
    made = _client(socket).export(session, folder=folder, pictures=pictures)
    typer.echo(dumps({"folder": str(made)}) if json else f"session {session} is in {made}")


def _client(path: Path | None) -> "ControlClient":
    from leuko.control import ControlClient
    from leuko.settings import load_settings

    # Where it listens is all that is needed: the state directory is the service's.
    return ControlClient(path or load_settings(os.environ).control_socket)


def _print(status: "StatusReply", *, as_json: bool) -> None:
    if as_json:
        typer.echo(status.model_dump_json())
        return
    from leuko.cli._session_tables import print_status

    print_status(status)


def _statuses(client: "ControlClient") -> Iterator["StatusReply"]:
    while True:
        yield client.status()
        time.sleep(_EVERY_S)
