"""The command ``leuko``: where everything is put together.

Exit codes: 0 all went right, 1 an error stopped it, 2 the command was not understood, 3 it
finished but some images had to be left out, 4 a quality check failed.
"""

# Commands import what they need, so that --help and --version stay quick on a small device.

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from leuko import __version__
from leuko.cli._bench import bench
from leuko.cli._bundle import bundle_app
from leuko.cli._calibrate import calibrate_app
from leuko.cli._count import count, demo
from leuko.cli._groups import CommandGroup
from leuko.cli._live import doctor, run
from leuko.cli._session import session_app
from leuko.cli._snap import snap
from leuko.cli._state_dir import GivenPlace
from leuko.errors import LeukoError
from leuko.remedies import with_state_dir

__all__ = ["app", "main"]

# Plain text starts in half the time, and an error stays the one line that it is.
app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Leukocyte differentials from microscope images. Assists a trained person; "
    "not a diagnostic device.",
)
app.command()(count)
app.command()(demo)
app.command()(run)
app.add_typer(session_app, name="session")
app.command()(snap)
app.add_typer(calibrate_app, name="calibrate")
app.command()(doctor)
app.command()(bench)
app.add_typer(bundle_app, name="bundle")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``leuko`` and exit.

    A `LeukoError` becomes one line on stderr and exit code 1; anything else is a bug and shows
    its traceback.

    Args:
        arguments: what follows the command's name, or None for the process's own.
    """
    given = GivenPlace()
    try:
        app(args=arguments, prog_name="leuko", obj=given)
    except LeukoError as error:
        told = with_state_dir(" ".join(str(error).split()), given.state_dir)
        sys.stderr.write(f"leuko: {told}\n")
        sys.exit(1)


def _print_version(*, value: bool) -> None:
    if value:
        typer.echo(f"leuko {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    del version
