"""``leuko bundle``: look at model bundles, check them, install them, choose one."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._groups import CommandGroup
from leuko.cli._options import BundleArgument, ThreadsOption, chosen_bundle, installed_bundles
from leuko.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from leuko.bundle import ModelBundle
    from leuko.settings import Settings

bundle_app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Look at model bundles, check them, install them, choose one.",
)

_RESTART = "it counts from the service's next start on: systemctl restart leuko"
_SET = "the settings name {bundle}, which goes before it; take bundle out of them to let it count"


@bundle_app.command()
def verify(
    path: BundleArgument = None,
    *,
    allow_unsigned: Annotated[
        bool, typer.Option("--allow-unsigned", help="Replay it although nobody trusted signed it.")
    ] = False,
    threads: ThreadsOption = None,
) -> None:
    """Check a bundle's files and signature, and replay its golden inputs on this device."""
    from leuko.backends import cpu_engine
    from leuko.terminal import print_verification
    from leuko.verification import replay_golden

    bundle, signer, settings = _named(path, allow_unsigned=allow_unsigned, threads=threads)
    report = replay_golden(bundle, cpu_engine(bundle, settings.threads))
    print_verification(bundle, report, signer=signer)
    if not report.is_ok:
        raise BundleError(
            f"bundle {bundle.label} does not give its golden outputs on this device; "
            "install another version of ai-edge-litert or convert the bundle again"
        )


@bundle_app.command()
def show(path: BundleArgument = None) -> None:
    """Print what a bundle says of itself."""
    from leuko.terminal import print_bundle

    print_bundle(_named(path, allow_unsigned=True)[0])


@bundle_app.command()
def install(
    path: Annotated[Path, typer.Argument(help="Folder or zip of the bundle.")],
    *,
    activate: Annotated[
        bool, typer.Option("--activate", help="Let it count from the service's next start on.")
    ] = False,
    allow_unsigned: Annotated[
        bool, typer.Option("--allow-unsigned", help="Take it although nobody trusted signed it.")
    ] = False,
    threads: ThreadsOption = None,
) -> None:
    """Check a bundle on this device and put it beside the others."""
    from leuko.backends import cpu_engine

    bundle, settings = chosen_bundle(path, threads=threads)
    installed = installed_bundles(settings)
    # Measuring threads runs a model, and a stranger's flatbuffer may attack the runtime.
    installed.admit(bundle, allow_unsigned=allow_unsigned)
    engine = cpu_engine(bundle, settings.threads)
    name = installed.install(bundle, engine, allow_unsigned=allow_unsigned)
    typer.echo(f"installed {name}")
    if activate:
        installed.activate(name, engine)
        # Not the settings above, in which the bundle to be installed takes that place.
        typer.echo(f"{name} is active; {_when(_settings())}")


@bundle_app.command("list")
def list_bundles() -> None:
    """Name the bundles of this device: built in, installed, active, gone back to."""
    settings = _settings()
    installed = installed_bundles(settings)
    state = installed.state
    for name in installed.names():
        marks = {state.previous: "previous", state.active: "active"}
        roles = marks.get(name, "")
        typer.echo(f"{name}{f'  ({roles})' if roles else ''}")
    if settings.bundle:
        typer.echo(f"the settings name {settings.bundle}, which goes before the active one")
    if state.fallen:
        typer.echo(state.fallen)


@bundle_app.command()
def activate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As leuko bundle list names it.")],
    *,
    threads: ThreadsOption = None,
) -> None:
    """Check an installed bundle again and let it count from the service's next start on."""
    from leuko.backends import cpu_engine

    settings = _settings(threads=threads)
    installed = installed_bundles(settings)
    installed.activate(name, cpu_engine(installed.open(name), settings.threads))
    typer.echo(f"{name} is active; {_when(settings)}")


@bundle_app.command()
def rollback() -> None:
    """Go back to the bundle that was active before."""
    settings = _settings()
    name = installed_bundles(settings).rollback()
    typer.echo(f"{name} is active again; {_when(settings)}")


def _when(settings: "Settings") -> str:
    """Return from when on an active bundle counts, or what keeps it from counting."""
    return _SET.format(bundle=settings.bundle) if settings.bundle else _RESTART


def _settings(**options: object) -> "Settings":
    import os

    from leuko.settings import load_settings

    return load_settings(os.environ, **options)


def _named(
    path: Path | None, *, allow_unsigned: bool, **options: object
) -> tuple["ModelBundle", str, "Settings"]:
    """Return a bundle named by its place or its installed name, and on whose word it is used."""
    settings = _settings(**options)
    installed = installed_bundles(settings)
    place = path or settings.bundle
    if place is None or (not _is_there(place) and str(place) in installed.names()):
        name = str(place or installed.state.active)
        bundle, known_signer = installed.read(name), functools.partial(installed.signer_of, name)
        return bundle, _signer(bundle, known_signer, allow_unsigned=allow_unsigned), settings
    if not _is_there(place) and len(place.parts) == 1:
        # Nothing but the names tells a slip of the pen in one from a folder that is missing.
        names = ", ".join(installed.names())
        raise BundleError(f"there is no bundle {place}; give its path, or choose one of {names}")
    return *_read(place, settings.trusted_keys, allow_unsigned=allow_unsigned), settings


def _read(place: Path, trusted_keys: Path, *, allow_unsigned: bool) -> tuple["ModelBundle", str]:
    from leuko.bundle import default_bundle_path, load_bundle
    from leuko.installation import SIGNER_BUILT_IN
    from leuko.signature import read_trusted_keys

    bundle = load_bundle(place)
    if place.resolve() == default_bundle_path().resolve():
        return bundle, SIGNER_BUILT_IN
    known_signer = read_trusted_keys(trusted_keys).signer_of
    return bundle, _signer(bundle, known_signer, allow_unsigned=allow_unsigned)


def _signer(
    bundle: "ModelBundle", known_signer: "Callable[[ModelBundle], str]", *, allow_unsigned: bool
) -> str:
    """Return on whose word a bundle is used; a stranger's word is one only where allowed."""
    try:
        return known_signer(bundle)
    except BundleError:
        if not allow_unsigned:
            raise
    return "nobody" if bundle.signature is None else "somebody whose key is not trusted here"


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except OSError as error:
        raise BundleError(
            f"bundle {place} cannot be read: {error.strerror}; check the path"
        ) from error
