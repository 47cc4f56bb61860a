"""What the checker has made, kept from one check to the next: the bookkeeping that Keras needs for that.

Keras counts names, remembers at each tensor what was made of it, and keeps every variable for later. All
three are put back, so that a graph that was edited a thousand times is told about as a fresh one is, and
weighs no more.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from flowcore.model.frame import Cost
from flowcore.worker.evaluate import Outputs
from flowcore.worker.locate import locate

GRAPHS: Final = 200
NODES: Final = 20_000
_TENSORS: Final = "keras_tensor"  # names of tensors need not be unique, and every node makes some

Names = dict[str, int]


class Made(NamedTuple):
    """A node as it was made.

    own: of all but what came in; came: shape and dtype of each tensor that did, None beside anything else.
    cost: None where others call its layer too, which may build it. noticed: something is to be said of it.
    before, after: the counters of names that it moved. ends: see `Uses`.
    """

    signature: bytes
    own: bytes
    came: tuple[Any, ...] | None
    outputs: Outputs
    shapes: dict[str, str]
    dtypes: dict[str, str]
    cost: Cost | None
    noticed: bool
    before: Names
    after: Names
    ends: list[tuple[Any, Any]]

    def named(self, names: Mapping[str, int]) -> bool:
        """Whether a node made now would get the same automatic names."""
        return all(names.get(name, 0) == count for name, count in self.before.items())


class Shelf:
    """Nodes by graph, the graphs that were checked longest ago given up first."""

    def __init__(self, graphs: int = GRAPHS, nodes: int = NODES) -> None:
        self._limits = graphs, nodes
        self._kept: dict[str, dict[str, Made]] = {}

    def take(self, key: str) -> dict[str, Made]:
        return self._kept.pop(key, {})

    def put(self, key: str, made: dict[str, Made]) -> None:
        graphs, nodes = self._limits
        self._kept[key] = made
        while len(self._kept) > graphs or (len(self._kept) > 1 and self.nodes > nodes):
            del self._kept[next(iter(self._kept))]

    @property
    def nodes(self) -> int:
        return sum(map(len, self._kept.values()))


class Uses:
    """What tensors remember of their uses, while a node is made of them."""

    def __init__(self, tensors: Iterable[Any]) -> None:
        histories = (getattr(tensor, "_keras_history", None) for tensor in tensors)
        operations = {id(one.operation): one.operation for one in histories if one is not None}
        self._before = [(operation, len(operation._outbound_nodes)) for operation in operations.values()]

    def ends(self) -> list[tuple[Any, Any]]:
        """Pairs of an operation and a use of it that is new."""
        return [
            (operation, use) for operation, count in self._before for use in operation._outbound_nodes[count:]
        ]


def came(tensors: Iterable[Any]) -> tuple[Any, ...] | None:
    """Shape and dtype of each tensor; None where something else is among them."""
    tensors = list(tensors)
    symbolic = locate("keras").KerasTensor
    if not all(isinstance(tensor, symbolic) for tensor in tensors):
        return None
    return tuple((tensor.shape, tensor.dtype, tensor.sparse, tensor.ragged) for tensor in tensors)


def forget(made: Made) -> None:
    """Take a node out of what the tensors before it remember."""
    for operation, use in made.ends:
        operation._outbound_nodes[:] = [one for one in operation._outbound_nodes if one is not use]


@contextmanager
def counted(names: Names) -> Iterator[tuple[Names, Names]]:
    """Let Keras name what is made from these counters on; the pair that comes back is filled at the end.

    Counters that moved, as they were and as they are (keras.src.utils.naming).
    """
    state = locate("keras.src.backend.common.global_state")
    counters = state.get_global_attribute("object_name_uids")
    counters.clear()
    counters.update(names)
    before: Names = {}
    after: Names = {}
    try:
        yield before, after
    finally:
        moved = {
            name: count
            for name, count in counters.items()
            if names.get(name, 0) != count and name != _TENSORS
        }
        before.update({name: names.get(name, 0) for name in moved})
        after.update(moved)


def begin() -> None:
    """Enter the scope in which variables have a shape and no value, for as long as the process lives.

    Leaving it would give every variable its memory (keras.StatelessScope).
    """
    keras = locate("keras")
    keras.StatelessScope().__enter__()
    locate("keras.src.utils.naming").auto_name("")  # the counters are there from the first name on
    settle()


def settle() -> None:
    """Forget the variables that Keras keeps to give them values later."""
    state = locate("keras.src.backend.common.global_state")
    state.set_global_attribute("uninitialized_variables", [])
