"""Types out of annotations."""

import collections.abc
import inspect
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from flowcore.worker.discover.guess import NOTHING, Guess, distinct, widget_of
from flowcore.worker.discover.slot import from_slot

CONFIDENCE = 0.95
_PLAIN: dict[Any, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    complex: "float",
    str: "string",
    bytes: "string",
    list: "list",
    set: "list",
    frozenset: "list",
    tuple: "tuple",
    dict: "dict",
    slice: "slice",
    Any: "any",
    object: "any",
    type: "class",
    collections.abc.Sequence: "list",
    collections.abc.Iterable: "list",
    collections.abc.Iterator: "list",
    collections.abc.Collection: "list",
    collections.abc.Set: "list",
    collections.abc.Mapping: "dict",
    collections.abc.MutableMapping: "dict",
    collections.abc.Callable: "callable",
    collections.abc.Hashable: "string",
}
_NAMED = {
    "numpy.ndarray": "array",
    "numpy.dtype": "dtype",
    "pandas.DataFrame": "table",
    "pandas.Series": "table",
    "pathlib.PurePath": "string",
    "os.PathLike": "string",
    "numbers.Real": "float",
    "numbers.Integral": "int",
    "numbers.Number": "float",
    "numpy.integer": "int",
    "numpy.floating": "float",
}


def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """A callable's annotations, evaluated where they can be; the others stay text."""
    try:
        return typing.get_type_hints(function)
    except Exception:  # An annotation is code of the package: it may raise anything.
        return dict(getattr(function, "__annotations__", {}))


def from_annotation(hint: Any) -> Guess:
    """What an annotation says: None in a union means nullable, Literal means choices.

    Text that cannot be evaluated is read like the type in a description.
    """
    if hint is inspect.Parameter.empty:
        return NOTHING
    if isinstance(hint, str):
        found = from_slot(hint)
        return Guess(found.types, found.confidence, found.choices, found.nullable, widget=found.widget)
    names, choices, nullable = _read(hint)
    found_types = distinct(names)
    if not found_types:
        return Guess(nullable=nullable)
    return Guess(found_types, CONFIDENCE, choices, nullable, widget=widget_of(found_types))


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
    if _is_array(hint):
        return ("array",), (), False
    if isinstance(hint, TypeVar):
        return _union(hint.__constraints__ or ((hint.__bound__,) if hint.__bound__ else ()))
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is tuple and args and set(args) <= {int, ...}:
        return ("ints",), (), False
    if isinstance(hint, (str, typing.ForwardRef)):
        found = from_slot(hint if isinstance(hint, str) else hint.__forward_arg__)
        return found.types, found.choices, found.nullable
    return _class(origin or hint), (), False


def _union(parts: tuple[Any, ...]) -> tuple[tuple[str, ...], tuple[Any, ...], bool]:
    read = [_read(part) for part in parts]
    return (
        sum((part[0] for part in read), ()),
        sum((part[1] for part in read), ()),
        any(part[2] for part in read),
    )


def _is_array(hint: Any) -> bool:
    """Whether it is one of NumPy's unions for "whatever becomes an array"."""
    return any(mark in repr(hint) for mark in ("_SupportsArray", "ArrayLike", "NDArray"))


def _class(hint: Any) -> tuple[str, ...]:
    try:
        if hint in _PLAIN:
            return (_PLAIN[hint],)
    except TypeError:
        return ()
    if not isinstance(hint, type):
        return ()
    for base in hint.__mro__:
        for path in (
            f"{base.__module__}.{base.__qualname__}",
            f"{base.__module__.partition('.')[0]}.{base.__qualname__}",
        ):
            if path in _NAMED:
                return (_NAMED[path],)
    if issubclass(hint, tuple):
        return ("tuple",)
    if hint.__name__.endswith("Tensor"):
        return ("tensor", "array")
    return (hint.__name__,)
