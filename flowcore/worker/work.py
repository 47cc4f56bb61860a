"""One request of a session: which nodes have to run for it, in which order, and running them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from flowcore.dataflow.network import network
from flowcore.dataflow.order import ancestors, descendants, ordered
from flowcore.dataflow.signature import part, signatures
from flowcore.model.event import NodeState
from flowcore.model.frame import EvaluateRequest
from flowcore.model.graph import Node
from flowcore.model.problem import FlowError
from flowcore.worker import chance, preview
from flowcore.worker.channel import Channel
from flowcore.worker.checksum import checksum
from flowcore.worker.confine import Parameters
from flowcore.worker.evaluate import Outputs, evaluate
from flowcore.worker.explain import explained
from flowcore.worker.gather import output
from flowcore.worker.keep import Values, lacking
from flowcore.worker.locate import locate
from flowcore.worker.stamps import stamps
from flowcore.worker.train import Watch
from flowcore.worker.weights import Weights, variables

READ_ONLY: Final = "keras.Model."  # methods that leave data as they are, however large


class Work:
    """Brings values up to date. initial: the weights of the network before anything trained it."""

    def __init__(self, request: EvaluateRequest, values: Values, initial: Weights, channel: Channel) -> None:
        self.graph = part(request.graph, request.usable)
        self.catalog = request.catalog
        self.values = values
        self.initial = initial
        self.ran: list[str] = []
        self._seed = request.seed
        self._limits = request.limits
        self._parameters = Parameters(request.limits.parameters)
        self._channel = channel
        self._unit = network(self.graph, self.catalog)
        self._signatures = signatures(self.graph, self.catalog, request.seed, stamps(self.graph), data=False)
        self._stages = self._staged()
        self._data = [id for id, stage in self._stages.items() if not stage]
        self._first = chance.seeded(request.seed)
        self._failed: set[str] = set()

    def lacking(self, nodes: Iterable[str]) -> list[str]:
        """What has to run for the values of some nodes: data, then the network as one, then what uses it."""
        self._forget_other_draws()
        wanted = list(nodes)
        wanted += self._earlier(self._needed(wanted))
        todo = lacking(self.values, self.graph, wanted, self._unit, self._signatures) - self._failed
        return sorted((id for id in self._stages if id in todo), key=lambda id: self._stages[id])

    def bring(self, nodes: Iterable[str]) -> None:
        """Run what is lacking. Raises StopRun, and FlowError with what a node raised."""
        wanted = list(nodes)
        needed = self._needed(wanted)
        for _ in range(2 * len(self._stages)):  # what has not settled by then draws otherwise every time
            if not (todo := self.lacking(wanted)):
                return
            self._bring(todo, needed)

    def _bring(self, todo: list[str], needed: set[str]) -> None:
        """Run these, up to one that draws: what is lacking after it depends on what it has drawn."""
        kept = (outputs for id, outputs in self.values.items() if id not in todo)
        self._parameters = Parameters(self._limits.parameters, kept)
        last = max((id for id in todo if self.member(id)), key=todo.index, default="")
        for id in todo:
            self._channel.control.obey(self._channel.send)
            if id in needed:
                self._run(id)
            else:
                self._try(id)
            if id == last:
                self.values.drew(self._unit, chance.state())
            if not self._stages[id] and self.values.drawn(id):
                return

    def kept(self) -> tuple[str, ...]:
        """The nodes whose values are up to date; of what draws, only where all data before it are."""
        held = {id: None for id, signature in self._signatures.items() if self.values.holds(id, signature)}
        places = (place for place, id in enumerate(self._data) if id not in held and id not in self._failed)
        for id in self._data[next(places, len(self._data)) :]:
            if self.values.drawn(id):
                for one in (id, *descendants(self.graph, id)):
                    held.pop(one, None)
        return tuple(held)

    def variables(self) -> list[Any]:
        """Of the whole network."""
        built = [self.values[id] for id in self._unit if id in self.values]
        return variables(one for outputs in built for one in outputs.all().values())

    def member(self, id: str) -> bool:
        """Whether a node is part of the network."""
        return id in self._unit

    def _needed(self, wanted: Iterable[str]) -> set[str]:
        return {id for node in wanted for id in (node, *ancestors(self.graph, node))}

    def _earlier(self, needed: set[str]) -> list[str]:
        """Data that a run comes to before some that is needed and draws: whether it draws too, counts."""
        drawing = [place for place, id in enumerate(self._data) if id in needed and self.values.drawn(id)]
        return self._data[: max(drawing, default=0)]

    def _draws(self) -> Iterator[tuple[str, chance.State]]:
        """Data nodes, each with the state of chance that a run has when it comes there."""
        state = self._first
        for id in self._data:
            yield id, state
            drawn = self.values.drawn(id)
            if drawn and chance.alike(drawn[0], state):
                state = drawn[1]

    def _forget_other_draws(self) -> None:
        """What was drawn with another seed, or after others had drawn otherwise, is true no more."""
        for id, state in self._draws():
            drawn = self.values.drawn(id)
            if drawn and not chance.alike(drawn[0], state):
                self.values.forget({id, *descendants(self.graph, id)})

    def _staged(self) -> dict[str, int]:
        """In order: 0 for what needs no network, 1 for the network, 2 for what needs it."""
        found: dict[str, int] = {}
        for node, links in ordered(self.graph).steps():
            late = any(found[link.source] for link in links)
            found[node.id] = 1 if node.id in self._unit else 2 * late
        return found

    def _try(self, id: str) -> None:
        """What nobody asked for is made all the same, for the sake of chance."""
        if self._failed.intersection(link.source for link in self.graph.into(id)):
            self._failed.add(id)
            return
        try:
            self._run(id)
        except FlowError:
            self._failed.add(id)

    def _run(self, id: str) -> None:
        node, stage = self.graph.by_id[id], self._stages[id]
        self._prepare(id, stage)
        before = chance.state()
        self._channel.send(NodeState(node=id, state="running"))
        self._channel.flush()
        outputs = self._outputs(node)
        after = chance.state()
        drew = stage == 2 or not (stage or chance.same(before, after))
        self.values.put(id, self._signatures[id], outputs, after if drew else None, before)
        self.ran.append(id)
        shapes, classes = preview.shapes(outputs), preview.classes(outputs)
        self._channel.send(NodeState(node=id, state="done", shapes=shapes, classes=classes))

    def _prepare(self, id: str, stage: int) -> None:
        """Chance as it is in a full run when it comes to this node."""
        if stage == 1 and not set(self._unit).intersection(self.ran):
            keras = locate("keras")
            self.values.drop(set(self._unit))
            self.initial.clear()
            keras.backend.clear_session(free_memory=False)  # what was dropped is collected after the answer
            keras.utils.set_random_seed(self._seed)
        elif stage == 2:
            sources = [link.source for link in self.graph.into(id) if self._stages[link.source]]
            if drawn := self.values.chance_after(sources):
                chance.restore(drawn)
        elif stage == 0:
            chance.restore(dict(self._draws())[id])

    def _outputs(self, node: Node) -> Outputs:
        changed, into = list(self._changed(node)), self.graph.into(node.id)
        before = [(value, checksum(value)) for value in self._lent(node)]
        if any(self.member(link.source) for link in into) and changed:
            self.initial.note(self.variables())
        try:
            with explained(self.graph, node, self.values, self._limits):
                method = Watch(node.id, self._channel.send, self._channel.control)
                outputs = evaluate(self.graph, node, self.catalog, self.values, method)
                self._parameters.admit(outputs, *(self.values[link.source] for link in into))
            return outputs
        finally:
            for thing in changed:
                self.values.spend(thing, self._unit)
            for value, was in before:
                if checksum(value) != was:
                    self.values.outdate(value)

    def _lent(self, node: Node) -> Iterator[Any]:
        """What comes into a node, which may change it in place though it is not meant to."""
        descriptor = self.catalog.find(node.type)
        if descriptor is None or descriptor.copy or descriptor.package.startswith(READ_ONLY):
            return
        for link in self.graph.into(node.id):
            yield output(self.values[link.source], link.output)

    def _changed(self, node: Node) -> Iterator[Any]:
        """What a node uses up: the object that its method changes, and iterators."""
        descriptor = self.catalog.find(node.type)
        mutates = descriptor is not None and descriptor.mutates and not descriptor.copy
        for link in self.graph.into(node.id):
            value = output(self.values[link.source], link.output)
            if hasattr(value, "__next__") or (mutates and link.argument == "self"):
                yield value
