"""What is left to train when a training goes on from an earlier run."""

from flowcore.dataflow.order import ordered
from flowcore.dataflow.plan import FIT
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Node
from flowcore.model.run import Run


def fits(graph: Graph, catalog: Catalog) -> tuple[str, ...]:
    """The nodes that train a network, in the order of a run. Raises FlowError("cycle")."""
    return tuple(node.id for node in ordered(graph).nodes if catalog.canonical(node.type) == FIT)


def is_over(done: int, wanted: int, ended: int, last: bool) -> bool:
    """Whether nothing of a fit is left.

    ended: the epochs that were asked for when it came to its end, 0 if it did not. It may have stopped
    early; the last fit goes on all the same, since nothing else could.
    """
    return done >= wanted or (ended == wanted and not last)


def left(graph: Graph, ran: Graph, run: Run, catalog: Catalog) -> tuple[str, int, int] | None:
    """The fit that training would go on with: its id, the epochs that are kept and those asked for.

    ran: the graph of the run. None where every fit is over. Raises FlowError("cycle").
    """
    ids = fits(graph, catalog)
    for id in ids:
        kept, wanted = run.checkpoints.get(id, 0), _epochs(graph.by_id[id])
        ended = _epochs(ran.by_id[id]) if run.nodes.get(id) == "done" and id in ran.by_id else 0
        if not is_over(kept, wanted, ended, id == ids[-1]):
            return id, kept, wanted
    return None


def _epochs(node: Node) -> int:
    found = node.args.get("epochs", 1)
    return found if isinstance(found, int) else 1
