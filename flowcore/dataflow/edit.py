"""The only place where graphs change: each function takes a graph and returns another."""

from collections.abc import Iterable, Mapping

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from flowcore.dataflow import ports
from flowcore.dataflow.order import descendants
from flowcore.model.descriptor import Argument, Catalog
from flowcore.model.graph import Graph, Group, Link, Node
from flowcore.model.problem import error
from flowcore.model.value import Value


def add(
    graph: Graph,
    type_: str,
    catalog: Catalog,
    args: Mapping[str, Value] | None = None,
    label: str = "",
) -> tuple[Graph, str]:
    """Add a node; its id comes back too. Raises FlowError("unknown-type")."""
    node = Node(id=free_id(graph), type=_package(type_, catalog), label=label, args=dict(args or {}))
    versions = graph.catalogs | catalog.origins([type_])
    return replace(graph, nodes=(*graph.nodes, node), catalogs=versions), node.id


def retype(graph: Graph, node: str, type_: str, catalog: Catalog, args: Mapping[str, Value]) -> Graph:
    """Put a node of another type in the place of one, whose links, label, note and position stay.

    Raises FlowError: "no-node", "unknown-type".
    """
    old = _node(graph, node)
    new = replace(old, type=_package(type_, catalog), args=dict(args), call={})
    return _put(replace(graph, catalogs=graph.catalogs | catalog.origins([type_])), new)


def remove(graph: Graph, ids: Iterable[str]) -> Graph:
    """Take nodes out, with every link and group membership that names them."""
    gone = set(ids)
    groups = tuple(
        replace(group, nodes=tuple(n for n in group.nodes if n not in gone)) for group in graph.groups
    )
    return replace(
        graph,
        nodes=tuple(node for node in graph.nodes if node.id not in gone),
        links=tuple(link for link in graph.links if link.source not in gone and link.target not in gone),
        groups=tuple(group for group in groups if group.nodes),
    )


def duplicate(graph: Graph, ids: Iterable[str]) -> tuple[Graph, tuple[str, ...]]:
    """Copy nodes with the links among them; the ids of the copies come back too."""
    chosen = [_node(graph, id) for id in dict.fromkeys(ids)]
    names: dict[str, str] = {}
    for node in chosen:
        copy = replace(node, id=free_id(graph), position=None, state="idle")
        names[node.id] = copy.id
        graph = replace(graph, nodes=(*graph.nodes, copy))
    links = tuple(
        replace(link, source=names[link.source], target=names[link.target])
        for link in graph.links
        if link.source in names and link.target in names
    )
    return replace(graph, links=graph.links + links), tuple(names.values())


def connect(graph: Graph, source: str, output: str, target: str, port: str, catalog: Catalog) -> Graph:
    """Link an output to a port. A port that is full hands its place to the new link.

    Raises FlowError: "no-node", "no-port", "wrong-link", "cycle".
    """
    giver, taker = _node(graph, source), _node(graph, target)
    if source == target or source in descendants(graph, target):
        raise error(
            "cycle",
            f"A link from {giver.title} to {taker.title} would close a cycle.",
            "Connect a node that does not depend on it.",
            (source, target),
        )
    if port not in ports.fitting(graph, giver, output, taker, catalog):
        argument = ports.ports(graph, taker, catalog).get(Link(source, output, target, port).argument)
        found = ports.carried(graph, giver, output, catalog) or "nothing"
        expected = " or ".join(argument.types) if argument else "no such port"
        raise error(
            "wrong-link" if argument else "no-port",
            f"{giver.title} hands on {found}; {taker.title}.{port} expects {expected}.",
            "Choose one of the ports that are offered.",
            (source, target),
        )
    link = Link(source, output, target, port)
    links = (
        graph.links
        if ports.room(graph, taker, port, _argument(graph, taker, link, catalog))
        else tuple(old for old in graph.links if (old.target, old.port) != (target, port))
    )
    if link in links:
        return graph
    cleared = _node(graph, target)
    args = {name: item for name, item in cleared.args.items() if name != link.argument}
    graph = replace(graph, links=(*links, link))
    return graph if args == cleared.args else _put(graph, replace(cleared, args=args))


def disconnect(graph: Graph, link: Link) -> Graph:
    """Take one link out."""
    return replace(graph, links=tuple(old for old in graph.links if old != link))


def insert(
    graph: Graph, link: Link, type_: str, port: str, catalog: Catalog, args: Mapping[str, Value] | None = None
) -> tuple[Graph, str]:
    """Put a new node into a link, which ends at a port of it; its id comes back too.

    The link out of it takes the place of the old one, so that merges keep their order.
    Raises FlowError("unknown-type").
    """
    graph, new = add(graph, type_, catalog, args)
    first, second = Link(link.source, link.output, new, port), Link(new, "", link.target, link.port)
    return replace(graph, links=(*_exchanged(graph, link, second), first)), new


