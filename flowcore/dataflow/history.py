"""Undo and redo, as a value."""

from typing import Final

import msgspec

from flowcore.model.graph import Graph

LIMIT: Final = 200


class History(msgspec.Struct, frozen=True):
    """The graph as it is, what it was, and what it was before that was undone."""

    present: Graph
    past: tuple[Graph, ...] = ()
    future: tuple[Graph, ...] = ()


def push(history: History, graph: Graph) -> History:
    """A step forward; what was undone before it is gone. A graph that is the same is no step."""
    if graph == history.present:
        return history
    return History(graph, (*history.past, history.present)[-LIMIT:])


def undo(history: History) -> History:
    """A step back, as far as there is one."""
    if not history.past:
        return history
    return History(history.past[-1], history.past[:-1], (history.present, *history.future))


def redo(history: History) -> History:
    """The step that was undone last."""
    if not history.future:
        return history
    return History(history.future[0], (*history.past, history.present), history.future[1:])
