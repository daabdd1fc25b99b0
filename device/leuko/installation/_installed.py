"""The bundles in the state directory: put there, listed, chosen."""

import fcntl
import os
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from leuko.bundle import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    ModelBundle,
    default_bundle_path,
    load_bundle,
)
from leuko.errors import BundleError, SettingsError
from leuko.inference import Engine
from leuko.installation._disk import put_folder, translated
from leuko.installation._state import BUILT_IN, State, read_state, write_state
from leuko.pipeline import FieldAnalyser
from leuko.signature import read_trusted_keys
from leuko.verification import replay_golden

FOLDER_NAME = "bundles"
"""The folder of installed bundles in the state directory."""

SIGNER_BUILT_IN = "part of the package"
"""On whose word the bundle built in is used."""

_SIGNER_UNSIGNED = "nobody; taken on an operator's word"


class InstalledBundles:
    """What is installed on this device."""

    def __init__(self, state_dir: Path, trusted_keys: Path) -> None:
        """Look into a state directory; nothing is made there before something is installed.

        Args:
            state_dir: the settings' ``state_dir``.
            trusted_keys: folder of the public keys that may sign bundles.
        """
        self._folder = state_dir / FOLDER_NAME
        self._trusted_keys = trusted_keys

    @property
    def state(self) -> State:
        """Which bundle is active, and which was before.

        Raises:
            BundleError: that cannot be read.
        """
        return read_state(self._folder)

    def names(self) -> list[str]:
        """Return the names of all bundles, the one built in first.

        Raises:
            BundleError: the folder cannot be read.
        """
        try:
            manifests = sorted(self._folder.glob(f"[!.]*/{MANIFEST_FILE}"))
        except OSError as error:
            raise BundleError(
                f"{self._folder} cannot be read ({error.strerror}); join the group leuko"
            ) from error
        return [BUILT_IN, *(path.parent.name for path in manifests)]

    def admit(self, bundle: ModelBundle, *, allow_unsigned: bool = False) -> bool:
        """Admit a bundle by its signature, before any of its models is run.

        Args:
            bundle: as it was read.
            allow_unsigned: whether to take another one, too, on an operator's word.

        Returns:
            Whether somebody trusted signed it; else an operator takes it.

        Raises:
            BundleError: it is the one built in, or is not signed by anybody trusted, and no
                operator takes it.
            SettingsError: the trusted keys cannot be read.
        """
        # Its folder has no signature: the package that it came with speaks for it.
        if bundle.path.resolve() == default_bundle_path().resolve():
            raise BundleError(
                f"bundle {bundle.label} is built in, {SIGNER_BUILT_IN}, so nothing is to be "
                f"installed; let it count with leuko bundle activate {BUILT_IN}"
            )
        try:
            read_trusted_keys(self._trusted_keys).signer_of(bundle)
        except (BundleError, SettingsError):
            if not allow_unsigned:
                raise
            return False
        return True

    def install(self, bundle: ModelBundle, engine: Engine, *, allow_unsigned: bool = False) -> str:
        """Put a bundle beside the others and return its name there; it does not count yet.

        Args:
            bundle: as it was read, with all its hashes right.
            engine: replays its golden inputs on this device.
            allow_unsigned: whether to take it without a trusted signature; one that has it is
                known by its signer all the same.

        Raises:
            BundleError: it is not signed by anybody trusted, or does not give its golden outputs.
            EngineError: the engine cannot run a model.
            SettingsError: the trusted keys cannot be read.
            OutputError: there is no room, or this user may not write there.
        """
        is_trusted = self.admit(bundle, allow_unsigned=allow_unsigned)
        require_sound(bundle, engine)
        name = _name_of(bundle)
        files = {**bundle.files, MANIFEST_FILE: bundle.manifest_bytes}
        if bundle.signature is not None:
            files[SIGNATURE_FILE] = bundle.signature
        with self._locked():
            put_folder(self._folder / name, files)
        if (name in self._known_state().unsigned) is is_trusted:
            self.change(lambda state: _with_unsigned(state, name, is_unsigned=not is_trusted))
        return name

    def active(self) -> ModelBundle:
        """Return the bundle that counts; a damaged one is an error, no reason to take another.

        Raises:
            BundleError: it is gone, damaged, or signed by nobody trusted.
            SettingsError: the trusted keys cannot be read.
        """
        return self.open(self.state.active)

    def open(self, name: str) -> ModelBundle:
        """Return an installed bundle, once its files are whole and its signer is trusted.

        Raises:
            BundleError: there is no such bundle, it is damaged, or signed by nobody trusted.
            SettingsError: the trusted keys cannot be read.
        """
        bundle = self.read(name)
        self.signer_of(name, bundle)
        return bundle

    def read(self, name: str) -> ModelBundle:
        """Return an installed bundle, once its files are whole, whoever signed it.

        Raises:
            BundleError: there is no such bundle, or it is damaged.
        """
        if name == BUILT_IN:
            return load_bundle(default_bundle_path())
        if name not in (known := self.names()):
            raise BundleError(f"no bundle {name} is installed; choose one of {', '.join(known)}")
        return load_bundle(self._folder / name)

    def signer_of(self, name: str, bundle: ModelBundle) -> str:
        """Return on whose word an installed bundle is used.

        Raises:
            BundleError: it is signed by nobody trusted.
            SettingsError: the trusted keys cannot be read.
        """
        if name == BUILT_IN:
            return SIGNER_BUILT_IN
        try:
            return read_trusted_keys(self._trusted_keys).signer_of(bundle)
        except (BundleError, SettingsError):
            if name in self.state.unsigned:
                return _SIGNER_UNSIGNED
            raise

    def activate(self, name: str, engine: Engine) -> None:
        """Let a bundle count from the service's next start on, after all checks.

        Raises:
            BundleError: there is no such bundle, or a check failed.
            EngineError: the engine cannot run a model.
            SettingsError: the trusted keys cannot be read.
            OutputError: this user may not write there.
        """
        require_sound(self.open(name), engine)
        self.change(lambda state: _with_active(state, name))

    def rollback(self) -> str:
        """Let the bundle before the active one count again, and return its name.

        Raises:
            BundleError: there was none before.
            OutputError: this user may not write there.
        """
        if self.state.previous == self.state.active:
            raise BundleError("there is no other bundle to go back to; install and activate one")
        return self.change(lambda state: _with_active(state, state.previous)).active

    def change(self, change: Callable[[State], State]) -> State:
        """Replace the state by what a function makes of it, and return the new one.

        Raises:
            OutputError: this user may not write there.
        """
        with self._locked():
            changed = change(self._known_state())
            write_state(self._folder, changed)
        return changed

    def _known_state(self) -> State:
        try:
            return self.state
        except BundleError:
            # What cannot be read must not keep anybody from choosing anew.
            return State()

    @contextmanager
    def _locked(self) -> Generator[None]:
        with translated(self._folder):
            if not self._folder.exists():
                self._folder.mkdir(parents=True)
                # Made by root, it must still be the service's, which writes its starts there.
                owner = self._folder.parent.stat()
                os.chown(self._folder, owner.st_uid, owner.st_gid)
            descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def require_sound(bundle: ModelBundle, engine: Engine) -> None:
    """Load a bundle as the count does, and replay its golden inputs on this device.

    Raises:
        BundleError: a model is not what the manifest says, or gives other outputs than allowed.
        EngineError: the engine cannot run a model.
    """
    FieldAnalyser(bundle, engine)
    for one in replay_golden(bundle, engine).differences:
        if not one.is_within_tolerance:
            raise BundleError(
                f"bundle {bundle.label} does not give its golden outputs on this device: the "
                f"{one.model} is {one.largest_lsb} LSB off, {one.tolerance_lsb} are allowed; "
                "convert the bundle again, or install another ai-edge-litert"
            )


def _name_of(bundle: ModelBundle) -> str:
    words = f"{bundle.manifest.id}-{bundle.manifest.version}-{bundle.sha256[:8]}"
    return re.sub(r"[^A-Za-z0-9._-]", "_", words).lstrip(".")


def _with_unsigned(state: State, name: str, *, is_unsigned: bool) -> State:
    unsigned = {*state.unsigned, name} if is_unsigned else {*state.unsigned} - {name}
    return state.model_copy(update={"unsigned": tuple(sorted(unsigned))})


def _with_active(state: State, name: str) -> State:
    previous = state.previous if state.active == name else state.active
    update = {"active": name, "previous": previous, "starts": 0, "fallen": ""}
    return state.model_copy(update=update)
