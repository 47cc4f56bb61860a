"""What is wrong with links: ends that are not there, types that do not fit, ports that are full."""

from collections import Counter
from collections.abc import Iterator

from flowcore.dataflow import fits, ports
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import Problem


def wrong(graph: Graph, catalog: Catalog) -> Iterator[Problem]:
    """One problem for each link that is wrong; of links that are alike one is looked at."""
    nodes, fine = graph.by_id, set[tuple[str, frozenset[str], str, str, str]]()
    for link in graph.links:
        source, target = nodes.get(link.source), nodes.get(link.target)
        if source is None or target is None:
            yield _dangling(graph, link)
            continue
        kind = (source.type, graph.filled(link.source), link.output, target.type, link.port)
        if kind in fine:
            continue
        if problem := _of_link(graph, link, source, target, catalog):
            yield problem
        elif target.type != ports.CALL:  # the ports of a shared call are those of the layer that it calls
            fine.add(kind)


def _of_link(graph: Graph, link: Link, source: Node, target: Node, catalog: Catalog) -> Problem | None:
    otype = ports.carried(graph, source, link.output, catalog)
    if otype is None:
        names = ", ".join(name or "the whole value" for name in ports.outputs(graph, source, catalog))
        return _bad_link(source, target, "no-output", f"has no output {link.output}; it has {names}", link)
    if catalog.find(target.type) is None:
        return None
    known = ports.ports(graph, target, catalog)
    argument = known.get(link.argument)
    if argument is None or not ports.allowed(argument, link.port):
        names = ", ".join(place for item in known.values() for place in ports.places(item)) or "none"
        message = f"cannot reach {target.title}.{link.port}: there is no such port; it has {names}"
        return _bad_link(source, target, "no-port", message, link)
    if fits.accepts(argument, otype):
        return None
    takes = " or ".join(argument.types)
    message = f"hands on {article(otype)}, but {target.title}.{link.port} takes {takes}"
    return _bad_link(source, target, "wrong-link", message, link)


def _dangling(graph: Graph, link: Link) -> Problem:
    ends = tuple(end for end in (link.source, link.target) if end in graph.by_id)
    gone = link.target if link.source in graph.by_id else link.source
    return Problem(
        "dangling-link",
        f"A link from {graph.title(link.source)} to {graph.title(link.target)} ends nowhere: "
        f"there is no node {gone}.",
        "Remove the link.",
        ends,
    )


def _bad_link(source: Node, target: Node, code: str, message: str, link: Link) -> Problem:
    hint = f"Remove the link {source.title} -> {target.title}.{link.port}, or connect another output."
    return Problem(code, f"{source.title} {message}.", hint, (source.id, target.id))


def merges(graph: Graph, catalog: Catalog) -> Iterator[Problem]:
    """Ports that take fewer links than they have."""
    for target, links in graph.incoming.items():
        if len(links) < 2:
            continue
        node = graph.by_id[target]
        known = ports.ports(graph, node, catalog)
        arguments = {link.port: known.get(link.argument) for link in links}
        limits = {port: one.conns for port, one in arguments.items() if one and one.conns is not None}
        for port, count in Counter(link.port for link in links if limits).items():
            if (limit := limits.get(port)) is not None and count > limit:
                yield Problem(
                    "port-full",
                    f"{node.title}.{port} takes {limit} link{'s'[: limit > 1]}, found {count}.",
                    "Remove the others.",
                    (target,),
                )


def ambiguous(graph: Graph, catalog: Catalog) -> Iterator[Problem]:
    """Two users of one object of which one changes it: nothing says who comes first."""
    for source, links in graph.outgoing.items():
        if len(links) < 2 or not (changing := [link for link in links if _changes(graph, link, catalog)]):
            continue
        node = graph.by_id[source]
        if descriptor := catalog.find(node.type):
            yield from _conflicts(graph, node, descriptor, changing)


def _conflicts(
    graph: Graph, node: Node, descriptor: NodeDescriptor, changing: list[Link]
) -> Iterator[Problem]:
    """One problem for each object of a node that is used by several and changed by one."""
    users: dict[str, list[Link]] = {}
    for link in graph.out_of(node.id):
        if link.target in graph.by_id:  # a link into nothing is a problem of its own
            users.setdefault(ports.same_object(descriptor, link.output), []).append(link)
    for links in users.values():
        first = next((link for link in links if link in changing), None)
        if first and len(links) > 1:
            yield _order_problem(graph, node, links, first)


def _changes(graph: Graph, link: Link, catalog: Catalog) -> bool:
    if link.argument != "self" or (target := graph.by_id.get(link.target)) is None:
        return False
    descriptor = catalog.find(target.type)
    return descriptor is not None and descriptor.mutates


def _order_problem(graph: Graph, node: Node, links: list[Link], first: Link) -> Problem:
    names = " and ".join(graph.title(link.target) for link in links)
    others = [link for link in links if link is not first]
    return Problem(
        "ambiguous-order",
        f"{names} use the same object of {node.title}, and {graph.title(first.target)} changes it.",
        f"Chain them: connect {graph.title(others[0].target)} to the output of {graph.title(first.target)}.",
        tuple(dict.fromkeys(link.target for link in links)),
    )


def article(word: str) -> str:
    return f"{'an' if word[:1] in 'aeio' else 'a'} {word}"
