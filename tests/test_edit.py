from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from flowcore.dataflow import edit
from flowcore.dataflow.check import check
from flowcore.model.graph import Graph, Group, Link, Node
from flowcore.model.problem import FlowError, Problem
from flowcore.store import descriptors
from tests import strategies
from tests.toy import FIT, LAYER, LOAD, MERGE, MODEL, NETWORK, SOURCE, TOY, wired

PAIR = wired("in hidden", {"in": SOURCE, "hidden": LAYER}, hidden={"units": 3})


def test_a_new_node_takes_a_free_id_and_notes_the_version_of_its_package() -> None:
    graph, id = edit.add(Graph(nodes=(Node(id="n7", type=SOURCE),)), LAYER, TOY, {"units": 2}, "hidden")
    assert id == "n8"
    assert graph == Graph(
        catalogs={"toy": "1.2"},
        nodes=(Node(id="n7", type=SOURCE), Node(id="n8", type=LAYER, label="hidden", args={"units": 2})),
    )


def test_the_version_is_that_of_the_distribution_whatever_its_modules_are_called() -> None:
    graph, _ = edit.add(Graph(), "sklearn.preprocessing.StandardScaler", descriptors.load())
    assert list(graph.catalogs) == ["scikit-learn"]


def test_a_node_added_by_an_alias_has_the_canonical_type() -> None:
    graph, _ = edit.add(Graph(), "toy.layers.Layer", TOY)
    assert graph.nodes[0].type == LAYER


def test_a_node_of_another_type_stands_in_the_place_of_one() -> None:
    graph = edit.rename(wired("in both", {"in": SOURCE, "both": MERGE}), "both", "mine")
    changed = edit.retype(graph, "both", LAYER, TOY, {"units": 2})
    assert changed.links == graph.links
    assert changed.by_id["both"] == Node(id="both", type=LAYER, label="mine", args={"units": 2})
    assert changed.catalogs == {"toy": "1.2"}


def test_a_node_that_nothing_describes_is_refused() -> None:
    with pytest.raises(FlowError) as caught:
        edit.add(Graph(), "os.system", TOY)
    assert caught.value.problems == (
        Problem(
            "unknown-type", "No catalogue describes os.system.", "Search for a node and add that."
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "free"),
    [
        ([], "n1"),
        (["n1", "n3"], "n4"),
        (["a", "nine", "n"], "n1"),
        (["n-5", "n_6", "n007"], "n8"),
    ],
)
def test_the_next_id_follows_the_highest_number(ids: list[str], free: str) -> None:
    assert edit.free_id(Graph(nodes=tuple(Node(id=id, type=SOURCE) for id in ids))) == free


def test_removed_nodes_take_their_links_and_group_memberships_along() -> None:
    graph = replace(wired("a>b b>c a>c"), groups=(Group("g", "two", ("a", "b")), Group("h", "one", ("b",))))
    assert edit.remove(graph, ["b"]) == replace(
        wired("a c a>c"), groups=(Group("g", "two", ("a",)),)
    )  # fmt: skip


def test_copies_keep_the_links_among_them_and_none_to_others() -> None:
    graph, copies = edit.duplicate(wired("a>b b>c"), ["a", "b"])
    assert copies == ("n1", "n2")
    assert graph.links == (*wired("a>b b>c").links, Link("n1", "", "n2", "x"))
    assert [node.label for node in graph.nodes] == ["a", "b", "c", "a", "b"]


def test_a_copy_of_a_node_named_twice_is_one_copy() -> None:
    assert edit.duplicate(wired("a"), ["a", "a"])[1] == ("n1",)


def test_connecting_adds_a_link_at_the_end() -> None:
    graph = edit.connect(PAIR, "in", "", "hidden", "inputs", TOY)
    assert graph == replace(PAIR, links=(Link("in", "", "hidden", "inputs"),))
    assert edit.connect(graph, "in", "", "hidden", "inputs", TOY) == graph


def test_a_full_port_hands_its_place_to_the_new_link() -> None:
    graph = wired("a>c b", {"a": SOURCE, "b": SOURCE, "c": LAYER}, c={"units": 1})
    assert edit.connect(graph, "b", "", "c", "inputs", TOY).links == (Link("b", "", "c", "inputs"),)


def test_a_merging_port_keeps_the_order_of_its_links() -> None:
    graph = wired("a>m b c", {"a": SOURCE, "b": SOURCE, "c": SOURCE, "m": MERGE})
    for id in ("c", "b"):
        graph = edit.connect(graph, id, "", "m", "inputs", TOY)
    assert [link.source for link in graph.into("m", "inputs")] == ["a", "c", "b"]


def test_the_places_of_a_tuple_are_filled_one_by_one() -> None:
    graph = wired("data fit", {"data": LOAD, "fit": FIT})
    for place, output in enumerate(("x", "y")):
        graph = edit.connect(graph, "data", output, "fit", f"validation_data[{place}]", TOY)
    assert [link.port for link in graph.links] == ["validation_data[0]", "validation_data[1]"]


def test_a_link_clears_the_value_that_it_replaces() -> None:
    graph = edit.set_argument(wired("a b", {"a": SOURCE, "b": SOURCE}), "b", "tensor", 3)
    graph = edit.connect(graph, "a", "", "b", "tensor", TOY)
    assert graph.by_id["b"].args == {}


