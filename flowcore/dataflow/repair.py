"""What would put a problem right: edited graphs, each under a label for a button.

Nothing is run: what a repair does follows from the shapes that are known.
"""

from flowcore.dataflow import repair_training
from flowcore.dataflow.repair_case import Case, Repair
from flowcore.dataflow.repair_shapes import SHAPES
from flowcore.dataflow.training import Known
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import ShapeReport
from flowcore.model.graph import Graph
from flowcore.model.problem import Problem


def repairs(
    problem: Problem, graph: Graph, catalog: Catalog, found: ShapeReport, known: Known | None = None
) -> tuple[Repair, ...]:
    """Proposals for a problem of the checker or of `targets`, the likeliest first; () where none is known.

    found: what the checker found in this graph. known: what is known of the data.
    """
    node = graph.by_id.get(problem.nodes[-1]) if problem.nodes else None
    if node is None:
        return ()
    case = Case(graph, node, catalog, found, known or Known())
    rule = SHAPES.get(problem.code)
    if rule is not None:
        return tuple(rule(case)) if case.links() else ()
    return tuple(repair_training.repairs(case, problem.code))
