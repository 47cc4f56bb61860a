"""What callbacks remember from one epoch to the next, so that a training that goes on does not forget it.

Keras keeps it in attributes and clears it when a fit begins (keras.callbacks.EarlyStopping,
ReduceLROnPlateau, ModelCheckpoint).
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy.typing as npt

Array = npt.NDArray[Any]
Number = int | float
_NUMBERS: Final = ("best", "best_epoch", "wait", "cooldown_counter")


class Memory(msgspec.Struct, frozen=True):
    """Of each callback its class, its numbers by attribute, and the weights that it holds."""

    kinds: tuple[str, ...] = ()
    numbers: tuple[dict[str, Number], ...] = ()
    weights: tuple[list[Array], ...] = ()


def memory(callbacks: Sequence[Any]) -> Memory:
    """What callbacks remember now; arrays are shared with them, which never change one."""
    return Memory(
        tuple(type(one).__name__ for one in callbacks),
        tuple(_numbers(one) for one in callbacks),
        tuple(list(getattr(one, "best_weights", None) or ()) for one in callbacks),
    )


def recall(callbacks: Sequence[Any], found: Memory) -> None:
    """Let callbacks remember; those that are others than they were begin anew."""
    if found.kinds != tuple(type(one).__name__ for one in callbacks):
        return
    for one, numbers, weights in zip(callbacks, found.numbers, found.weights, strict=True):
        for name, value in numbers.items():
            setattr(one, name, value)
        if weights:
            one.best_weights = weights


def _numbers(callback: Any) -> dict[str, Number]:
    found: dict[str, Any] = {name: getattr(callback, name, None) for name in _NUMBERS}
    return {
        name: value if isinstance(value, int) else float(value)
        for name, value in found.items()
        if hasattr(value, "__float__") and math.isfinite(float(value))
    }
