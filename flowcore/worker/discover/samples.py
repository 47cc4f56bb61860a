"""Values of a type, to try out what was inferred."""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.worker.discover.names import camel_words
from flowcore.worker.discover.walk import resolve

FEW = 24
_STRINGS = ("sample", "accuracy", "sample.keras", "ab,bc->ac")
_SAMPLES: dict[str, tuple[Any, ...]] = {
    "bool": (True, False),
    "ints": (2, (2, 2), 1, (1, 2)),
    "shape": ((4, 4), (4,), (8, 8, 3), (None, 4), (2, 1)),
    "dtype": ("float32", "int32"),
    "list": ([1, 2], [0.5], ["a", "b"], [[1, 2]]),
    "tuple": ((1, 2), (0.1, 0.5), (2, 2), ((1, 1), (1, 1))),
    "dict": ({}, {"a": 1}),
    "array": (
        np.arange(4, dtype="float32"),
        np.arange(16, dtype="float32").reshape(4, 4),
        np.array(["a", "b"]),
    ),
    "tensor": (np.arange(4, dtype="float32"), np.arange(16, dtype="float32").reshape(4, 4)),
    "callable": (lambda *args, **kwargs: args[0] if args else None,),
    "any": (1, "sample"),
}


class Samples:
    """Values of the types of one catalogue; objects of a family are made once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._objects: dict[str, Any] = {}

    def of(self, argument: Argument) -> tuple[Any, ...]:
        """A few values of an argument's first type, the likeliest to be accepted first."""
        return self.of_type(argument.itype, argument)

    def of_type(self, itype: str, argument: Argument) -> tuple[Any, ...]:
        """A few values of a type, within the range and the choices of an argument."""
        return tuple(islice(self._values(itype, argument), FEW))

    def make(self, node: NodeDescriptor, **given: Any) -> Any:
        """An object made from its descriptor alone; given: arguments whose values are decided.

        Other values are tried while the first are refused, one argument at a time. Raises what the
        constructor raised first, LookupError if the type of a required argument is unknown.
        """
        needed = {one.arg: self.of(one) for one in node.args if one.required and one.arg not in given}
        for name, values in needed.items():
            if not values:
                raise LookupError(f"{name} has no type of which there is a value")
        return _first(resolve(node.package), needed, given)

    def _values(self, itype: str, argument: Argument) -> Iterator[Any]:
        if itype.startswith("list["):
            yield from ([one] for one in self._values(itype[5:-1], argument))
        elif itype in ("int", "float"):
            yield from _numbers(itype, argument)
        elif itype == "string":
            yield from [one for one in argument.choices if isinstance(one, str)] or _STRINGS
        elif itype in _SAMPLES:
            yield from _SAMPLES[itype]
        else:
            if argument.widget == "registry":
                yield from argument.choices[:1]
            yield from self._members(itype, argument)

    def _members(self, family: str, argument: Argument) -> Iterator[Any]:
        """Objects of a family, first of the classes that the argument speaks of."""
        said = set(_words(f"{argument.arg} {argument.help}"))

        def rank(node: NodeDescriptor) -> tuple[int, int, str]:
            return -len(said & set(_words(node.name))), sum(one.required for one in node.args), node.package

        for node in sorted(self._catalog.families.get(family, ()), key=rank):
            made = self._object(node)
            if made is not None:
                yield made

    def _object(self, node: NodeDescriptor) -> Any:
        if node.package not in self._objects:
            self._objects[node.package] = None  # a class that needs one of its own kind has none
            self._objects[node.package] = self._made(node)
        return self._objects[node.package]

    def _made(self, node: NodeDescriptor) -> Any:
        try:
            return self.make(node)
        except Exception:  # A constructor is code of the package: it may raise anything.
            return None


def _first(make: Callable[..., Any], needed: dict[str, tuple[Any, ...]], given: dict[str, Any]) -> Any:
    first = {name: values[0] for name, values in needed.items()}
    others = ({**first, name: value} for name, values in needed.items() for value in values[1:])
    raised: Exception | None = None
    for args in (first, *others):
        try:
            return make(**args, **given)
        except Exception as reason:  # see Samples._made
            raised = raised or reason
    raise raised or LookupError


def _numbers(itype: str, argument: Argument) -> Iterator[Any]:
    bounds = argument.ranges.get(itype, argument.range)
    low, high = (bounds.low, bounds.high) if bounds else (None, None)
    if itype == "int":
        first = int(low) if low is not None else 1
        yield from (one for one in (first + 1, first, 3, 8) if high is None or one <= high)
    elif low is not None and high is not None:
        yield (low + high) / 2
    else:
        yield from (low + 0.5,) if low is not None else (high - 0.5,) if high is not None else (0.5, 1.5)


def _words(text: str) -> list[str]:
    """Words in lower case, those of CamelCase apart: "LSTMCell" is lstm, cell and lstmcell."""
    whole = re.findall(r"[A-Za-z]+", text)
    return [word.lower().rstrip("s") for word in (*whole, *camel_words(text))]
