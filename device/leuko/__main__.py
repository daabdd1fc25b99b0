"""``python -m leuko``: the same as the command ``leuko``."""

from leuko.cli import main

if __name__ == "__main__":
    main()
