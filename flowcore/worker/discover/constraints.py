"""Types that a package checks when it runs: scikit-learn's parameter constraints.

An estimator has ``_parameter_constraints``, a checked function ``_skl_parameter_constraints``: argument
name -> list of alternatives (scikit-learn's developer documentation, ``sklearn.utils._param_validation``).
They are read by their form, so that scikit-learn itself is not imported for a package without them.
"""

import numbers
from collections.abc import Callable, Mapping
from typing import Any

from flowcore.model.descriptor import Range
from flowcore.worker.discover.guess import NOTHING, Guess, distinct

CONFIDENCE = 0.98
_WORDS: dict[str, tuple[str, ...]] = {
    "array-like": ("array",),
    "sparse matrix": ("array",),
    "boolean": ("bool",),
    "random_state": ("int",),
    "verbose": ("int", "bool"),
    "cv_object": ("int", "splitter"),
    "nan": ("float",),
    "missing_values": ("float", "string"),
}
_TYPES: dict[Any, str] = {
    numbers.Integral: "int",
    int: "int",
    numbers.Real: "float",
    float: "float",
    bool: "bool",
    str: "string",
    dict: "dict",
    list: "list",
    tuple: "tuple",
    callable: "callable",
    type: "class",
}


def constraints(value: Any) -> Mapping[str, Any]:
    """What a callable says that it checks, {} if it says nothing."""
    found = getattr(value, "_skl_parameter_constraints", None) or getattr(
        value, "_parameter_constraints", None
    )
    return found if isinstance(found, Mapping) else {}


def from_constraints(alternatives: Any) -> Guess:
    """Types, choices, bounds and nullability out of a list of alternatives."""
    if not isinstance(alternatives, (list, tuple)):
        return NOTHING
    parts = [part for one in alternatives if (part := _read(one)) is not None]
    types = distinct(tuple(name for part in parts for name in part.types))
    choices = tuple(dict.fromkeys(choice for part in parts for choice in part.choices))
    ranges = {part.types[0]: part.range for part in parts if part.range}
    numbers_ = [name for name in types if name in ("int", "float")]
    same = len(set(ranges.values())) == 1 and set(ranges) == set(numbers_)
    carried = bool(types) and not set(types) & _FORMS
    return Guess(
        types,
        CONFIDENCE if types else 0.0,
        choices if "string" in types or not types else (),
        any(part.nullable for part in parts),
        next(iter(ranges.values())) if same else None,
        "port" if carried else "form",
        ranges={} if same else ranges,
    )


_FORMS = {"bool", "int", "float", "string", "ints", "list", "tuple", "dict", "dtype"}


def _read(one: Any) -> Guess | None:
    """One alternative; None for one that is not meant for users."""
    if one is None:
        return Guess(nullable=True)
    if isinstance(one, str):
        if one == "no_validation":
            return None
        return Guess(_WORDS.get(one, (one.replace(" ", "_"),)), nullable=one in ("random_state", "cv_object"))
    kind = type(one).__name__
    return _OBJECTS[kind](one) if kind in _OBJECTS else Guess(_class(one))


def _class(one: Any) -> tuple[str, ...]:
    try:
        known = _TYPES.get(one)
    except TypeError:
        return ()
    if known:
        return (known,)
    name = getattr(one, "__name__", "")
    return ("array",) if name in ("ndarray", "spmatrix", "sparray") else (name,) if name else ()


def _interval(one: Any) -> Guess:
    integral = one.type is numbers.Integral
    low, high = one.left, one.right
    step = 1 if integral else 0
    if integral and low is not None and one.closed in ("right", "neither"):
        low += step
    if integral and high is not None and one.closed in ("left", "neither"):
        high -= step
    sides = {"left": ("right", "neither"), "right": ("left", "neither")}
    opened = {
        side: one.closed in sides[side]
        for side, end in (("left", low), ("right", high))
        if _bound(end) is not None
    }
    bounds = Range(_bound(low), _bound(high), not integral and bool(opened) and all(opened.values()))
    return Guess(("int" if integral else "float",), range=bounds if bounds != Range() else None)


def _bound(found: Any) -> float | None:
    number = None if found is None else float(found)
    return None if number is None or number in (float("inf"), float("-inf")) else number


def _options(one: Any) -> Guess:
    deprecated = set(getattr(one, "deprecated", ()))
    return Guess(_class(one.type), choices=tuple(sorted(set(one.options) - deprecated, key=str)))


def _methods(one: Any) -> Guess:
    return Guess(("estimator",) if {"fit", "predict", "transform"} & set(one.methods) else ("object",))


_OBJECTS: dict[str, Callable[[Any], Guess | None]] = {
    "Interval": _interval,
    "StrOptions": _options,
    "Options": _options,
    "HasMethods": _methods,
    "Hidden": lambda one: None,
    "MissingValues": lambda one: Guess(("float", "string", "int"), nullable=True),
}
