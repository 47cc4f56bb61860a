"""What is wrong with links: ends that are not there, types that do not fit, ports that are full."""

from collections import Counter
from collections.abc import Iterator

from flowcore.dataflow import fits, ports
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import Problem


def of_link(graph: Graph, link: Link, catalog: Catalog) -> Iterator[Problem]:
    source, target = graph.by_id.get(link.source), graph.by_id.get(link.target)
    if source is None or target is None:
        gone = link.source if source is None else link.target
        ends = tuple(node.id for node in (source, target) if node)
        yield Problem(
            "dangling-link",
            f"A link from {graph.title(link.source)} to {graph.title(link.target)} ends nowhere: "
            f"there is no node {gone}.",
            "Remove the link.",
            ends,
        )
        return
    otype = ports.carried(graph, source, link.output, catalog)
    if otype is None:
        names = ", ".join(name or "the whole value" for name in ports.outputs(graph, source, catalog))
        yield _bad_link(source, target, "no-output", f"has no output {link.output}; it has {names}", link)
        return
    descriptor = catalog.find(target.type)
    if descriptor is None:
        return
    argument = ports.ports(graph, target, catalog).get(link.argument)
    if argument is None or not ports.allowed(argument, link.port):
        known = ports.ports(graph, target, catalog).values()
        names = ", ".join(place for item in known for place in ports.places(item)) or "none"
        message = f"cannot reach {target.title}.{link.port}: there is no such port; it has {names}"
        yield _bad_link(source, target, "no-port", message, link)
    elif not fits.accepts(argument, otype):
        message = (
            f"hands on {article(otype)}, but {target.title}.{link.port} takes {' or '.join(argument.types)}"
        )
        yield _bad_link(source, target, "wrong-link", message, link)


def _bad_link(source: Node, target: Node, code: str, message: str, link: Link) -> Problem:
    hint = f"Remove the link {source.title} -> {target.title}.{link.port}, or connect another output."
    return Problem(code, f"{source.title} {message}.", hint, (source.id, target.id))


def merges(graph: Graph, catalog: Catalog) -> Iterator[Problem]:
    for (target, port), count in Counter((link.target, link.port) for link in graph.links).items():
        node = graph.by_id.get(target)
        if count == 1 or node is None:
            continue
        argument = ports.ports(graph, node, catalog).get(port.partition("[")[0].partition(".")[0])
        if argument and argument.conns is not None and count > argument.conns:
            yield Problem(
                "port-full",
                f"{node.title}.{port} takes {argument.conns} link{'s'[: argument.conns > 1]}, found {count}.",
                "Remove the others.",
                (target,),
            )


def ambiguous(graph: Graph, catalog: Catalog) -> Iterator[Problem]:
    """Two users of one object of which one changes it: nothing says who comes first."""
    for node in graph.nodes:
        descriptor = catalog.find(node.type)
        if descriptor is None or len(graph.out_of(node.id)) < 2:
            continue
        users: dict[str, list[Link]] = {}
        for link in graph.out_of(node.id):
            if link.target not in graph.by_id:
                continue  # a link into nothing is a problem of its own
            users.setdefault(ports.same_object(descriptor, link.output), []).append(link)
        for links in users.values():
            changing = [link for link in links if _changes(graph, link, catalog)]
            if changing and len(links) > 1:
                yield _order_problem(graph, node, links, changing[0])


def _changes(graph: Graph, link: Link, catalog: Catalog) -> bool:
    target = graph.by_id.get(link.target)
    descriptor = catalog.find(target.type) if target else None
    return descriptor is not None and descriptor.mutates and link.argument == "self"


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
