"""Sentences that tell which command to run next."""

import re
from pathlib import Path
from shlex import quote

_TAKING = re.compile(
    # What leads a command in; a folder may be called as one is.
    r"(?:(?:[:;,]|\b(?:after|or|repeat|run|sudo -u leuko|with)) |\()"
    r"leuko (?:calibrate (?:all|check|exposure|export|flat-field|focus|forget|history|import"
    r"|review|scale|show|site|stain|undo|wbc-factor|white-balance)|doctor|run|session slim|snap)"
    r"(?![\w/'\"-]|\.\w)"
)
"""Commands that take ``--state-dir``, and what stands before them in a sentence."""


def with_state_dir(sentence: str, state_dir: Path | None) -> str:
    """Return a sentence whose commands look where the one that tells it looked.

    >>> with_state_dir("drop it with leuko calibrate forget scale", Path("/srv/lab"))
    'drop it with leuko calibrate forget --state-dir /srv/lab scale'

    Args:
        sentence: may name commands.
        state_dir: that was given; None if none was.
    """
    # One with the option in it was made by somebody who knew the folder.
    if state_dir is None or "--state-dir" in sentence:
        return sentence
    # Right behind the command, for nothing tells its arguments from the words that follow.
    option = f" --state-dir {quote(str(state_dir))}"
    return _TAKING.sub(lambda found: f"{found[0]}{option}", sentence)
