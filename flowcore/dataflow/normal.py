"""A graph in its normal form: two graphs with one normal form are the same program."""

from msgspec.structs import replace

from flowcore.dataflow import ports
from flowcore.dataflow.order import ordered
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import PLACE, Graph, Link, Node, plain
from flowcore.model.value import Value, tag


def normal(graph: Graph, catalog: Catalog) -> Graph:
    """Nodes as they run, links by what they end at, one name for each object, and nothing that is never used.

    Left out: positions, states, and arguments that a link replaces or whose type nobody knows.
    Raises FlowError("cycle").
    """
    graph = plain(graph)
    nodes = tuple(_node(graph, node, catalog) for node in ordered(graph).nodes)
    links: list[Link] = []
    for node in nodes:
        if not _passed_on(node, catalog):
            ends = sorted(graph.into(node.id), key=lambda link: _place(graph, link, catalog))
            links += _numbered([replace(link, output=_output(graph, link, catalog)) for link in ends])
    return replace(graph, nodes=nodes, links=tuple(links))


def _numbered(links: list[Link]) -> list[Link]:
    """Places of a tuple count from 0 on, without gaps: what fills them is put together in their order."""
    counts: dict[str, int] = {}
    found = []
    for link in links:
        if "[" in link.port:
            place = counts.get(link.argument, 0)
            counts[link.argument] = place + 1
            link = replace(link, port=f"{link.argument}[{place}]")
        found.append(link)
    return found


def _node(graph: Graph, node: Node, catalog: Catalog) -> Node:
    descriptor = catalog.find(node.type)
    if descriptor is None:
        return node
    if _passed_on(node, catalog):
        return replace(node, type=descriptor.package, args={}, call={})
    linked = graph.filled(node.id)
    called = ports.call_ports(graph, node, catalog) if descriptor.apply else {}
    args = {
        name: _value(node.args[name])
        for name in descriptor.typed
        if name in node.args and name not in linked and name not in called
    }
    applied = any(name in called for name in linked)
    call = {
        name: _value(node.call[name])
        for name in ports.call_constants(graph, node, catalog)
        if applied and name in node.call and name not in linked
    }
    return replace(node, type=descriptor.package, args=args, call=call)


def _passed_on(node: Node, catalog: Catalog) -> bool:
    """Whether it is a callable that is handed on as it is, and never called here."""
    descriptor = catalog.find(node.type)
    return descriptor is not None and not descriptor.instance and not descriptor.apply


def _output(graph: Graph, link: Link, catalog: Catalog) -> str:
    source = graph.by_id.get(link.source)
    descriptor = catalog.find(source.type) if source else None
    if source is None or descriptor is None:
        return link.output
    if descriptor.is_layer and "tensor" not in ports.outputs(graph, source, catalog).values():
        return "layer" if link.output == "" else link.output
    return ports.same_object(descriptor, link.output)


def _place(graph: Graph, link: Link, catalog: Catalog) -> tuple[int, int]:
    known = list(ports.ports(graph, graph.by_id[link.target], catalog))
    found = PLACE.search(link.port)
    place = known.index(link.argument) if link.argument in known else len(known)
    return place, int(found[1] or 0) if found else 0


def _value(item: Value) -> Value:
    if isinstance(item, list):
        return [_value(part) for part in item]
    if not isinstance(item, dict):
        return item
    if tag(item) == "$new":
        args = {name: _value(part) for name, part in item.get("args", {}).items()}
        return {"$new": item["$new"], "args": args}
    return {key: _value(part) for key, part in item.items()}
