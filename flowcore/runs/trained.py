"""The weights that fit a graph as it is now: those of its newest run, if the network is still the same."""

from typing import Final

import msgspec

from flowcore.dataflow import document
from flowcore.dataflow.order import ancestors, ordered
from flowcore.dataflow.signature import architecture
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.run import OVER
from flowcore.store import runs

LOOKED_AT: Final = 50


class Trained(msgspec.Struct, frozen=True):
    """fit: the node that trained. weights: the file. missing: why there is none, "" where there is."""

    fit: str = ""
    weights: str = ""
    missing: str = ""


def trained(graph: Graph, catalog: Catalog) -> Trained:
    """The weights of the newest run of a graph that is over and has left any: of its end, or of an epoch."""
    for row in runs.listing(graph.id, LOOKED_AT):
        if row.state in OVER and (files := runs.checkpoints(row.id) | runs.weights(row.id)):
            then = document.read(runs.document(row.id))
            ids = [node.id for node in ordered(then).nodes]
            fit, path = max(files.items(), key=lambda item: ids.index(item[0]))
            changed = _changed(graph, then, fit, catalog)
            if not changed:
                return Trained(fit, str(path))
            return Trained(missing=f"The network has changed since its training: {changed}. Train it again.")
    return Trained(missing="It has not been trained yet. Train it to see what it learns.")


def _changed(now: Graph, then: Graph, fit: str, catalog: Catalog) -> str:
    """The titles of the nodes of the trained network that are not what they were, "" for none."""
    if fit not in now.by_id:
        return then.title(fit)
    one, other = architecture(now, catalog), architecture(then, catalog)
    used = ancestors(now, fit) | ancestors(then, fit)
    # A node that builds on a changed one differs as well; those that begin it say enough.
    ids = [id for id in {**other, **one} if id in used and one.get(id) != other.get(id)]
    first = [id for id in ids if not any(link.source in ids for link in (*now.into(id), *then.into(id)))]
    return ", ".join((now if id in now.by_id else then).title(id) for id in first[:4])
