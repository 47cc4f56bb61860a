import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcore.dataflow.layout import arrange
from flowcore.model.graph import Graph, Link, Node
from tests import strategies
from tests.toy import PASS, wired

WIDTH, HEIGHT = 250, 130


def test_nothing_is_laid_out_as_nothing() -> None:
    assert arrange(Graph()) == {}


@given(st.one_of(strategies.graphs(), strategies.cyclic(), strategies.acyclic()))
def test_every_node_has_a_place_of_its_own(graph: Graph) -> None:
    at = arrange(graph)
    assert at.keys() == graph.by_id.keys()
    assert all(math.isfinite(x) and math.isfinite(y) for x, y in at.values())
    places = sorted(at.values())
    for index, (x, y) in enumerate(places):
        for other_x, other_y in places[index + 1 :]:
            apart = abs(x - other_x) >= WIDTH - 1 or abs(y - other_y) >= HEIGHT - 1
            assert apart, at


@given(strategies.acyclic())
def test_a_graph_is_always_laid_out_the_same(graph: Graph) -> None:
    assert arrange(graph) == arrange(graph)


def test_links_point_down_where_the_canvas_is_tall() -> None:
    graph = wired("a>b a>c b>d c>d")
    at = arrange(graph, width=800, height=10_000)
    assert all(at[link.source][1] < at[link.target][1] for link in graph.links)
    assert at["b"][1] == at["c"][1]


def test_a_long_chain_is_folded_into_columns_where_the_canvas_is_wide() -> None:
    graph = wired(" ".join(f"n{index}>n{index + 1}" for index in range(20)))
    at = arrange(graph, width=1600, height=600)
    assert len({x for x, _ in at.values()}) > 1
    assert max(y for _, y in at.values()) < 20 * HEIGHT


def test_nodes_alone_stand_apart() -> None:
    assert len(set(arrange(wired("a b c d")).values())) == 4


@pytest.mark.parametrize("count", [1_000])
def test_a_large_graph_is_laid_out_in_seconds(count: int) -> None:
    nodes = tuple(Node(id=f"n{index}", type=PASS) for index in range(count))
    links = tuple(
        Link(f"n{index}", "", f"n{index + step}", "x")
        for index in range(count)
        for step in (1, 7)
        if index + step < count
    )
    began = time.process_time()
    assert len(arrange(Graph(nodes=nodes, links=links))) == count
    assert time.process_time() - began < 5
