import msgspec
from hypothesis import given
from hypothesis import strategies as st

from flowcore.dataflow import edit
from flowcore.dataflow.history import LIMIT, History, push, redo, undo
from flowcore.dataflow.order import cycles
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import FlowError
from tests import strategies
from tests.toy import NETWORK, TOY

A, B, C = (Graph(name=name) for name in "abc")


def test_undo_and_redo_walk_back_and_forth() -> None:
    history = push(push(History(A), B), C)
    assert history == History(C, (A, B))
    assert undo(history) == History(B, (A,), (C,))
    assert undo(undo(history)) == History(A, (), (B, C))
    assert redo(undo(history)) == history


def test_at_either_end_nothing_happens() -> None:
    assert undo(History(A)) == History(A)
    assert redo(History(A)) == History(A)


def test_a_new_step_forgets_what_was_undone() -> None:
    assert push(undo(push(History(A), B)), C) == History(C, (A,))


def test_a_graph_that_is_the_same_is_no_step() -> None:
    history = undo(push(History(A), B))
    assert push(history, Graph(name="a")) == history


def test_the_oldest_steps_are_forgotten() -> None:
    history = History(Graph(name="0"))
    for number in range(1, LIMIT + 50):
        history = push(history, Graph(name=str(number)))
    assert len(history.past) == LIMIT
    assert history.past[0].name == "49"


def apply(graph: Graph, step: tuple, limit: int = 30) -> Graph:  # type: ignore[type-arg]
    """One click. Numbers choose a node or link by its place; what edit refuses changes nothing."""
    name, *rest = step
    ids = list(graph.by_id) or ["none"]
    try:
        match name, rest:
            case "add", [type_] if len(graph.nodes) < limit:
                return edit.add(graph, type_, TOY)[0]
            case "remove", [n]:
                return edit.remove(graph, [ids[n % len(ids)]])
            case "duplicate", [n] if len(graph.nodes) < limit:
                return edit.duplicate(graph, ids[: n % len(ids) + 1])[0]
            case "connect", [n, m, output, port]:
                return edit.connect(graph, ids[n % len(ids)], output, ids[m % len(ids)], port, TOY)
            case "disconnect", [n] if graph.links:
                return edit.disconnect(graph, graph.links[n % len(graph.links)])
            case "set_argument", [n, arg, item]:
                return edit.set_argument(graph, ids[n % len(ids)], arg, item)
            case "set_call", [n, arg, item]:
                return edit.set_call(graph, ids[n % len(ids)], arg, item)
            case (("rename" | "annotate"), [n, words]):
                return getattr(edit, name)(graph, ids[n % len(ids)], words)
            case "title", [words]:
                return edit.title(graph, words)
            case "place", [n]:
                return edit.place(graph, {ids[n % len(ids)]: (float(n), 1.0)})
    except FlowError:
        return graph
    return graph


@given(strategies.edits, st.sampled_from([Graph(), NETWORK]))
def test_any_edits_undone_give_the_original_and_redone_the_final_graph(steps: list, start: Graph) -> None:  # type: ignore[type-arg]
    history, original = History(start), msgspec.json.encode(start)
    seen = [start]
    for step in steps:
        if step[0] in ("undo", "redo"):
            continue
        history = push(history, apply(history.present, step))
        if history.present != seen[-1]:
            seen.append(history.present)
    final = history
    for graph in reversed(seen):
        assert history.present == graph
        history = undo(history)
    assert msgspec.json.encode(history.present) == original
    for graph in seen:
        assert history.present == graph
        history = redo(history)
    assert history == final


@given(strategies.edits)
def test_edits_and_undos_in_any_order_keep_links_whole_ids_single_and_cycles_out(steps: list) -> None:  # type: ignore[type-arg]
    history = History(NETWORK)
    for step in steps:
        match step[0]:
            case "undo":
                history = undo(history)
            case "redo":
                history = redo(history)
            case _:
                history = push(history, apply(history.present, step))
        graph = history.present
        assert len({node.id for node in graph.nodes}) == len(graph.nodes)
        assert all(link.source in graph.by_id and link.target in graph.by_id for link in graph.links)
        assert len(set(graph.links)) == len(graph.links)
        assert all(isinstance(node, Node) for node in graph.nodes)
        assert cycles(graph) == ()
