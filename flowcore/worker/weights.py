"""Weights at one moment, so that a network can be looked at as it was before training, or is after it."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from flowcore.worker.locate import locate

Array = npt.NDArray[Any]


class Weights:
    """The values of variables. Of a variable that was not noted, the value that it has now."""

    def __init__(self) -> None:
        self._noted: dict[int, tuple[Any, Array]] = {}

    def note(self, variables: Iterable[Any]) -> None:
        """Keep the values of those that are not noted yet."""
        for variable in variables:
            if id(variable) not in self._noted:
                self._noted[id(variable)] = variable, _value(variable)

    def clear(self) -> None:
        self._noted.clear()

    def of(self, variable: Any) -> Array:
        noted = self._noted.get(id(variable))
        return noted[1] if noted else _value(variable)

    def differ(self, variables: Iterable[Any]) -> bool:
        """Whether one of them has another value now."""
        return any(not np.array_equal(self.of(one), _value(one)) for one in variables)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the values back for a while; whatever the variables are meanwhile, they become again."""
        with borrowed([variable for variable, _ in self._noted.values()]):
            for variable, value in self._noted.values():
                variable.assign(value)
            yield


@contextlib.contextmanager
def borrowed(variables: Iterable[Any]) -> Iterator[None]:
    """Let variables be changed for a while."""
    before = [(variable, _value(variable)) for variable in variables]
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)


def variables(things: Iterable[Any]) -> list[Any]:
    """Those of layers and models, and of the layers behind tensors, each once; other things have none."""
    found: dict[int, Any] = {}
    for thing in things:
        for variable in getattr(layer_of(thing), "variables", ()):
            found[id(variable)] = variable
    return list(found.values())


def layer_of(thing: Any) -> Any:
    """The layer itself, or the one that a tensor of a network comes out of; None for anything else."""
    keras = locate("keras")
    if isinstance(thing, keras.Layer):
        return thing
    history = getattr(thing, "_keras_history", None) if isinstance(thing, keras.KerasTensor) else None
    return history[0] if history else None


def _value(variable: Any) -> Array:
    found: Array = np.array(locate("keras").ops.convert_to_numpy(variable))
    return found
