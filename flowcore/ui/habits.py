"""What people mostly use, as the examples show it: these nodes and arguments are offered first."""

from collections import Counter
from functools import lru_cache

from flowcore.dataflow import document
from flowcore.model.graph import Node
from flowcore.store.examples import examples


def types() -> Counter[str]:
    """How often each type is used."""
    return Counter(node.type for node in _nodes())


@lru_cache(maxsize=256)
def arguments(type_: str) -> frozenset[str]:
    """The arguments that are set where a type is used."""
    return frozenset(name for node in _nodes() if node.type == type_ for name in node.args)


@lru_cache(maxsize=1)
def _nodes() -> tuple[Node, ...]:
    return tuple(node for path in examples().values() for node in document.read(path.read_bytes()).nodes)
