"""``python -m leuko_converter`` is ``leuko-convert``."""

from leuko_converter.cli import main

main()
