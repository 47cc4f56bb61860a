"""Calls in a script: what a worker would pass to the callable of a node, as text."""

from collections.abc import Callable, Mapping

from msgspec import UNSET

from flowcore.dataflow import ports
from flowcore.dataflow.literal import expression, keyword
from flowcore.dataflow.names import Written
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import PLACE, Graph, Link, Node
from flowcore.model.value import Value


def gathered(graph: Graph, node: Node, catalog: Catalog, said: Callable[[Link], str]) -> dict[str, str]:
    """What links bring, by argument: alone, in a list, or in a tuple or a dict place by place."""
    descriptor = catalog.find(node.type)
    assert descriptor
    known = {**descriptor.arguments, **ports.call_ports(graph, node, catalog)}
    found: dict[str, list[Link]] = {}
    for link in graph.into(node.id):
        found.setdefault(link.argument, []).append(link)
    return {name: _merged(links, known.get(name), said) for name, links in found.items()}


def own(
    args: Mapping[str, Value], links: Mapping[str, str], known: Mapping[str, Argument], names: Written
) -> dict[str, str]:
    """Every argument of a call in the order of the descriptor: a link goes before a constant."""
    return {
        name: links[name] if name in links else expression(args[name], argument, names)
        for name, argument in known.items()
        if name in links or name in args
    }


def call(
    callee: str,
    given: Mapping[str, str],
    order: Mapping[str, Argument],
    descriptor: NodeDescriptor | None = None,
) -> str:
    """A call as one writes it: first what has to be there by place, then the rest by name.

    descriptor: of a function or a class; None for the call of a layer.
    """
    placed: list[str] = []
    rest = dict(given)
    if descriptor is not None and not descriptor.by_name:
        placed, rest = _by_place(descriptor, rest)
    else:
        for name, argument in order.items():
            leading = argument.widget == "port" or (descriptor is not None and descriptor.is_layer)
            if name not in rest or not leading or (descriptor is not None and not argument.required):
                break
            placed.append(rest.pop(name))
    return f"{callee}({', '.join([*placed, *(f'{keyword(name)}={item}' for name, item in rest.items())])})"


def _by_place(descriptor: NodeDescriptor, rest: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """As a worker does: before values of any number everything goes by place, a default fills a gap."""
    variadic = descriptor.variadic
    if variadic is not None and variadic.arg not in rest:
        variadic = None
    placed: list[str] = []
    for argument in descriptor.args:
        if argument is variadic:
            several = rest.pop(argument.arg)
            return [*placed, *([several[1:-1]] if several != "[]" else [])], rest
        if argument.passing == "positional" or variadic:
            if argument.arg not in rest and not variadic:
                break
            default = None if argument.default is UNSET else argument.default
            placed.append(rest.pop(argument.arg, repr(default)))
    return placed, rest


def _merged(links: list[Link], argument: Argument | None, said: Callable[[Link], str]) -> str:
    items = [said(link) for link in links]
    places = [place for link in links if link.port != link.argument and (place := PLACE.search(link.port))]
    if len(places) < len(links):
        alone = len(items) == 1 and not (argument is not None and argument.merges)
        return items[0] if alone else f"[{', '.join(items)}]"
    if all(place[1] is None for place in places):
        return f"{{{', '.join(f'{place[2]!r}: {item}' for place, item in zip(places, items, strict=True))}}}"
    ordered = sorted(zip((int(place[1] or 0) for place in places), items, strict=True), key=lambda p: p[0])
    return f"({', '.join(item for _, item in ordered)}{',' * (len(ordered) == 1)})"
