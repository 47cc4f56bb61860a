"""Sizes of tensors and weights. Where a size is open, nothing can be said: None, or OpenSizeError inside."""

import math
import re
from collections.abc import Iterable
from typing import Any

Shape = tuple[int | None, ...]
Count = int | None


class OpenSizeError(Exception):
    """A size that is known only once there are data."""


def total(counts: Iterable[Count]) -> Count:
    """The sum, None where one of them is not known."""
    found = list(counts)
    known = [count for count in found if count is not None]
    return sum(known) if len(known) == len(found) else None


def width(dtype: str) -> int:
    """Bytes of one element: 4 of float32, 2 of bfloat16, 1 of bool."""
    bits = re.search(r"\d+", dtype)
    return max(1, int(bits[0]) // 8) if bits else 1


def size(weights: Iterable[Any]) -> int:
    """How many numbers weights hold."""
    return sum(math.prod(weight.shape) for weight in weights)


def memory(weights: Iterable[Any]) -> int:
    """Bytes of weights."""
    return sum(math.prod(weight.shape) * width(str(weight.dtype)) for weight in weights)


def activations(tensors: Iterable[Any]) -> Count:
    """Bytes a sample of what is handed on; None where a size is open."""
    try:
        return sum(volume(shape_of(tensor)) * width(str(tensor.dtype)) for tensor in tensors)
    except OpenSizeError:
        return None


def shape_of(tensor: Any) -> Shape:
    """The shape of a tensor as a tuple."""
    return tuple(tensor.shape)


def volume(shape: Shape) -> int:
    """The numbers in one sample. Raises OpenSizeError."""
    return product(shape[1:])


def product(sizes: Iterable[Count]) -> int:
    """Sizes multiplied. Raises OpenSizeError."""
    result = 1
    for size in sizes:
        if size is None:
            raise OpenSizeError
        result *= size
    return result
