"""Conversion of trained models to full int8, and the bundles that carry them to a device."""
