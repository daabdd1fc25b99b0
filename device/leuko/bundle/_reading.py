"""Reading a bundle from a folder or a zip, trusting nothing in it."""

import hashlib
import lzma
import stat
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from leuko.bundle._manifest import Manifest, first_problem
from leuko.errors import BundleError

FORMAT = 1
"""The bundle format that this device reads."""

LARGEST_BYTES = 64 * 1024 * 1024
"""All files of a bundle together, unpacked; a zip that claims more is an accident or a bomb."""

MANIFEST_FILE = "manifest.toml"
SIGNATURE_FILE = "manifest.sig"
"""Ed25519 signature of the manifest, 64 bytes; a bundle may have none."""

ZIP_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
"""What zipfile raises on damaged archives, found by changing every byte of a directory."""


class _AbsentError(BundleError):
    """The bundle has no such file."""


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """A verified bundle, wholly in memory.

    Attributes:
        manifest: what the bundle says of itself.
        files: content of every file that the manifest lists, by its name there.
        sha256: hash of the manifest, and so of everything in it, in hexadecimal.
        path: where it was read from.
        manifest_bytes: the manifest as it was read, which the signature is made over.
        signature: that signature, unchecked; None if there is none.
    """

    manifest: Manifest
    files: Mapping[str, bytes]
    sha256: str
    path: Path
    manifest_bytes: bytes = b""
    signature: bytes | None = None

    @property
    def label(self) -> str:
        """Name for people: id, version and the first eight digits of the hash."""
        return f"{self.manifest.id} {self.manifest.version} {self.sha256[:8]}"


def default_bundle_path() -> Path:
    """Return where the bundle that ships with leuko lies."""
    return Path(__file__).parent.parent / "bundles" / "default"


def load_bundle(path: Path) -> ModelBundle:
    """Return the bundle, once every file in it is known to be whole.

    Args:
        path: a folder with a ``manifest.toml``, or a zip of one.

    Raises:
        BundleError: there is none, it is damaged, incomplete, too large, or of another format.
    """
    try:
        if path.is_dir():
            return _verified(path, lambda name, most: _read_file(path, name, most))
        _refuse_large(path)
        with zipfile.ZipFile(path) as archive:
            root = _root_of(archive, path)
            return _verified(path, lambda name, most: _read_entry(archive, root + name, most))
    except BundleError:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BundleError(f"there is no bundle at {path}; give a bundle's folder or zip") from error
    except ZIP_DAMAGE as error:
        raise BundleError(
            f"{path} is no bundle: neither a folder nor a readable zip ({error}); "
            "give a bundle's folder or zip"
        ) from error


def _verified(path: Path, read: Callable[[str, int], bytes]) -> ModelBundle:
    content = read(MANIFEST_FILE, LARGEST_BYTES)
    manifest = _parsed(content, path)
    signature = _signature(read)
    files: dict[str, bytes] = {}
    left = LARGEST_BYTES - len(content)
    for name, expected in manifest.files.items():
        files[name] = read(name, left)
        left -= len(files[name])
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise BundleError(
                f"{name} in bundle {path} is not the file its manifest lists (its sha256 "
                "differs); copy the bundle again"
            )
    digest = hashlib.sha256(content).hexdigest()
    return ModelBundle(manifest, files, digest, path, content, signature)


def _refuse_large(archive: Path) -> None:
    if archive.stat().st_size > LARGEST_BYTES:
        raise _too_large(archive)


def _signature(read: Callable[[str, int], bytes]) -> bytes | None:
    try:
        return read(SIGNATURE_FILE, LARGEST_BYTES)
    except _AbsentError:
        return None


def _parsed(content: bytes, path: Path) -> Manifest:
    try:
        table = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BundleError(
            f"{MANIFEST_FILE} in bundle {path} is not readable TOML ({error}); "
            "copy the bundle again"
        ) from error
    # Before all else: a newer format may have keys that this one would call unknown.
    _check_format(table, path)
    try:
        return Manifest.model_validate(table)
    except ValidationError as error:
        raise BundleError(
            f"{MANIFEST_FILE} in bundle {path} {first_problem(error)}; "
            "convert the model again or get another bundle"
        ) from error


def _check_format(table: Mapping[str, Any], path: Path) -> None:
    made_for = table.get("format")
    if not isinstance(made_for, int) or isinstance(made_for, bool) or made_for < 1:
        raise BundleError(
            f"{MANIFEST_FILE} in bundle {path} names no bundle format (format = {made_for!r}); "
            "convert the model again or get another bundle"
        )
    if made_for > FORMAT:
        raise BundleError(
            f"bundle made for format {made_for}, this device reads {FORMAT}; update leuko"
        )


def _read_file(folder: Path, name: str, most: int) -> bytes:
    file = folder / name
    try:
        status = file.stat()
        # A device would be read for ever, a link to elsewhere copied into the installed bundle.
        if not (stat.S_ISREG(status.st_mode) and _is_inside(file, folder)):
            raise BundleError(
                f"{name} in bundle {folder} is no file of its own; copy the bundle again"
            )
        if status.st_size > most:
            raise _too_large(folder)
        return file.read_bytes()
    except FileNotFoundError as error:
        raise _missing(name, folder) from error
    except OSError as error:
        raise BundleError(
            f"{name} in bundle {folder} cannot be read ({error.strerror}); "
            "check the folder's permissions or copy the bundle again"
        ) from error


def _is_inside(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


def _root_of(archive: zipfile.ZipFile, path: Path) -> str:
    """Return the folder inside the zip that the bundle lies in, "" or ending in a slash."""
    entries = archive.infolist()
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if ".." in parts or parts[:1] == ("/",) or is_link or ":" in entry.filename:
            raise BundleError(
                f"bundle {path} has an entry that leads out of it ({entry.filename!r}); "
                "do not use it, get another bundle"
            )
    if sum(entry.file_size for entry in entries) > LARGEST_BYTES:
        raise _too_large(path)
    names = archive.namelist()
    roots = [name.removesuffix(MANIFEST_FILE) for name in names if name.endswith(MANIFEST_FILE)]
    inner = [root for root in roots if root.count("/") == 1 and root.endswith("/")]
    return inner[0] if "" not in roots and len(inner) == 1 else ""


def _read_entry(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    path = archive.filename
    try:
        size = archive.getinfo(name).file_size
        if size > most:
            raise _too_large(path)
        with archive.open(name) as entry:
            # Asked for all, zipfile unpacks all there is, whatever the entry declares.
            return entry.read(size)
    except KeyError as error:
        raise _missing(name, path) from error
    except BundleError:
        raise
    except ZIP_DAMAGE as error:
        raise BundleError(
            f"{name} in bundle {path} is damaged ({error}); copy the bundle again"
        ) from error


def _missing(name: str, path: object) -> BundleError:
    return _AbsentError(f"bundle {path} has no {name}; copy the bundle again or get another")


def _too_large(path: object) -> BundleError:
    megabytes = LARGEST_BYTES // 1024**2
    return BundleError(
        f"the files of bundle {path} are larger than {megabytes} MB together; get another bundle"
    )
