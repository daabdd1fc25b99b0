"""``leuko bundle``: look at model bundles and check them."""

import typer

from leuko.cli._options import BundleArgument, ThreadsOption, chosen_bundle
from leuko.errors import BundleError

bundle_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Look at model bundles and check them."
)


@bundle_app.command()
def verify(path: BundleArgument = None, *, threads: ThreadsOption = None) -> None:
    """Check a bundle's files and replay its golden inputs on this device."""
    from leuko.backends import cpu_engine
    from leuko.terminal import print_verification
    from leuko.verification import replay_golden

    bundle, settings = chosen_bundle(path, threads=threads)
    report = replay_golden(bundle, cpu_engine(bundle, settings.threads))
    print_verification(bundle, report)
    if not report.is_ok:
        raise BundleError(
            f"bundle {bundle.label} does not give its golden outputs on this device; "
            "install another version of ai-edge-litert or convert the bundle again"
        )


@bundle_app.command()
def show(path: BundleArgument = None) -> None:
    """Print what a bundle says of itself."""
    from leuko.terminal import print_bundle

    print_bundle(chosen_bundle(path)[0])
