"""An earlier run that a training goes on from: which of its fits are over, and where the others stand."""

from pathlib import Path
from typing import Any

from flowcore.dataflow.order import ancestors
from flowcore.dataflow.resume import fits, is_over
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import error
from flowcore.worker.checkpoint import Checkpoints, Kept


class Earlier:
    """The checkpoints of a run in its folder, for the fits of a graph as they come one after the other."""

    def __init__(self, folder: Path, graph: Graph, catalog: Catalog) -> None:
        self._folder, self._graph = folder, graph
        self._fits = fits(graph, catalog)
        self._trained: set[str] = set()

    def load(self, fit: str, model: Any, wanted: int) -> tuple[Kept | None, bool]:
        """Put a model into the state that a fit had left it in; whether the fit is over with that.

        A fit behind one that trains now begins anew. Raises FlowError: "nothing-to-train" at the last fit
        where none has anything left, and what `Checkpoints.load` raises.
        """
        fresh = not self._trained.intersection(ancestors(self._graph, fit))
        kept = self.of(fit).load(model) if fresh else None
        last = fit in self._fits[-1:]
        if kept is None or not is_over(kept.epoch, wanted, kept.ended, last):
            self._trained.add(fit)
            return kept, False
        if last and not self._trained:
            raise error(
                "nothing-to-train",
                f"{kept.epoch} epochs are done, and {wanted} are asked for.",
                f"Set Epochs to more than {kept.epoch}.",
            )
        return kept, True

    def of(self, fit: str) -> Checkpoints:
        return Checkpoints(self._folder, fit)
