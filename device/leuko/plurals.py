"""How many of something there are, in words."""


def counted(number: int, thing: str) -> str:
    """Return a number with what it is of, in the plural unless it is one.

    >>> counted(1, "picture"), counted(0, "field")
    ('1 picture', '0 fields')

    Args:
        number: how many.
        thing: what they are, one of them.
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
