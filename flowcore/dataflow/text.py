"""Values typed into a text field: Python literals, and shapes without their brackets."""

import ast
import math
from typing import Any, Final

from flowcore.model.problem import error
from flowcore.model.value import Value, tag

LIMIT: Final = 10_000


def parse(text: str, itype: str) -> Value:
    """The value that a text stands for, read by Python's grammar of literals and never evaluated.

    "3, 3" and "(3, 3)" are a shape, "3" is one axis of a shape. Raises FlowError("cannot-read").
    """
    text = text.strip()
    if itype in ("string", "dtype"):
        return text
    literal = _literal(text, itype)
    if itype == "shape" and (isinstance(literal, int) or literal is None):
        literal = (literal,)
    value = _value(literal)
    return value["$tuple"] if itype in ("shape", "ints", "list") and tag(value) == "$tuple" else value


def show(value: Value, itype: str = "any") -> str:
    """The text that `parse` reads back; a shape goes without its brackets."""
    if isinstance(value, str):
        return value
    bare = itype == "shape" or (itype == "ints" and isinstance(value, list) and len(value) > 1)
    shown = _shown(value)
    return shown[1:-1] if bare and isinstance(value, list) and value else shown


def _literal(text: str, itype: str) -> Any:
    try:
        if len(text) > LIMIT:
            raise ValueError
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        if itype == "any" and len(text) <= LIMIT:
            return text
        raise error(
            "cannot-read", f"Expected {_EXAMPLES.get(itype, 'a value')}, found {text[:60]!r}.", "Correct it."
        ) from None


def _value(literal: Any) -> Value:
    match literal:
        case tuple():
            return {"$tuple": [_value(item) for item in literal]}
        case list():
            return [_value(item) for item in literal]
        case dict() if all(isinstance(key, str) and not key.startswith("$") for key in literal):
            return {key: _value(item) for key, item in literal.items()}
        case dict():
            return {"$dict": [[_value(key), _value(item)] for key, item in literal.items()]}
        case float() if not math.isfinite(literal):
            return {"$float": str(literal)}
        case None | bool() | int() | float() | str():
            return literal
    raise error("cannot-read", f"A {type(literal).__name__} cannot be written in JSON.", "Use a list.")


def _shown(value: Value) -> str:
    match tag(value):
        case "$tuple":
            inner = ", ".join(_shown(item) for item in value["$tuple"])
            return f"({inner},)" if len(value["$tuple"]) == 1 else f"({inner})"
        case "$dict":
            return f"{{{', '.join(f'{_shown(key)}: {_shown(item)}' for key, item in value['$dict'])}}}"
        case "$float":
            return str(value["$float"])
        case "$new" | "$ref":
            return str(value[tag(value)]).rpartition(".")[2]
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_shown(item)}' for key, item in value.items())}}}"
    return repr(value)


_EXAMPLES: Final = {
    "shape": "a shape such as 28, 28, 1",
    "ints": "a whole number or several, such as 3, 3",
    "list": "a list such as [1, 2]",
    "tuple": "values such as 1, 2",
    "dict": "pairs such as {'a': 1}",
    "int": "a whole number",
    "float": "a number",
}
