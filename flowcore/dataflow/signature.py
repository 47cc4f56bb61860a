"""What a value depends on, as a short text: of two nodes with equal signatures one value is enough."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from flowcore.dataflow.network import network
from flowcore.dataflow.order import ordered
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Node
from flowcore.model.value import Value, types_in

_encoder: Final = msgspec.json.Encoder(order="sorted")
Stamps = Mapping[str, str]
_NO_STAMPS: Final[Stamps] = {}


def signatures(
    graph: Graph, catalog: Catalog, seed: int = 0, stamps: Stamps = _NO_STAMPS, data: bool = True
) -> dict[str, str]:
    """The signature of every node: of what it does, and of all that it depends on.

    All nodes of the network have the signature of the whole, since they are built as one. stamps: what
    tells whether the code behind a type, or the file at a path, is still the same, by type and by path.
    data: whether the seed counts for what needs no network, too; not for who knows what of it draws.
    Ids are no part of a signature. Raises FlowError("cycle").
    """
    unit = network(graph, catalog)
    members, found = set(unit), dict[str, str]()
    late: dict[str, None] = {}
    for node in ordered(graph).nodes:
        if node.id in members or any(link.source in late for link in graph.into(node.id)):
            late[node.id] = None
        else:
            own = _own(node, catalog, stamps)
            found[node.id] = _digest(seed if data else 0, own, _sources(graph, node.id, found))
    found |= _of_unit(graph, catalog, unit, seed, stamps, found)
    for id in late:
        if id not in found:
            found[id] = _digest(_own(graph.by_id[id], catalog, stamps), _sources(graph, id, found))
    return found


def same(one: Mapping[str, str], other: Mapping[str, str]) -> frozenset[str]:
    """The ids whose signatures are equal in both."""
    return frozenset(id for id, signature in one.items() if other.get(id) == signature)


def architecture(graph: Graph, catalog: Catalog) -> dict[str, str]:
    """What each node of the network does and which of its nodes it builds on; no data, no chance.

    Equal ones have weights of the same shapes in the same places. Raises FlowError("cycle").
    """
    unit = network(graph, catalog)
    found: dict[str, str] = {}
    for id in unit:
        found[id] = _digest(_own(graph.by_id[id], catalog, _NO_STAMPS), _sources(graph, id, found))
    return found


def part(graph: Graph, ids: Iterable[str]) -> Graph:
    """The nodes of these ids, and the links between them."""
    kept = set(ids)
    return msgspec.structs.replace(
        graph,
        nodes=tuple(node for node in graph.nodes if node.id in kept),
        links=tuple(link for link in graph.links if link.source in kept and link.target in kept),
        groups=(),
    )


def words(value: Value) -> Iterator[str]:
    """Every text in a value, which may be the path of a file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from words(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from words(item)


def _of_unit(
    graph: Graph,
    catalog: Catalog,
    unit: tuple[str, ...],
    seed: int,
    stamps: Stamps,
    found: dict[str, str],
) -> dict[str, str]:
    """One signature for all of the network, but for the place of each in it."""
    place = {id: str(index) for index, id in enumerate(unit)}
    known = {**found, **place}
    parts = [[_own(graph.by_id[id], catalog, stamps), _sources(graph, id, known)] for id in unit]
    whole = _digest(seed, parts)
    return {id: _digest(whole, place[id]) for id in unit}


def _sources(graph: Graph, id: str, found: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What comes in: port, output and signature of each link, in the order of the document."""
    return [(link.port, link.output, found.get(link.source, "")) for link in graph.into(id)]


def _own(node: Node, catalog: Catalog, stamps: Stamps) -> str:
    """What a node does by itself: its callable, its constants and the code and files behind them."""
    values = [*node.args.values(), *node.call.values()]
    types = [node.type, *types_in(values)]
    described = [catalog.find(type_) for type_ in types]
    code = [stamps.get(catalog.canonical(type_), "") for type_ in types]
    files = [stamps.get(word, "") for word in words(values)] if stamps else []
    return _digest(described, node.args, node.call, code, files)


def _digest(*parts: Any) -> str:
    return sha256(_encoder.encode(parts)).hexdigest()[:32]
