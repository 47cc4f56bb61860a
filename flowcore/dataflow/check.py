"""Everything that is wrong with a graph, at once, without importing anything that it names."""

from collections import Counter
from collections.abc import Iterator

from flowcore.dataflow import check_links, fits, ports
from flowcore.dataflow.order import cycles
from flowcore.model import value
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import FlowError, Problem


def check(graph: Graph, catalog: Catalog) -> tuple[Problem, ...]:
    """All problems: the document's first, then node by node, then link by link."""
    found = [*_duplicates(graph), *cycles(graph)]
    for node in graph.nodes:
        found += _of_node(graph, node, catalog)
    for link in graph.links:
        found += check_links.of_link(graph, link, catalog)
    found += check_links.merges(graph, catalog)
    found += check_links.ambiguous(graph, catalog)
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
        hint = f"Connect {check_links.article(argument.itype)} to its port {argument.arg}."
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