@pytest.mark.parametrize(
    ("source", "output", "target", "port", "expected"),
    [
        pytest.param(
            "hidden", "", "in", "tensor",
            Problem(
                "cycle",
                "A link from hidden to in would close a cycle.",
                "Connect a node that does not depend on it.",
                ("hidden", "in"),
            ),
            id="a cycle",
        ),
        pytest.param(
            "hidden", "", "hidden", "inputs",
            Problem(
                "cycle",
                "A link from hidden to hidden would close a cycle.",
                "Connect a node that does not depend on it.",
                ("hidden", "hidden"),
            ),
            id="to itself",
        ),
        pytest.param(
            "data", "x", "hidden", "inputs",
            Problem(
                "wrong-link",
                "data hands on array; hidden.inputs expects tensor.",
                "Choose one of the ports that are offered.",
                ("data", "hidden"),
            ),
            id="another type",
        ),
        pytest.param(
            "data", "z", "hidden", "inputs",
            Problem(
                "wrong-link",
                "data hands on nothing; hidden.inputs expects tensor.",
                "Choose one of the ports that are offered.",
                ("data", "hidden"),
            ),
            id="no such output",
        ),
        pytest.param(
            "in", "", "hidden", "nothing",
            Problem(
                "no-port",
                "in hands on tensor; hidden.nothing expects no such port.",
                "Choose one of the ports that are offered.",
                ("in", "hidden"),
            ),
            id="no such port",
        ),
        pytest.param(
            "in", "", "gone", "x",
            Problem("no-node", "The graph has no node gone.", "Choose one of its nodes."),
            id="no such node",
        ),
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_is_refused(
    source: str, output: str, target: str, port: str, expected: Problem
) -> None:
    graph = wired("data in>hidden", {"data": LOAD, "in": SOURCE, "hidden": LAYER}, hidden={"units": 1})
    with pytest.raises(FlowError) as caught:
        edit.connect(graph, source, output, target, port, TOY)
    assert caught.value.problems == (expected,)


def test_disconnecting_takes_one_link_out() -> None:
    graph = wired("a>b b>c")
    assert edit.disconnect(graph, graph.links[0]).links == graph.links[1:]
    assert edit.disconnect(graph, Link("x", "", "y", "z")) == graph


@pytest.mark.parametrize("change", [edit.set_argument, edit.set_call])
def test_a_value_is_set_and_given_back_its_default(change: Any) -> None:
    graph = change(PAIR, "in", "shape", [3])
    part = "args" if change is edit.set_argument else "call"
    assert getattr(graph.by_id["in"], part) == {"shape": [3]}
    assert change(graph, "in", "shape", UNSET) == PAIR
    assert change(PAIR, "in", "shape", UNSET) == PAIR


def test_names_and_notes_are_cut_to_what_a_document_may_hold() -> None:
    assert edit.rename(PAIR, "in", f"  {'x' * 300}").by_id["in"].label == "x" * 200
    assert edit.annotate(PAIR, "in", "x" * 20_000).by_id["in"].note == "x" * 10_000
    assert edit.title(PAIR, f" {'x' * 300}").name == "x" * 200


def test_only_the_nodes_that_are_named_move() -> None:
    graph = edit.place(edit.place(PAIR, {"in": (1, 2)}), {"hidden": (3, 4), "gone": (5, 6)})
    assert [node.position for node in graph.nodes] == [(1, 2), (3, 4)]


def test_ids_that_occur_twice_are_given_anew_and_links_stay_with_the_first() -> None:
    twice = Graph(
        nodes=(Node(id="a", type=SOURCE), Node(id="a", type=LAYER), Node(id="n1", type=MODEL)),
        links=(Link("a", "", "n1", "inputs"),),
    )
    assert edit.renumber(twice) == replace(
        twice, nodes=(twice.nodes[0], replace(twice.nodes[1], id="n2"), twice.nodes[2])
    )


@given(strategies.graphs())
def test_renumbering_leaves_every_id_once_and_every_first_node_alone(graph: Graph) -> None:
    found = edit.renumber(graph)
    assert len(found.by_id) == len(found.nodes) == len(graph.nodes)
    assert found.links == graph.links
    firsts = {node.id: node for node in reversed(graph.nodes)}
    assert {id: found.by_id[id] for id in firsts} == firsts
    assert edit.renumber(found) == found


@given(st.sampled_from(sorted(NETWORK.by_id)))
def test_no_edit_touches_the_graph_that_it_was_given(id: str) -> None:
    before = repr(NETWORK)
    edit.remove(NETWORK, [id])
    edit.duplicate(NETWORK, [id])
    edit.set_argument(NETWORK, id, "units", 5)
    edit.rename(NETWORK, id, "other")
    edit.place(NETWORK, {id: (0, 0)})
    assert repr(NETWORK) == before


def test_a_network_made_by_edits_has_no_problems() -> None:
    graph, source = edit.add(Graph(), SOURCE, TOY, {"shape": [4]})
    graph, layer = edit.add(graph, LAYER, TOY, {"units": 4})
    graph, model = edit.add(graph, MODEL, TOY)
    graph = edit.connect(graph, source, "", layer, "inputs", TOY)
    graph = edit.connect(graph, source, "", model, "inputs", TOY)
    graph = edit.connect(graph, layer, "", model, "outputs", TOY)
    assert check(graph, TOY) == ()
