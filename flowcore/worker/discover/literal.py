"""Defaults, written as the values of a document."""

import math
from typing import Any

from msgspec import UNSET, UnsetType

from flowcore.model.value import Value


def written(found: Any) -> Value | UnsetType:
    """The value that stands for a default; UNSET if a document cannot hold it."""
    if found is None or isinstance(found, (bool, str)):
        return found
    if isinstance(found, int):
        return int(found)
    if isinstance(found, float):
        return _float(float(found))
    if isinstance(found, (tuple, list)):
        return _sequence(found)
    if isinstance(found, dict):
        return _dict(found)
    return _scalar(found)


def types_of(found: Any) -> tuple[str, ...]:
    """What a default says about its argument's type; () for None and for what is not plain."""
    if isinstance(found, tuple) and found and all(type(item) is int for item in found):
        return ("ints",)
    for kind, name in _NAMES:
        if isinstance(found, kind):
            return (name,)
    return () if _scalar(found) is UNSET else types_of(_scalar(found))


_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (str, "string"),
    (tuple, "tuple"),
    (list, "list"),
    (dict, "dict"),
)


def _float(number: float) -> Value:
    if math.isnan(number):
        return {"$float": "nan"}
    if math.isinf(number):
        return {"$float": "inf" if number > 0 else "-inf"}
    return number


def _sequence(found: tuple[Any, ...] | list[Any]) -> Value | UnsetType:
    items = [written(item) for item in found]
    if any(item is UNSET for item in items):
        return UNSET
    return {"$tuple": items} if isinstance(found, tuple) else items


def _dict(found: dict[Any, Any]) -> Value | UnsetType:
    values = {key: written(value) for key, value in found.items()}
    if any(value is UNSET for value in values.values()):
        return UNSET
    if all(isinstance(key, str) and not key.startswith("$") for key in found):
        return values
    pairs = [[written(key), value] for key, value in values.items()]
    return UNSET if any(key is UNSET for key, _ in pairs) else {"$dict": pairs}


def _scalar(found: Any) -> Value | UnsetType:
    """Scalars of NumPy and its like: one number without a shape."""
    if isinstance(found, type) or getattr(found, "shape", None) != () or not hasattr(found, "item"):
        return UNSET
    plain = found.item()
    return written(plain) if isinstance(plain, (bool, int, float, str)) else UNSET
