"""Everything that can go wrong in a way its reader can act on.

::

    LeukoError
    ├── SettingsError   (ValueError)   edit the settings file, the variable or the option
    ├── BundleError     (ValueError)   get another model bundle, or update leuko
    ├── CalibrationError (ValueError)  calibrate again, or give another calibration
    │   └── NoControlError             leave that out: the camera cannot be set
    ├── ImageError      (ValueError)   give another image
    │   └── ScaleError                 say the scale, or give a field with red cells
    ├── OutputError     (OSError)      free or choose another place to write
    ├── EngineError     (RuntimeError) install or choose another inference runtime
    │   └── AcceleratorError           look at the accelerator, or choose another backend
    ├── CameraError     (OSError)      look at the camera, its cable and its driver
    ├── DisplayError    (OSError)      look at the display, its cable and its driver
    ├── StoreError      (OSError)      look at the disk that the sessions are kept on
    ├── SessionError    (RuntimeError) ask for what the session can do in its state
    └── ServiceError    (RuntimeError) start the service, or look at its log
        └── NoServiceError             none runs: start it

Every message says what happened, with the value, and what to do about it.
The command line prints it as one line and exits with 1.
"""

from enum import StrEnum


class LeukoError(Exception):
    """Root of all errors that leuko raises on purpose."""


class SettingsError(LeukoError, ValueError):
    """A setting is unknown or out of range; edit the file, variable or option it came from."""


class BundleError(LeukoError, ValueError):
    """A model bundle is damaged, incomplete or of another format; get another one."""


class CalibrationError(LeukoError, ValueError):
    """A calibration is damaged, foreign or of another camera; calibrate again."""


class NoControlError(CalibrationError):
    """The camera has no control that could be set; go on without."""


class ImageError(LeukoError, ValueError):
    """An image cannot be read or used; give another one."""


class ScaleError(ImageError):
    """The scale of a field cannot be told from its red cells; state it instead."""


class OutputError(LeukoError, OSError):
    """Results cannot be written; free space or choose another folder."""


class EngineError(LeukoError, RuntimeError):
    """No inference runtime can run the model; install one or choose another backend."""


class Refusal(StrEnum):
    """Why an accelerator does not run the models; the value is what logs and scripts read."""

    NO_DEVICE = "no device"
    """None is there."""
    NO_LIBRARY = "no library"
    """The library that drives it is not installed."""
    NO_LIBUSB = "no libusb"
    """That library needs libusb, which is not installed."""
    NO_PERMISSION = "no permission"
    """It is there, and this user may not use it."""
    WRONG_VERSION = "wrong version"
    """Library, runtime and models do not fit each other."""
    WRONG_PROCESSOR = "wrong processor"
    """The library would crash on this machine's processor."""
    NO_MODELS = "no models"
    """The bundle has no models for it."""
    HUNG = "hung"
    """It did not answer in time."""
    CRASHED = "crashed"
    """Its library ended the process that it ran in."""
    FAILED = "failed"
    """It reported an error that is none of the above."""
    DEVIATES = "deviates"
    """It does not give the golden outputs."""
    SLOW = "slow"
    """The processor is as fast."""


class AcceleratorError(EngineError):
    """An accelerator cannot be used, or was lost; look at it, or choose another backend.

    Attributes:
        refusal: which of the known causes it is.
    """

    def __init__(self, sentence: str, refusal: Refusal) -> None:
        """Keep the sentence for people and the cause for scripts."""
        super().__init__(sentence)
        self.refusal = refusal


class CameraError(LeukoError, OSError):
    """A camera is missing, silent, or gives pictures that cannot be used; look at its cable."""


class DisplayError(LeukoError, OSError):
    """A display is missing or does not take pictures; the count goes on without it."""


class StoreError(LeukoError, OSError):
    """Sessions cannot be read or kept; look at the disk, or restore the kept copy."""


class SessionError(LeukoError, RuntimeError):
    """The session is not in a state in which that can be done."""


class ServiceError(LeukoError, RuntimeError):
    """The live service does not run, does not answer, or may not be asked by this user."""


class NoServiceError(ServiceError):
    """No live service runs at the socket, so that none holds camera, display or accelerator."""
