"""Scales and sizes that the default models are built for; the bundle carries them to the device."""

LOCATE_UM_PER_PX = 0.5
"""Coarse pass over the field: a leukocyte spans about 24 px, a red cell 14."""

OUTLINE_UM_PER_PX = 0.2
"""Fine pass on each leukocyte: it spans about 65 of the window's 128 px."""

SEGMENTER_SIZE = 128
"""Side of the fine window, and of every training view, in pixels."""

CLASSIFY_UM_PER_PX = 0.16
"""Classifier's view: 20 µm across, so that the largest monocyte still fits."""

CLASSIFIER_SIZE = 128
"""Side of the classifier's input in pixels."""

ISOLATION_MARGIN = 6
"""Rim in pixels that the classifier still sees around a cell's outline: about 1 µm."""
