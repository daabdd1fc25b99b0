"""What may be chosen for a setting, in words for whoever chose something else."""

from collections.abc import Mapping
from typing import Any


def choices_of(schema: Mapping[str, Any]) -> str:
    """Return the values that a setting takes, to stand behind "give".

    >>> choices_of({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 9}, {"const": "auto"}]})
    'a whole number from 1 to 9, or auto'

    Args:
        schema: JSON Schema of the setting.
    """
    parts = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    return ", or ".join(map(_one, parts))


def _one(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        *others, last = schema["enum"]
        return f"{', '.join(others)} or {last}"
    kinds = {"integer": "a whole number", "number": "a number"}
    if number := kinds.get(schema.get("type", "")):
        return f"{number}{_within(schema)}"
    if schema.get("format") == "path":
        return "a path in quotes"
    longest = schema.get("maxLength")
    return "a text in quotes" + (f", of at most {longest} characters" if longest else "")


def _within(schema: Mapping[str, Any]) -> str:
    least, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    told = f"from {least:.9g} to" if above is None else f"above {above:.9g}, to"
    return f" {told} {schema['maximum']:.9g}"
