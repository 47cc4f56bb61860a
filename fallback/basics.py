"""Arithmetic and lists in small steps, for those who meet a dataflow graph for the first time."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def number(value: float = 1.0) -> float:
    """A number to begin with.

    Args:
        value: Float, any number.

    Returns:
        The number.
    """
    return float(value)


def add(a: float, b: float) -> float:
    """The sum of two numbers.

    Args:
        a: Float, typed in or brought by a link.
        b: Float, typed in or brought by a link.

    Returns:
        a + b.
    """
    return float(a + b)


def subtract(a: float, b: float) -> float:
    """The difference of two numbers.

    Args:
        a: Float, typed in or brought by a link.
        b: Float, what is taken away from a.

    Returns:
        a - b.
    """
    return float(a - b)


def multiply(a: float, b: float) -> float:
    """The product of two numbers.

    Args:
        a: Float, typed in or brought by a link.
        b: Float, typed in or brought by a link.

    Returns:
        a times b.
    """
    return float(a * b)


def divide(a: float, b: float) -> float:
    """The quotient of two numbers.

    Args:
        a: Float, what is divided.
        b: Float other than 0.

    Returns:
        a / b.

    Raises:
        ValueError: if b is 0.
    """
    if b == 0:
        raise ValueError(f"Expected a b other than 0 to divide {a} by; found 0. Set b to another number.")
    return float(a / b)


def numbers(values: list[float]) -> Array:
    """A list of numbers to begin with.

    Args:
        values: List of floats, in any order.

    Returns:
        float64, shape (values,).
    """
    return _filled(values)


def sort(values: Array, descending: bool = False) -> Array:
    """A list in order.

    Args:
        values: Numbers, shape (values,).
        descending: Whether the largest comes first.

    Returns:
        float64, shape (values,).
    """
    found = np.sort(_filled(values))
    return found[::-1].copy() if descending else found


def total(values: Array) -> float:
    """All numbers of a list added up.

    Args:
        values: Numbers, shape (values,).

    Returns:
        The sum.
    """
    return float(_filled(values).sum())


def mean(values: Array) -> float:
    """The average of a list: its total divided by its length.

    Args:
        values: Numbers, shape (values,).

    Returns:
        The mean.
    """
    return float(_filled(values).mean())


def middle(values: Array) -> float:
    """The number in the middle of a list that is in order, the median.

    Args:
        values: Numbers, shape (values,), in any order.

    Returns:
        The median; of an even number of values the mean of the two in the middle.
    """
    return float(np.median(_filled(values)))


def largest(values: Array) -> float:
    """The largest number of a list.

    Args:
        values: Numbers, shape (values,).

    Returns:
        The maximum.
    """
    return float(_filled(values).max())


def above(values: Array, border: float = 0.0) -> Array:
    """The numbers of a list that are larger than a border.

    Args:
        values: Numbers, shape (values,).
        border: Float, typed in or brought by a link.

    Returns:
        float64, those that are larger, in the order in which they came.
    """
    found = _filled(values)
    return np.asarray(found[found > border])


def count(values: Array) -> int:
    """How many numbers there are in a list.

    Args:
        values: Numbers, shape (values,).

    Returns:
        The length of the list.
    """
    return int(np.asarray(values).reshape(-1).size)


def _filled(values: Any) -> Array:
    """A list as an array. Raises where there is nothing in it."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not found.size:
        raise ValueError(
            f"Expected a list with at least one number; found an array of shape {found.shape}. "
            "Link a list of numbers."
        )
    return found
