"""Everything that is wrong with a graph, at once, without importing anything that it names."""

from collections import Counter
from collections.abc import Iterator

from flowcore.dataflow import fits, ports
from flowcore.dataflow.order import cycles
from flowcore.model import value
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError, Problem


def check(graph: Graph, catalog: Catalog) -> tuple[Problem, ...]:
    """All problems: the document's first, then node by node, then link by link."""
    found = [*_duplicates(graph), *cycles(graph)]
    for node in graph.nodes:
        found += _of_node(graph, node, catalog)
    for link in graph.links:
        found += _of_link(graph, link, catalog)
    found += _merges(graph, catalog)
    found += _ambiguous(graph, catalog)
    return tuple(found)


def errors(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems that keep a graph from running."""
    return tuple(problem for problem in problems if problem.level == "error")


def require(graph: Graph, catalog: Catalog) -> None:
    """Raises FlowError with every problem that keeps the graph from running."""
    if not graph.nodes:
        raise FlowError(Problem("empty", "The graph has no nodes.", "Add a node, or open an example."))
    if found := errors(check(graph, catalog)):
        raise FlowError(*found)


def _duplicates(graph: Graph) -> Iterator[Problem]:
    if len(graph.by_id) == len(graph.nodes):
        return
    for node, count in Counter(node.id for node in graph.nodes).items():
        if count > 1:
            yield Problem(
                "duplicate-id",
                f"{count} nodes have the id {node}; expected one.",
                "Give all but one of them another id.",
                (node,),
            )


def _of_node(graph: Graph, node: Node, catalog: Catalog) -> Iterator[Problem]:
    for name, item in (*node.args.items(), *node.call.items()):
        if isinstance(item, (list, dict, float)):
            for path, reason in value.flaws(item, name):
                yield Problem(
                    "bad-value", f"{node.title}: {path} {reason}.", "Correct the value.", (node.id,)
                )
            yield from _named(node, item, catalog)
    descriptor = catalog.find(node.type)
    if descriptor is None:
        yield _unknown(node, node.type)
        return
    yield from _forbidden(node, descriptor)
    linked = {link.argument for link in graph.into(node.id)}
    yield from _arguments(node, descriptor, linked, catalog)
    if descriptor.apply:
        yield from _call(graph, node, descriptor, linked, catalog)


def _named(node: Node, item: value.Value, catalog: Catalog) -> Iterator[Problem]:
    for type_ in value.types_in(item):
        found = catalog.find(type_)
        yield from (_unknown(node, type_),) if found is None else _forbidden(node, found)


def _unknown(node: Node, type_: str) -> Problem:
    package = type_.partition(".")[0]
    return Problem(
        "unknown-type",
        f"{node.title} needs {type_}, which no catalogue describes.",
        f"Describe the package with `flowcore describe {package}`, or replace the node.",
        (node.id,),
    )


def _forbidden(node: Node, descriptor: NodeDescriptor) -> Iterator[Problem]:
    if descriptor.runs == "never":
        yield Problem(
            "not-allowed",
            f"{node.title} uses {descriptor.package}, which can run code of its own and is never run here.",
            "Remove it.",
            (node.id,),
        )
    elif not descriptor.available:
        yield Problem(
            "not-available",
            f"{node.title} uses {descriptor.package}, which needs a package that is not installed.",
            "Install what it needs, or remove the node.",
            (node.id,),
        )


def _arguments(
    node: Node, descriptor: NodeDescriptor, linked: set[str], catalog: Catalog
) -> Iterator[Problem]:
    for name, item in node.args.items():
        argument = descriptor.arguments.get(name)
        if argument is None:
            yield _no_argument(node, descriptor, name, descriptor.arguments)
        else:
            yield from _constant(node, argument, item, linked, catalog)
    for argument in descriptor.args:
        if argument.required and argument.arg not in node.args and argument.arg not in linked:
            yield _missing(node, argument)


def _call(
    graph: Graph, node: Node, descriptor: NodeDescriptor, linked: set[str], catalog: Catalog
) -> Iterator[Problem]:
    known = ports.call_ports(graph, node, catalog)
    for name, item in node.call.items():
        argument = descriptor.call_arguments.get(name) or known.get(name)
        if argument is None:
            yield _no_argument(node, descriptor, name, descriptor.call_arguments)
        else:
            yield from _constant(node, argument, item, linked, catalog)
    if not descriptor.is_layer or linked & known.keys():
        for argument in known.values():
            if argument.required and argument.arg not in linked and argument.arg not in node.call:
                yield _missing(node, argument)
    elif not graph.out_of(node.id):
        port = next(iter(known), "inputs")
        yield Problem(
            "unconnected",
            f"{node.title} has no input and nothing uses it.",
            f"Connect a tensor to its port {port}.",
            (node.id,),
            "notice",
        )


def _constant(
    node: Node, argument: Argument, item: value.Value, linked: set[str], catalog: Catalog
) -> Iterator[Problem]:
    if argument.arg in linked:
        yield Problem(
            "argument-twice",
            f"{node.title}: {argument.arg} has a value and a link.",
            "Clear the value, or remove the link.",
            (node.id,),
        )
    if not argument.supported:
        yield Problem(
            "unsupported-argument",
            f"{node.title}: the type of {argument.arg} is not known, so its value is kept out of the call.",
            "Clear it, or revise the descriptor.",
            (node.id,),
            "notice",
        )
        return
    if any(value.flaws(item)):
        return  # a broken value is reported as such
    for flaw in fits.flaws(item, argument, catalog):
        yield Problem("wrong-type", f"{node.title}: {flaw}.", "Change the value.", (node.id,))


def _missing(node: Node, argument: Argument) -> Problem:
    if argument.widget == "port":
        hint = f"Connect {_article(argument.itype)} to its port {argument.arg}."
    else:
        hint = f"Set {argument.arg}: {fits.described(argument)}."
    return Problem("missing-argument", f"{node.title} needs {argument.arg}.", hint, (node.id,))


def _no_argument(node: Node, descriptor: NodeDescriptor, name: str, known: dict[str, Argument]) -> Problem:
    names = ", ".join(known) or "none"
    return Problem(
        "unknown-argument",
        f"{node.title}: {descriptor.name} has no argument {name}; it has {names}.",
        "Remove it.",
        (node.id,),
    )


def _of_link(graph: Graph, link: Link, catalog: Catalog) -> Iterator[Problem]:
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
    if argument is None:
        names = ", ".join(ports.ports(graph, target, catalog)) or "none"
        message = f"cannot reach {target.title}.{link.port}: there is no such port; it has {names}"
        yield _bad_link(source, target, "no-port", message, link)
    elif not fits.accepts(argument, otype):
        message = (
            f"hands on {_article(otype)}, but {target.title}.{link.port} takes {' or '.join(argument.types)}"
        )
        yield _bad_link(source, target, "wrong-link", message, link)


def _bad_link(source: Node, target: Node, code: str, message: str, link: Link) -> Problem:
    hint = f"Remove the link {source.title} -> {target.title}.{link.port}, or connect another output."
    return Problem(code, f"{source.title} {message}.", hint, (source.id, target.id))


def _merges(graph: Graph, catalog: Catalog) -> Iterator[Problem]:
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


def _ambiguous(graph: Graph, catalog: Catalog) -> Iterator[Problem]:
    """Two users of one object of which one changes it: nothing says who comes first."""
    for node in graph.nodes:
        descriptor = catalog.find(node.type)
        if descriptor is None or len(graph.out_of(node.id)) < 2:
            continue
        users: dict[str, list[Link]] = {}
        for link in graph.out_of(node.id):
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


def _article(word: str) -> str:
    return f"{'an' if word[:1] in 'aeio' else 'a'} {word}"
