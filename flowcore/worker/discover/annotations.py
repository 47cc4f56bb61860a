"""Types out of annotations."""

import collections.abc
import inspect
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from flowcore.worker.discover.guess import NOTHING, Guess, distinct

CONFIDENCE = 0.95
_PLAIN: dict[Any, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    list: "list",
    tuple: "tuple",
    dict: "dict",
    Any: "any",
    collections.abc.Sequence: "list",
    collections.abc.Mapping: "dict",
}
_NAMED = {
    "numpy.ndarray": "array",
    "pandas.DataFrame": "table",
    "pandas.core.frame.DataFrame": "table",
    "pathlib.Path": "string",
    "os.PathLike": "string",
}
_CARRIED = {"array", "table"}


def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """A callable's annotations, evaluated; {} if one of them cannot be."""
    try:
        return typing.get_type_hints(function)
    except Exception:  # An annotation is code of the package: it may raise anything.
        return {}


def from_annotation(hint: Any) -> Guess:
    """What an annotation says: None in a union means nullable, Literal means choices."""
    if hint is inspect.Parameter.empty:
        return NOTHING
    names, choices, nullable = _read(hint)
    found = distinct(names)
    if not found:
        return Guess(nullable=nullable)
    widget: Literal["form", "port"] = "port" if set(found) <= _CARRIED else "form"
    return Guess(found, CONFIDENCE, choices, nullable, widget=widget)


def fields_of(hint: Any) -> dict[str, str]:
    """The named results of a NamedTuple: field -> type; {} for any other annotation."""
    if not (isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")):
        return {}
    known = hints(hint)
    return {name: type_of(known.get(name, Any)) for name in hint._fields}


def type_of(hint: Any) -> str:
    """The first type of an annotation, "any" if it says nothing."""
    return next(iter(from_annotation(hint).types), "any")


def _read(hint: Any) -> tuple[tuple[str, ...], tuple[Any, ...], bool]:
    """Types, choices, nullable."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is None or hint is type(None):
        return (), (), True
    if origin is Annotated:
        return _read(args[0])
    if origin is Literal:
        values = tuple(value for value in args if value is not None)
        return tuple(_PLAIN.get(type(value), "any") for value in values), values, None in args
    if origin in (Union, types.UnionType):
        parts = [_read(part) for part in args]
        return (
            sum((part[0] for part in parts), ()),
            sum((part[1] for part in parts), ()),
            any(part[2] for part in parts),
        )
    if origin is tuple and args and set(args) <= {int, ...}:
        return ("ints",), (), False
    return _class(origin or hint), (), False


def _class(hint: Any) -> tuple[str, ...]:
    try:
        if hint in _PLAIN:
            return (_PLAIN[hint],)
    except TypeError:
        return ()
    if not isinstance(hint, type):
        return ()
    bases = (f"{base.__module__}.{base.__qualname__}" for base in hint.__mro__)
    name = next((_NAMED[base] for base in bases if base in _NAMED), "")
    return (name,) if name else ("tuple",) if issubclass(hint, tuple) else ()
