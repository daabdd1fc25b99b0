"""``leuko-convert``: trained models to full int8, and to the bundle a device loads."""

import sys

import typer

from leuko.errors import LeukoError
from leuko_converter.cli._bundles import bundle, card, deploy, keygen, sign
from leuko_converter.cli._edgetpu import check_edgetpu, compile_edgetpu
from leuko_converter.cli._models import parity, quantize

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
for command in (
    quantize,
    parity,
    check_edgetpu,
    compile_edgetpu,
    bundle,
    card,
    keygen,
    sign,
    deploy,
):
    app.command()(command)


def main() -> None:
    """Run the command line; what a user can mend becomes one line and exit code 1."""
    try:
        app()
    except LeukoError as error:
        typer.echo(f"leuko-convert: {error}", err=True)
        sys.exit(1)
