"""Signatures: what a value depends on changes them, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flowcore.dataflow import edit
from flowcore.dataflow.network import network
from flowcore.dataflow.order import descendants
from flowcore.dataflow.signature import architecture, part, same, signatures
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from tests.toy import wired
from tests.toy_network import CATALOG, GRAPH, linked, node

NETWORK = {"one", "two", "model"}
AFTER = {"compiled", "seen", "fit", "tested", "again", "last"}


def unequal(one: Graph, other: Graph, catalog: Catalog = CATALOG) -> set[str]:
    return {node.id for node in one.nodes} - same(signatures(one, catalog), signatures(other, catalog))


@pytest.mark.parametrize(
    ("id", "argument", "value", "changed"),
    [
        pytest.param("load", "rows", 9, {"load", "scaled"} | AFTER - {"compiled"}, id="data, what uses them"),
        pytest.param("scaled", "by", 9.0, {"scaled", "fit", "tested", "again", "last"}, id="from there on"),
        pytest.param("two", "units", 9, NETWORK | AFTER, id="a layer changes all of the network"),
        pytest.param("fit", "epochs", 9, {"fit", "tested", "again", "last"}, id="a fit and what goes on"),
    ],
)  # fmt: skip
def test_an_argument_changes_what_depends_on_it_and_nothing_else(
    id: str, argument: str, value: object, changed: set[str]
) -> None:
    assert unequal(GRAPH, edit.set_argument(GRAPH, id, argument, value)) == changed


@given(st.text(max_size=5), st.tuples(st.floats(0, 9), st.floats(0, 9)))
def test_names_places_and_ids_are_no_part_of_a_signature(label: str, position: tuple[float, float]) -> None:
    nodes = tuple(replace(one, id=f"x{one.id}", label=label, position=position) for one in GRAPH.nodes)
    links = tuple(replace(link, source=f"x{link.source}", target=f"x{link.target}") for link in GRAPH.links)
    moved = signatures(replace(GRAPH, nodes=nodes, links=links), CATALOG)
    assert moved == {f"x{id}": signature for id, signature in signatures(GRAPH, CATALOG).items()}


def test_the_seed_counts_for_the_network_and_what_it_is_used_by() -> None:
    one, other = (signatures(GRAPH, CATALOG, seed=seed, data=False) for seed in (1, 2))
    assert same(one, other) == {"load", "scaled", "empty"}


def test_the_seed_counts_for_data_too_where_nobody_knows_what_draws() -> None:
    assert same(*(signatures(GRAPH, CATALOG, seed=seed) for seed in (1, 2))) == set()


@pytest.mark.parametrize(
    ("stamped", "changed"),
    [
        pytest.param("tests.toy_network.scaled", {"scaled", "fit", "tested", "again", "last"}, id="code"),
        pytest.param("words.txt", {"file"}, id="a file"),
        pytest.param("other.txt", set(), id="another file"),
    ],
)
def test_code_and_files_that_changed_count_where_they_are_used(stamped: str, changed: set[str]) -> None:
    graph = replace(GRAPH, nodes=(*GRAPH.nodes, node("file", "load", rows=["words.txt"])))
    one, other = (signatures(graph, CATALOG, stamps={stamped: stamp}) for stamp in ("before", "after"))
    assert {one.id for one in graph.nodes} - same(one, other) == changed


def test_a_descriptor_that_was_revised_counts() -> None:
    nodes = tuple(replace(one, copy=True) if one.name == "scaled" else one for one in CATALOG.nodes)
    revised = signatures(GRAPH, Catalog(CATALOG.versions, nodes))
    assert signatures(GRAPH, CATALOG).keys() - same(signatures(GRAPH, CATALOG), revised) == {
        "scaled",
        *descendants(GRAPH, "scaled"),
    }


def test_links_into_one_port_count_in_their_order() -> None:
    graph = Graph(
        nodes=(node("a", "load", rows=1), node("b", "load", rows=2), node("sum", "added")),
        links=linked("a.>sum.x", "b.>sum.x"),
    )
    assert unequal(graph, replace(graph, links=graph.links[::-1])) == {"sum"}


CNN = wired(
    "in>one one>two in>model.inputs two>model.outputs model>compile.self compile.model>fit.self data.x>fit.x "
    "fit.model>after.layer in2>after.inputs data.x>scaled.x scaled>late.inputs",
    {
        **dict.fromkeys(("in", "in2"), "keras.Input"),
        **dict.fromkeys(("one", "two", "late"), "keras.layers.Dense"),
        "model": "keras.Model",
        "compile": "keras.Model.compile",
        "fit": "keras.Model.fit",
        "data": "fallback.samples.load_digits",
        "scaled": "fallback.prepare.scale",
        "after": "flowcore.call",
    },
)


def test_the_network_is_what_chance_makes_and_ends_where_training_begins(catalog: Catalog) -> None:
    assert network(CNN, catalog) == ("in", "one", "two", "model", "in2", "late")


def test_the_architecture_knows_neither_data_nor_chance(catalog: Catalog) -> None:
    before = architecture(CNN, catalog)
    assert architecture(edit.set_argument(CNN, "scaled", "divisor", 3.0), catalog) == before
    changed = architecture(edit.set_argument(CNN, "one", "units", 3), catalog)
    assert before.keys() - same(before, changed) == {"one", "two", "model"}


def test_a_part_of_a_graph_has_its_links_and_no_others() -> None:
    found = part(GRAPH, ["load", "scaled", "fit"])
    assert [node.id for node in found.nodes] == ["load", "scaled", "fit"]
    assert found.links == linked("load.>scaled.x", "scaled.>fit.x")
