import time
from typing import Any

import pytest
from hypothesis import given

from flowcore.dataflow.check import check
from flowcore.dataflow.order import ancestors, cycles, descendants, ordered
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError, Problem
from tests import strategies
from tests.toy import PASS, TOY, wired


def ids(graph: Graph) -> tuple[str, ...]:
    return tuple(node.id for node in ordered(graph).nodes)


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        pytest.param("", (), id="nothing"),
        pytest.param("a", ("a",), id="one node"),
        pytest.param("a>b b>c", ("a", "b", "c"), id="chain"),
        pytest.param("c b a", ("c", "b", "a"), id="ties in the order of the document"),
        pytest.param("c a b c>a", ("c", "a", "b"), id="a tie goes on where it was"),
        pytest.param("d b c a>b a>c b>d c>d", ("a", "b", "c", "d"), id="diamond, its end first"),
        pytest.param("a>b a>b", ("a", "b"), id="two links between the same nodes"),
        pytest.param("z y>z x a>y", ("x", "a", "y", "z"), id="as early as its place allows"),
    ],
)
def test_nodes_come_after_what_they_depend_on_and_ties_keep_their_place(
    links: str, expected: tuple[str, ...]
) -> None:
    assert ids(wired(links)) == expected


@given(strategies.acyclic())
def test_any_acyclic_graph_has_an_order_that_respects_every_link(graph: Graph) -> None:
    found = ids(graph)
    place = {id: index for index, id in enumerate(found)}
    assert sorted(found) == sorted(node.id for node in graph.nodes)
    assert all(place[link.source] < place[link.target] for link in graph.links)
    assert cycles(graph) == ()


@given(strategies.acyclic())
def test_of_the_nodes_that_are_ready_the_first_in_the_document_comes_next(graph: Graph) -> None:
    place = {node.id: index for index, node in enumerate(graph.nodes)}
    done: list[str] = []
    for id in ids(graph):
        ready = [
            node.id
            for node in graph.nodes
            if node.id not in done and all(link.source in done for link in graph.into(node.id))
        ]
        assert id == min(ready, key=place.__getitem__)
        done.append(id)


@given(strategies.acyclic())
def test_ancestors_and_descendants_are_two_views_of_one_relation(graph: Graph) -> None:
    for node in graph.nodes:
        assert all(node.id in descendants(graph, other) for other in ancestors(graph, node.id))
        assert all(node.id in ancestors(graph, other) for other in descendants(graph, node.id))
        assert node.id not in ancestors(graph, node.id)


def test_ancestors_are_all_that_a_node_depends_on() -> None:
    graph = wired("a>b b>c x>c c>d")
    assert ancestors(graph, "c") == {"a", "b", "x"}
    assert descendants(graph, "b") == {"c", "d"}
    assert ancestors(graph, "a") == descendants(graph, "d") == set()


@pytest.mark.parametrize(
    ("links", "shown", "last", "nodes"),
    [
        pytest.param("a>b b>c c>a", "a -> b -> c -> a", "c -> a", ("a", "b", "c"), id="three"),
        pytest.param("a>a", "a -> a", "a -> a", ("a",), id="to itself"),
        pytest.param("s>a a>b b>a b>t", "a -> b -> a", "b -> a", ("a", "b"), id="before and behind it"),
    ],
)
def test_a_cycle_is_named_node_by_node(links: str, shown: str, last: str, nodes: tuple[str, ...]) -> None:
    problem = Problem(
        "cycle",
        f"The graph has a cycle: {shown}.",
        f"Remove one of its links, for instance {last}.",
        nodes,
    )
    with pytest.raises(FlowError) as caught:
        ordered(wired(links))
    assert caught.value.problems == cycles(wired(links)) == (problem,)


def test_a_long_cycle_is_shown_by_its_two_ends() -> None:
    names = [f"n{index}" for index in range(40)]
    graph = wired(" ".join(f"{a}>{b}" for a, b in zip(names, [*names[1:], "n0"], strict=True)))
    (problem,) = cycles(graph)
    assert problem.message.count(" -> ") == 12
    assert " -> … -> " in problem.message
    assert sorted(problem.nodes) == sorted(names)


@given(strategies.cyclic())
def test_every_cycle_that_is_named_is_there(graph: Graph) -> None:
    (problem,) = cycles(graph)
    around = zip(problem.nodes, (*problem.nodes[1:], problem.nodes[0]), strict=True)
    assert all(any((link.source, link.target) == pair for link in graph.links) for pair in around)


def test_a_node_has_its_links_in_the_order_of_the_document_however_many() -> None:
    graph = wired(" ".join(f"{other}>hub hub>{other}x" for other in "abcdefghijklmnopqrst"))
    assert [link.source for link in graph.into("hub")] == list("abcdefghijklmnopqrst")
    assert [link.target for link in graph.out_of("hub")] == [f"{other}x" for other in "abcdefghijklmnopqrst"]
    assert list(graph.incoming) == list(graph.outgoing) == list(graph.by_id)
    assert [(node.id, links) for node, links in graph.steps()] == list(graph.incoming.items())


def test_a_link_that_ends_nowhere_belongs_to_the_node_at_its_other_end_alone() -> None:
    link, other = Link("a", "", "gone", "x"), Link("lost", "", "a", "x")
    graph = Graph(nodes=(Node(id="a", type=PASS),), links=(link, other))
    assert (graph.incoming, graph.outgoing) == ({"a": (other,)}, {"a": (link,)})


@given(strategies.graphs())
def test_links_that_end_nowhere_and_ids_that_occur_twice_do_not_confuse_it(graph: Graph) -> None:
    if cycles(graph):
        assert cycles(graph)[0].code == "cycle"
    else:
        assert set(ids(graph)) == set(graph.by_id)


def _chain(count: int, **more: Any) -> Graph:
    nodes = tuple(Node(id=f"n{index}", type=PASS) for index in reversed(range(count)))
    links = [Link(f"n{index}", "", f"n{index + 1}", "x") for index in range(count - 1)]
    return Graph(nodes=nodes, links=(*links, *more.get("links", ())))


def test_a_chain_of_100_000_nodes_is_ordered_and_checked_in_seconds() -> None:
    graph = _chain(100_000)
    began = time.process_time()
    assert ids(graph) == tuple(f"n{index}" for index in range(100_000))
    assert check(graph, TOY) == ()
    assert time.process_time() - began < 10


def test_a_cycle_of_100_000_nodes_is_found_in_seconds() -> None:
    graph = _chain(100_000, links=[Link("n99999", "", "n0", "x")])
    began = time.process_time()
    (problem,) = cycles(graph)
    assert len(problem.nodes) == 100_000
    assert time.process_time() - began < 10
