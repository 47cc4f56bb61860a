"""Everything that is wrong with a graph, at once, without importing anything that it names."""

from collections import Counter
from collections.abc import Iterator

from flowcore.dataflow import check_links, check_nodes
from flowcore.dataflow.fitting import Fitting
from flowcore.dataflow.order import cycles
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, Problem


def check(graph: Graph, catalog: Catalog) -> tuple[Problem, ...]:
    """All problems: the document's first, then node by node, then link by link."""
    found = [*_duplicates(graph), *cycles(graph)]
    fitting = Fitting(catalog)
    for node in graph.nodes:
        found += check_nodes.of_node(graph, node, fitting)
    found += check_links.wrong(graph, catalog)
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
