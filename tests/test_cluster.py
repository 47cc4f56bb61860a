"""Groups: put together by edits, drawn as one node each."""

from msgspec.structs import replace

from flowcore.dataflow import edit
from flowcore.dataflow.cluster import GROUP, by_name, cluster
from flowcore.model.graph import Graph, Group, Link, Node
from tests.toy import wired

CHAIN = replace(
    wired("a>b b>c c>d a>d"), groups=(Group("g1", "middle", ("b", "c")), Group("g2", "late", ("c", "d")))
)


def drawn(graph: Graph, *opened: str) -> tuple[list[str], list[tuple[str, str]]]:
    found = cluster(graph, frozenset(opened)).graph
    return [node.id for node in found.nodes], [(link.source, link.target) for link in found.links]


def test_a_closed_group_is_one_node_with_the_links_of_all_that_is_inside() -> None:
    assert drawn(CHAIN) == (
        ["a", "group-0", "group-1"],
        [("a", "group-0"), ("group-0", "group-1"), ("a", "group-1")],
    )
    assert cluster(CHAIN, frozenset()).members == {"group-0": ("b", "c"), "group-1": ("d",)}


def test_an_open_group_shows_its_nodes() -> None:
    assert drawn(CHAIN, "g1", "g2") == (
        ["a", "b", "c", "d"],
        [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")],
    )
    assert drawn(CHAIN, "g2")[0] == ["a", "group-0", "d"]


def test_two_links_between_the_same_groups_are_drawn_once() -> None:
    graph = replace(wired("a>c b>c"), groups=(Group("g", "", ("a", "b")),))
    found = cluster(graph, frozenset())
    assert found.graph.links == (Link("group-0", "", "c", graph.links[0].port),)
    assert found.graph.nodes[0] == Node(id="group-0", type=GROUP, label="g")


def test_a_node_whose_id_looks_like_that_of_a_group_stays_apart() -> None:
    graph = Graph(
        nodes=(Node(id="group-0", type="x"), Node(id="b", type="x")), groups=(Group("g", "", ("b",)),)
    )
    assert drawn(graph)[0] == ["group-0", "group-0-"]


def test_groups_that_name_no_node_are_not_drawn() -> None:
    assert drawn(replace(CHAIN, groups=(Group("g", "none", ("x",)),)))[0] == ["a", "b", "c", "d"]


def test_a_node_moves_from_group_to_group() -> None:
    graph = wired("a>b")
    graph = edit.gather(graph, "a", " encoder ")
    assert graph.groups == (Group("g1", "encoder", ("a",)),)
    graph = edit.gather(graph, "b", "encoder")
    graph = edit.gather(graph, "a", "decoder")
    assert graph.groups == (Group("g1", "encoder", ("b",)), Group("g2", "decoder", ("a",)))
    assert edit.gather(edit.gather(graph, "a", ""), "b", "").groups == ()


def test_nodes_whose_names_begin_alike_make_groups() -> None:
    names = (
        "block2a_conv",
        "block2a_bn",
        "conv3_block1_1_relu",
        "conv3_block1_2_relu",
        "stem_conv",
        "block9_x",
    )
    nodes = tuple(Node(id=f"n{i}", type="x", args={"name": name}) for i, name in enumerate(names))
    assert by_name(Graph(nodes=nodes)) == (
        Group("g1", "block2a", ("n0", "n1")),
        Group("g2", "conv3_block1", ("n2", "n3")),
    )
