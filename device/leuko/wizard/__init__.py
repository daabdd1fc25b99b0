"""What a person at the microscope sees and answers while something is calibrated."""

from leuko.wizard._guides import GUIDES, Guide
from leuko.wizard._opening import open_wizard
from leuko.wizard._typing import TypedAnswers
from leuko.wizard._wizard import KeyNames, Wizard

__all__ = ["GUIDES", "Guide", "KeyNames", "TypedAnswers", "Wizard", "open_wizard"]
