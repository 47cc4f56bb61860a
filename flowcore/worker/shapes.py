"""The checker: every node's shapes and a model's layers, without data and without memory for weights.

After an edit only what changed is made again, and what depends on it.
"""

from hashlib import blake2b
from typing import Any

import msgspec

from flowcore.dataflow import caps, ports
from flowcore.dataflow.foresee import foresee
from flowcore.dataflow.order import ancestors, ordered
from flowcore.model.frame import CheckRequest, ShapeReport
from flowcore.model.graph import Node
from flowcore.model.problem import FlowError, Problem
from flowcore.model.value import types_in
from flowcore.worker import keeping, preview
from flowcore.worker.evaluate import Outputs, evaluate
from flowcore.worker.explain import explain
from flowcore.worker.gather import output
from flowcore.worker.keeping import Made, Names, Shelf, Uses
from flowcore.worker.layers import cost_of, summary
from flowcore.worker.standin import looks_up, stand_in, stands_in
from flowcore.worker.symbolic import can_make

_encode = msgspec.json.Encoder(order="deterministic").encode


class Checks:
    """Answers for one graph after the other, on what it has kept of each."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        keeping.begin()

    def infer(self, request: CheckRequest) -> ShapeReport:
        """What can be known of a graph from the nodes that policy lets the checker make."""
        try:
            nodes = ordered(request.graph).nodes
        except FlowError as reason:
            return ShapeReport(problems=reason.problems)
        check = _Check(request, self.shelf.take(request.key))
        try:
            for node in nodes:
                check.node(node)
            report = check.report()
        finally:
            check.clear()
            self.shelf.put(request.key, check.made)
            keeping.settle()
        return report


class _Check:
    """One pass over a graph. made: the nodes so far; old: those of the last pass that were not used yet."""

    def __init__(self, request: CheckRequest, old: dict[str, Made]) -> None:
        self.graph, self.catalog = request.graph, request.catalog
        self.old, self.made = old, dict[str, Made]()
        self._anew: set[str] = set()  # whose values are other objects than those of the last pass
        self.values: dict[str, Outputs] = {}
        self.shapes: dict[str, dict[str, str]] = {}
        self.dtypes: dict[str, dict[str, str]] = {}
        self.problems: list[Problem] = []
        self._names: Names = {}
        self._types = {type_.package: blake2b(_encode(type_)).digest() for type_ in self.catalog.nodes}

    def node(self, node: Node) -> None:
        """Make a node, or use what was made of it before."""
        if not can_make(self.graph, node, self.catalog, self.values):
            self.problems += [_unknown(node)] if looks_up(node) and not stands_in(node) else []
            return
        own = self._own(node)
        signature = self._signature(node, own)
        made = self._as_before(node, signature)
        if made is None or made.noticed:
            known = foresee(self.graph, node, self.shapes, self.dtypes)
            self.problems += [known] if known else []
            if known and known.level == "error":
                return
            made = made or self._make(node, own, signature, noticed=known is not None)
        if made is not None:
            if self.old.get(node.id) is made:
                del self.old[node.id]
            else:
                self._anew.add(node.id)
            self._keep(node.id, made)

    def clear(self) -> None:
        """What is left of the last pass is gone for good."""
        for made in self.old.values():
            keeping.forget(made)
        self.old = {}

    def report(self) -> ShapeReport:
        summaries = {id: rows for id in self.values if (rows := summary(self.values[id].whole, self.values))}
        costs = {id: made.cost or cost_of(made.outputs) for id, made in self.made.items()}
        heavy = caps.heavy(sum(one.parameters for id, one in costs.items() if id not in summaries))
        problems = (*self.problems, *heavy)
        return ShapeReport(self.shapes, summaries, problems, self.dtypes, costs)

    def _as_before(self, node: Node, signature: bytes) -> Made | None:
        """The node as it was, if one that is made now would be the same and stand on the same objects.

        A signature does not tell those: what stands before it may have been made again for its name alone.
        """
        made = self.old.get(node.id)
        if made is None or made.signature != signature or not made.named(self._names):
            return None
        return None if any(link.source in self._anew for link in self.graph.into(node.id)) else made

    def _make(self, node: Node, own: bytes, signature: bytes, noticed: bool) -> Made | None:
        tensors = self._incoming(node)
        came, uses = keeping.came(tensors), Uses(tensors)
        old = self._again(node, own, came)
        try:
            with keeping.counted(self._names) as (before, after):
                layer = old.outputs.get("layer") if old else stand_in(node)
                outputs = evaluate(self.graph, node, self.catalog, self.values, _no_method, layer)
        except Exception as reason:  # whatever a layer raises is what the analyst wants to read
            known = _unknown(node) if _needs_tensorflow(reason) else None
            self.problems.append(known or explain(reason, self.graph, node, self.shapes, self.dtypes))
            return None
        if old:
            before, after = old.before, old.after
        return Made(
            signature=signature,
            own=own,
            came=came,
            outputs=outputs,
            shapes=preview.shapes(outputs),
            dtypes=preview.dtypes(outputs),
            cost=None if self._sharers(node) else cost_of(outputs),
            noticed=noticed,
            before=before,
            after=after,
            ends=uses.ends(),
        )

    def _again(self, node: Node, own: bytes, came: tuple[Any, ...] | None) -> Made | None:
        """The node as it was, if its layer need only be called again: its weights fit what comes in."""
        old = self.old.get(node.id)
        if old is None or not came or old.outputs.get("layer") is None:
            return None
        if old.own != own or old.came != came or not old.named(self._names):
            return None
        old.outputs.get("layer")._inbound_nodes.clear()
        return old

    def _keep(self, id: str, made: Made) -> None:
        self.made[id], self.values[id] = made, made.outputs
        self.shapes[id], self.dtypes[id] = made.shapes, made.dtypes
        self._names |= made.after

    def _incoming(self, node: Node) -> list[Any]:
        tensors = []
        for link in self.graph.into(node.id):
            try:
                tensors.append(output(self.values[link.source], link.output))
            except FlowError:
                continue  # told when the node is made
        return tensors

    def _own(self, node: Node) -> bytes:
        """Equal for nodes that would be made alike of what comes in: type, arguments and ports.

        Of a layer that others call too, all that those depend on as well: each call leaves its trace in it.
        """
        ports_ = [(link.output, link.port, link.source) for link in self.graph.into(node.id)]
        parts = [self._alone(node), _encode(ports_)]
        for shared in sorted(self._sharers(node)):
            parts += [self._alone(self.graph.by_id[shared]), _encode(self.graph.into(shared))]
        return b"\0".join(parts)

    def _alone(self, node: Node) -> bytes:
        types = [node.type, *types_in([*node.args.values(), *node.call.values()])]
        known = [self._types.get(self.catalog.canonical(type_), b"") for type_ in types]
        return b"".join(known) + _encode((node.id, node.type, node.args, node.call))

    def _signature(self, node: Node, own: bytes) -> bytes:
        """Equal for nodes that would be made alike, with all that comes in."""
        came = (self.made[link.source].signature for link in self.graph.into(node.id))
        return blake2b(b"\0".join((own, *came))).digest()

    def _sharers(self, node: Node) -> set[str]:
        found: set[str] = set()
        for link in self.graph.out_of(node.id):
            target = self.graph.by_id.get(link.target)
            if target is not None and (link.output == "layer" or target.type == ports.CALL):
                found |= {link.target, *ancestors(self.graph, link.target)}
        return (found & self.graph.by_id.keys()) - {node.id}


def _needs_tensorflow(reason: Exception) -> bool:
    """Whether a layer works with TensorFlow alone, which a run has and the checker on JAX has not."""
    return isinstance(reason, ImportError) and "tensorflow" in str(reason).lower()


def _unknown(node: Node) -> Problem:
    return Problem(
        "unknown-shape",
        f"What {node.title} hands on is known to a run alone; nothing behind it is checked before.",
        "Go on without shapes behind it.",
        (node.id,),
        "notice",
    )


def _no_method(target: Any, name: str, args: dict[str, Any]) -> Any:
    raise AssertionError(f"the checker calls no methods, and was asked for {name}")
