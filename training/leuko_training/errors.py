"""What can go wrong in training that its reader can act on.

::

    LeukoError
    └── DatasetError   (ValueError)   get the data set, or put its files where its layout has them
"""

from leuko.errors import LeukoError


class DatasetError(LeukoError, ValueError):
    """A data set is missing, or not in its published layout; get it or unpack it again."""
