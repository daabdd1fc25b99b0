"""Leuko: a bedside leukocyte differential from a microscope camera."""

__version__ = "0.1.0"
