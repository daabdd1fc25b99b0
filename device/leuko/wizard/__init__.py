"""What a person at the microscope sees and answers while something is calibrated."""

from leuko.wizard._guides import GUIDES, Guide, guide_for
from leuko.wizard._keys import KeyNames
from leuko.wizard._opening import open_wizard
from leuko.wizard._reviewing import AT_ONCE, ReviewScreen
from leuko.wizard._typing import TypedAnswers
from leuko.wizard._wizard import Wizard

__all__ = [
    "AT_ONCE",
    "GUIDES",
    "Guide",
    "KeyNames",
    "ReviewScreen",
    "TypedAnswers",
    "Wizard",
    "guide_for",
    "open_wizard",
]
