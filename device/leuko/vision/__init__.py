"""From pixels to regions: white balance, scale, crops, masks. Arrays in, values out, no I/O."""
