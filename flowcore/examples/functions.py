"""Functions of your own. Save a copy under another name into the folder, and change it."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Parts(NamedTuple):
    """Each name is an output of the node."""

    low: Array
    high: Array


def halves(x: Array, border: float = 0.5) -> Parts:
    """Parts numbers at a border. The first line is what the search shows.

    Args:
        x: Numbers, shape (samples,). An array comes in through a link.
        border: Float, where to part them. A number is typed into a form.

    Returns:
        low, below the border, and high, the others.
    """
    return Parts(x[x < border], x[x >= border])


def ramp(length: int = 100) -> Array:
    """Makes numbers that rise from 0 to 1.

    Args:
        length: Positive integer, how many.

    Returns:
        float64, shape (length,).
    """
    return np.linspace(0.0, 1.0, length)


def _private() -> None:
    """A name that begins with _ is no node, nor is what you import."""
