"""Models as training left them, read from Keras' files."""

from pathlib import Path

import keras

from leuko_converter.errors import ConversionError, first_line


def load_trained(path: Path) -> keras.Model:
    """Return a trained model, for inference only.

    Raises:
        ConversionError: the file is missing, or no Keras model that can be read.
    """
    if not path.is_file():
        raise ConversionError(
            f"there is no trained model at {path}; train one first, or give a model that the "
            "shipped bundle was made from: training/weights/segmenter.keras, classifier.keras"
        )
    try:
        # Losses and metrics of training are not needed, and ours are not registered with Keras.
        return keras.saving.load_model(path, compile=False)
    except (ValueError, TypeError, OSError) as error:
        raise ConversionError(
            f"{path} is no Keras model that can be read ({first_line(error)}); train it again"
        ) from error


def with_embedding(classifier: keras.Model) -> keras.Model:
    """Return the classifier with two outputs, probabilities and embedding.

    Training looks at the probabilities alone; calibration on the device needs the embedding.

    Raises:
        ConversionError: the model has no layers of these names.
    """
    try:
        outputs = [classifier.get_layer(name).output for name in ("probabilities", "embedding")]
    except ValueError as error:
        raise ConversionError(
            f"{classifier.name} has no layers called probabilities and embedding; "
            "give a classifier of leuko-train"
        ) from error
    return keras.Model(classifier.input, outputs, name=classifier.name)
