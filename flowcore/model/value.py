"""Argument values as they stand in a document.

A scalar, a list or a plain object (a dict with string keys) is itself. Everything else is an object
with exactly one key that begins with ``$``, beside ``args`` for a new object:

    {"$new": type, "args": {}}   an object made from a descriptor
    {"$ref": type}               a callable, passed on as it is
    {"$tuple": []}               {"$slice": [start, stop, step]}
    {"$dict": [[key, value]]}    a dict with keys that are not strings
    {"$float": "nan" | "inf" | "-inf"}
"""

import math
from collections.abc import Iterator
from typing import Any, Final

Value = Any
MAX_DEPTH: Final = 40
FLOATS: Final = ("nan", "inf", "-inf")


def tag(value: Value) -> str:
    """The ``$`` key of a tagged object, "" for anything else."""
    if not isinstance(value, dict):
        return ""
    return next((key for key in value if isinstance(key, str) and key.startswith("$")), "")


def new(type_: str, **args: Value) -> Value:
    """The value of an object that is made from a descriptor."""
    return {"$new": type_, "args": args}


def flaws(value: Value, path: str = "$", depth: int = 0) -> Iterator[tuple[str, str]]:
    """What breaks the rules above: pairs of (path, reason)."""
    if depth > MAX_DEPTH:
        yield path, f"is nested deeper than {MAX_DEPTH} levels"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from flaws(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        key = tag(value)
        yield from _FORMS.get(key, _unknown)(value, path) if key else ()
        for name, item in value.items():
            yield from flaws(item, f"{path}.{name}", depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f'is {value}, which JSON does not have; expected {{"$float": "{value}"}}'
    elif value is not None and not isinstance(value, (bool, int, float, str)):
        yield path, f"is a {type(value).__name__}, which JSON does not have"


def types_in(value: Value, tags: tuple[str, ...] = ("$new", "$ref")) -> Iterator[str]:
    """Every descriptor that a value names, depth first. tags: how."""
    if isinstance(value, list):
        for item in value:
            yield from types_in(item, tags)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("$new", "$ref"):
                yield from (str(item),) if key in tags else ()
            else:
                yield from types_in(item, tags)


def _new(value: Value, path: str) -> Iterator[tuple[str, str]]:
    if set(value) - {"$new", "args"}:
        yield path, f'has the keys {_names(value)}; expected "$new" and "args"'
    elif not isinstance(value["$new"], str) or not isinstance(value.get("args", {}), dict):
        yield path, "needs a type's path under $new and an object under args"


def _ref(value: Value, path: str) -> Iterator[tuple[str, str]]:
    if set(value) != {"$ref"} or not isinstance(value["$ref"], str):
        yield path, "needs a type's path under $ref, and nothing else"


def _tuple(value: Value, path: str) -> Iterator[tuple[str, str]]:
    if set(value) != {"$tuple"} or not isinstance(value["$tuple"], list):
        yield path, "needs a list under $tuple, and nothing else"


def _slice(value: Value, path: str) -> Iterator[tuple[str, str]]:
    if set(value) != {"$slice"} or not isinstance(value["$slice"], list) or len(value["$slice"]) != 3:
        yield path, "needs a list of start, stop and step under $slice, and nothing else"


def _dict(value: Value, path: str) -> Iterator[tuple[str, str]]:
    pairs = value["$dict"]
    if set(value) != {"$dict"} or not isinstance(pairs, list):
        yield path, "needs a list of pairs under $dict, and nothing else"
    elif any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
        yield path, "needs pairs of a key and a value under $dict"


def _float(value: Value, path: str) -> Iterator[tuple[str, str]]:
    if set(value) != {"$float"} or value["$float"] not in FLOATS:
        yield path, f"needs one of {', '.join(FLOATS)} under $float, and nothing else"


def _unknown(value: Value, path: str) -> Iterator[tuple[str, str]]:
    yield path, f"has the unknown form {tag(value)!r}; expected one of {', '.join(_FORMS)}"


def _names(value: dict[str, Value]) -> str:
    return ", ".join(map(str, value)) or "none"


_FORMS = {
    "$new": _new,
    "$ref": _ref,
    "$tuple": _tuple,
    "$slice": _slice,
    "$dict": _dict,
    "$float": _float,
}
