"""Commands on bundles: made, described, signed, brought to a device."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from leuko import __version__
from leuko.bundle import load_bundle
from leuko.inference import LiteRTEngine
from leuko_converter._quiet import quiet
from leuko_converter.cli._options import (
    BUNDLE,
    CERTAINTY,
    CLASSIFIER,
    DATASETS_ROOT,
    RESULTS,
    SEGMENTER,
    Classifier,
    Root,
    Segmenter,
)
from leuko_converter.package import zip_bundle

Key = Annotated[
    Path | None,
    typer.Option("--key", help="Sign the bundle with this private key that keygen made."),
]


def bundle(
    *,
    out: Annotated[Path, typer.Option(help="Folder that the bundle goes to.")] = BUNDLE,
    segmenter: Segmenter = SEGMENTER,
    classifier: Classifier = CLASSIFIER,
    root: Root = DATASETS_ROOT,
    name: Annotated[str, typer.Option(help="Name of the bundle.")] = "leuko-default",
    version: Annotated[str, typer.Option(help="Version of its content.")] = __version__,
    certainty: Annotated[
        Path, typer.Option(help="How far probabilities are believed; leuko-train transfer says.")
    ] = CERTAINTY,
    own_cells: Annotated[
        Path | None,
        typer.Option(help="How leukocytes lie to each other; leuko-train own-cells says."),
    ] = None,
    views: Annotated[
        int, typer.Option(min=1, help="Images that the range of every activation is taken from.")
    ] = 400,
    without: Annotated[
        list[str] | None, typer.Option(help="Data set that is passed over; again for more.")
    ] = None,
    zip_file: Annotated[
        Path | None, typer.Option("--zip", help="Pack the bundle into this file, too.")
    ] = None,
    key: Key = None,
) -> None:
    """Convert a trained segmenter and classifier, and write the bundle of both."""
    sign_if_asked = _signer(key)
    with quiet():
        from leuko_converter import assemble
        from leuko_converter.trained import load_trained, with_embedding
        from leuko_training.certainty import read_certainty
        from leuko_training.own_cells import read_own_cells
    written = assemble.assemble_bundle(
        load_trained(segmenter),
        with_embedding(load_trained(classifier)),
        assemble.read_material(root, without=without or ()),
        out,
        certainty=read_certainty(certainty),
        own_cells=read_own_cells(own_cells) if own_cells else None,
        bundle_id=name,
        version=version,
        views=views,
        engine=LiteRTEngine(),
    )
    sign_if_asked(out)
    if zip_file:
        zip_bundle(out, zip_file)
    size = sum(len(content) for content in written.files.values())
    told = "; it is signed" if key else ""
    typer.echo(f"{written.label} in {out}: {len(written.files)} files, {size / 1e6:.2f} MB{told}")


def _signer(key: Path | None) -> Callable[[Path], None]:
    """Return what signs a bundle, if there is a key; one that cannot sign is refused at once."""
    from leuko_converter.signing import check_key, sign_bundle

    if key:
        # Before a long conversion, and before a card replaces a signed one.
        check_key(key)

    def sign_if_asked(folder: Path) -> None:
        if key:
            sign_bundle(folder, key)

    return sign_if_asked


def keygen(
    name: Annotated[
        Path, typer.Argument(metavar="NAME", help="Signer's name; NAME.key and NAME.pem are made.")
    ],
) -> None:
    """Make a pair of Ed25519 keys: one to sign bundles with, one for the devices."""
    from leuko_converter.signing import make_keys

    private, public = make_keys(name)
    typer.echo(f"{private} signs bundles; keep it to yourself and out of any repository")
    typer.echo(f"{public} goes into /etc/leuko/trusted-keys of every device")


def sign(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder or zip of the bundle.")],
    *,
    key: Annotated[Path, typer.Option("--key", help="Private key that keygen made.")],
) -> None:
    """Sign a bundle, so that devices that have the public key take it."""
    from leuko_converter.signing import sign_bundle

    typer.echo(f"{sign_bundle(path, key).label} is signed")


def card(
    folder: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")],
    *,
    evaluation: Annotated[
        Path, typer.Option(help="Figures of this bundle, by leuko-train evaluate.")
    ] = RESULTS / "evaluation.json",
    transfer: Annotated[
        Path | None, typer.Option(help="Figures of its recipe elsewhere, by leuko-train transfer.")
    ] = None,
    key: Key = None,
) -> None:
    """Write a model card into a bundle: data, licences, split, figures, known failures."""
    from leuko_converter.card import CARD_FILE, add_card

    sign_if_asked = _signer(key)
    written = add_card(folder, evaluation, transfer)
    sign_if_asked(folder)
    told = " and is signed" if key else "; sign it with leuko-convert sign, or give --key"
    typer.echo(f"{written.label} has {folder / CARD_FILE}{told}")


def deploy(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder or zip of the bundle.")],
    *,
    ssh: Annotated[
        str | None, typer.Option(metavar="HOST", help="Device to log in to, such as pi@leuko.")
    ] = None,
    stick: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the stick is mounted.")
    ] = None,
    allow_unsigned: Annotated[
        bool, typer.Option("--allow-unsigned", help="Tell the device to take it unsigned.")
    ] = False,
) -> None:
    """Bring a bundle to a device over SSH, and activate it, or put it on a stick."""
    from leuko_converter.deploy import install_command, put_on_stick, send_over_ssh

    if (ssh is None) == (stick is None):
        raise typer.BadParameter("give either --ssh HOST or --stick FOLDER")
    if ssh is not None:
        typer.echo(send_over_ssh(path, ssh, allow_unsigned=allow_unsigned).strip())
    if stick is not None:
        file = put_on_stick(path, stick)
        install = install_command(f"STICK/{file.name}", allow_unsigned=allow_unsigned)
        typer.echo(f"on the device: {install}")
        if not allow_unsigned and load_bundle(file).signature is None:
            typer.echo("it is not signed, and devices refuse it; sign it with leuko-convert sign")
