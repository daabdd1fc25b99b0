"""``python -m leuko``: the same as the command ``leuko``."""

# A camera's process imports this file too, and has no use for the commands.
if __name__ == "__main__":
    from leuko.cli import main

    main()