def relink(graph: Graph, link: Link, source: str, output: str) -> Graph:
    """Let a link begin elsewhere. Raises FlowError("no-node")."""
    _node(graph, source)
    return replace(graph, links=_exchanged(graph, link, Link(source, output, link.target, link.port)))


def set_argument(graph: Graph, node: str, name: str, value: Value | UnsetType) -> Graph:
    """Give an argument a value; UNSET gives it back its default."""
    old = _node(graph, node)
    return _put(graph, replace(old, args=with_value(old.args, name, value)))


def set_call(graph: Graph, node: str, name: str, value: Value | UnsetType) -> Graph:
    """Give a constant of a layer's call a value; UNSET gives it back its default."""
    old = _node(graph, node)
    return _put(graph, replace(old, call=with_value(old.call, name, value)))


def rename(graph: Graph, node: str, label: str) -> Graph:
    """Set the label that a node is shown with; "" shows its type's name."""
    return _put(graph, replace(_node(graph, node), label=label.strip()[:200]))


def annotate(graph: Graph, node: str, note: str) -> Graph:
    """Set the free text that goes with a node."""
    return _put(graph, replace(_node(graph, node), note=note[:10_000]))


def gather(graph: Graph, node: str, label: str) -> Graph:
    """Put a node into the group of this label, which is made where there is none; "" takes it out of any."""
    _node(graph, node)
    label = label.strip()[:200]
    groups = [replace(one, nodes=tuple(id for id in one.nodes if id != node)) for one in graph.groups]
    known = next((index for index, one in enumerate(groups) if one.label == label), None)
    if label and known is not None:
        groups[known] = replace(groups[known], nodes=(*groups[known].nodes, node))
    elif label:
        taken = {one.id for one in groups}
        id = next(id for count in range(1, len(taken) + 2) if (id := f"g{count}") not in taken)
        groups.append(Group(id, label, (node,)))
    return replace(graph, groups=tuple(one for one in groups if one.nodes))


def title(graph: Graph, name: str) -> Graph:
    """Name the graph."""
    return replace(graph, name=name.strip()[:200])


def place(graph: Graph, positions: Mapping[str, tuple[float, float]]) -> Graph:
    """Put nodes where they are to be drawn."""
    nodes = tuple(replace(node, position=positions.get(node.id, node.position)) for node in graph.nodes)
    return replace(graph, nodes=nodes)


def renumber(graph: Graph) -> Graph:
    """Give every node whose id is taken another one; links stay with the first."""
    seen: set[str] = set()
    nodes: list[Node] = []
    for node in graph.nodes:
        kept = node if node.id not in seen else replace(node, id=_free(seen | graph.by_id.keys()))
        seen.add(kept.id)
        nodes.append(kept)
    return replace(graph, nodes=tuple(nodes))


def tidy(graph: Graph) -> Graph:
    """Give doubled ids new names and take out links that end nowhere."""
    graph = renumber(graph)
    known = graph.by_id
    return replace(
        graph, links=tuple(link for link in graph.links if link.source in known and link.target in known)
    )


def free_id(graph: Graph) -> str:
    """An id that no node has: n1, n2, …"""
    return _free(graph.by_id.keys())


def _free(taken: Iterable[str]) -> str:
    ours = (id[1:] for id in taken if id[:1] == "n" and id[1:].isdecimal() and id.isascii() and len(id) < 10)
    numbers = [int(number) for number in ours]
    return f"n{max(numbers, default=0) + 1}"


def _exchanged(graph: Graph, old: Link, new: Link) -> tuple[Link, ...]:
    return tuple(new if link == old else link for link in graph.links)


def _argument(graph: Graph, node: Node, link: Link, catalog: Catalog) -> Argument:
    return ports.ports(graph, node, catalog)[link.argument]


def with_value(args: dict[str, Value], name: str, value: Value | UnsetType) -> dict[str, Value]:
    if value is UNSET:
        return {key: item for key, item in args.items() if key != name}
    return {**args, name: value}


def _package(type_: str, catalog: Catalog) -> str:
    descriptor = catalog.find(type_)
    if descriptor is None:
        raise error("unknown-type", f"No catalogue describes {type_}.", "Search for a node and add that.")
    return descriptor.package


def _node(graph: Graph, id: str) -> Node:
    if id not in graph.by_id:
        raise error("no-node", f"The graph has no node {id}.", "Choose one of its nodes.")
    return graph.by_id[id]


def _put(graph: Graph, node: Node) -> Graph:
    return replace(graph, nodes=tuple(node if old.id == node.id else old for old in graph.nodes))
