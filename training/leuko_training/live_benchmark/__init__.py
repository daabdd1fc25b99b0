"""Measuring the live count: does it count each cell once, how fast, and does anything break it?

The modules that run in processes of their own import neither TensorFlow nor matplotlib, so that
their memory is that of the device.
"""
