"""What can be pressed for an answer, and how that is told."""

from typing import NamedTuple


class KeyNames(NamedTuple):
    """What is pressed for an answer, empty without a key.

    What stands on the key is in brackets: without them, "/" and "-" read as punctuation. A number
    is counted up by the key for again, and down by the one for less.
    """

    yes: str = ""
    again: str = ""
    no: str = ""
    less: str = ""

    def told_of_number(self) -> str:
        """Return what counts a number up and down, gives it, and stops."""
        both = self._replace(again=self.again + self.less)
        return both.told("ok", "set" if self.less else "more", "stop")

    def told(self, *meanings: str) -> str:
        """Return what the keys mean that are there.

        >>> KeyNames("[Enter]", "[/]").told("keep", "again", "no")
        '[Enter] keep · [/] again'

        Args:
            *meanings: of yes, again, no and less; empty for what is not to be pressed.
        """
        named = zip(self, meanings, strict=False)
        return " · ".join(f"{key} {meaning}" for key, meaning in named if key and meaning)
