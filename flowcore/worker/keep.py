"""Values that are kept from one request to the next, each true to the moment when its node ran."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowcore.model.graph import Graph
from flowcore.model.preview import Preview
from flowcore.worker.chance import State
from flowcore.worker.evaluate import Outputs


@dataclass
class Kept:
    """The outputs of a node. turn: when it ran. before, chance: as it was then and after, of what draws.

    spent: another node has changed an object of it since, so that nobody can go on from it. previews: of
    the outputs as they were before that, once somebody has looked.
    """

    signature: str
    outputs: Outputs
    turn: int
    before: State | None = None
    chance: State | None = None
    spent: bool = False
    previews: dict[str, Preview] | None = None


class Values(Mapping[str, Outputs]):
    """Outputs by node."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._turns = 0

    def __getitem__(self, id: str) -> Outputs:
        return self._kept[id].outputs

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def put(
        self,
        id: str,
        signature: str,
        outputs: Outputs,
        chance: State | None = None,
        before: State | None = None,
    ) -> None:
        """chance, before: after and before the node ran, if it draws."""
        self._turns += 1
        self._kept[id] = Kept(signature, outputs, self._turns, before, chance)

    def holds(self, id: str, signature: str) -> bool:
        """Whether the value of a node is as it would be if it ran now."""
        return id in self._kept and self._kept[id].signature == signature

    def previews(self, id: str, make: Callable[[Outputs], dict[str, Preview]]) -> dict[str, Preview]:
        """What the outputs of a node look like, made once."""
        kept = self._kept[id]
        if kept.previews is None:
            kept.previews = make(kept.outputs)
        return kept.previews

    def spent(self, id: str) -> bool:
        return self._kept[id].spent

    def drawn(self, id: str) -> tuple[State, State] | None:
        """The states of chance before and after a node that drew."""
        kept = self._kept.get(id)
        return (kept.before, kept.chance) if kept and kept.before and kept.chance else None

    def chance_after(self, ids: list[str]) -> State | None:
        """The state of chance after the last of these that drew."""
        drawn = [kept for id in ids if (kept := self._kept.get(id)) and kept.chance]
        return max(drawn, key=lambda kept: kept.turn).chance if drawn else None

    def drew(self, ids: Iterable[str], chance: State) -> None:
        """The state of chance after nodes that were made together."""
        for id in ids:
            if id in self._kept:
                self._kept[id].chance = chance

    def drop(self, ids: set[str]) -> None:
        for id in ids:
            self._kept.pop(id, None)

    def spend(self, thing: Any, unit: tuple[str, ...]) -> None:
        """Remember that an object is changed: of a network nothing is as it was, once any of it is not."""
        kept = {id: one.outputs.all().values() for id, one in self._kept.items()}
        hit = {id for id, outputs in kept.items() if any(one is thing for one in outputs)}
        for id in hit | (set(unit) if hit.intersection(unit) else set()):
            if id in self._kept:
                self._kept[id].spent = True

    def forget(self, ids: Iterable[str]) -> None:
        """Values that are true no more; they stay until their nodes run again."""
        for id in ids:
            if id in self._kept:
                self._kept[id].signature = ""

    def outdate(self, thing: Any) -> None:
        """Values with this object, or its memory, are true no more: a node has changed what it was lent."""
        self.forget(
            id for id, kept in self._kept.items() if any(_shares(one, thing) for one in _parts(kept.outputs))
        )


def _parts(outputs: Outputs) -> Iterator[Any]:
    """The outputs, and one by one what can be linked by its place."""
    yield from outputs.all().values()
    if isinstance(outputs.whole, (list, tuple)):
        yield from outputs.whole


def _shares(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.may_share_memory(one, other)
    return one is other


def lacking(
    values: Values,
    graph: Graph,
    nodes: Iterable[str],
    unit: tuple[str, ...],
    signatures: Mapping[str, str],
) -> set[str]:
    """The nodes that have to run for the values of some: no more than are needed, the network as a whole."""
    found: set[str] = set()
    members = set(unit)
    asked = [(node, False) for node in nodes]
    while asked:
        id, gone_on_from = asked.pop()
        fresh = values.holds(id, signatures[id]) and not (gone_on_from and values.spent(id))
        if id in found or fresh:
            continue
        together = unit if id in members else (id,)
        found.update(together)
        asked += [(link.source, True) for one in together for link in graph.into(one)]
    return found
