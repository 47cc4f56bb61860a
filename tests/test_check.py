"""Every code that check can give, with its exact words."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from msgspec.structs import replace

import flowcore.dataflow
from flowcore import api
from flowcore.dataflow.check import check, errors, require
from flowcore.dataflow.document import read, write
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError, Problem
from flowcore.store import descriptors
from tests import strategies
from tests.toy import CALL, EVALUATE, FIT, LAYER, LOAD, MERGE, MODEL, NETWORK, PASS, SOURCE, TOY, wired

SHIPPED = descriptors.load()


def layer(**args: Any) -> Graph:
    return wired("in>hidden", {"in": SOURCE, "hidden": LAYER}, hidden=args)


def one(type_: str, **more: Any) -> Graph:
    return Graph(nodes=(Node(id="n1", type=type_, **more),))


CASES = {
    "duplicate-id": (
        Graph(nodes=(Node(id="a", type=PASS), Node(id="b", type=PASS), Node(id="a", type=PASS))),
        Problem(
            "duplicate-id",
            "2 nodes have the id a; expected one.",
            "Give all but one of them another id.",
            ("a",),
        ),
    ),
    "cycle": (
        wired("a>b b>c c>a"),
        Problem(
            "cycle",
            "The graph has a cycle: a -> b -> c -> a.",
            "Remove one of its links, for instance c -> a.",
            ("a", "b", "c"),
        ),
    ),
    "bad-value": (
        one(PASS, args={"x": [{"$float": "much"}]}),
        Problem(
            "bad-value",
            "passed: x[0] needs one of nan, inf, -inf under $float, and nothing else.",
            "Correct the value.",
            ("n1",),
        ),
    ),
    "bad-value that is no number": (
        layer(units=1, rate=float("nan")),
        Problem(
            "bad-value",
            'hidden: rate is nan, which JSON does not have; expected {"$float": "nan"}.',
            "Correct the value.",
            ("hidden",),
        ),
    ),
    "unknown-type": (
        one("torch.nn.Linear"),
        Problem(
            "unknown-type",
            "Linear needs torch.nn.Linear, which no catalogue describes.",
            "Describe the package with `flowcore describe torch`, or replace the node.",
            ("n1",),
        ),
    ),
    "unknown-type inside a value": (
        one(PASS, label="mine", args={"x": [{"$ref": "os.system"}]}),
        Problem(
            "unknown-type",
            "mine needs os.system, which no catalogue describes.",
            "Describe the package with `flowcore describe os`, or replace the node.",
            ("n1",),
        ),
    ),
    "not-allowed": (
        one("toy.Evil"),
        Problem(
            "not-allowed",
            "Evil uses toy.Evil, which can run code of its own and is never run here.",
            "Remove it.",
            ("n1",),
        ),
    ),
    "not-allowed inside a value": (
        one(PASS, args={"x": {"$new": "toy.Evil"}}),
        Problem(
            "not-allowed",
            "passed uses toy.Evil, which can run code of its own and is never run here.",
            "Remove it.",
            ("n1",),
        ),
    ),
    "not-available": (
        one("toy.Absent"),
        Problem(
            "not-available",
            "Absent uses toy.Absent, which needs a package that is not installed.",
            "Install what it needs, or remove the node.",
            ("n1",),
        ),
    ),
    "missing-argument of a form": (
        layer(),
        Problem("missing-argument", "hidden needs units.", "Set units: int.", ("hidden",)),
    ),
    "missing-argument of a port": (
        wired("model in>model.inputs", {"in": SOURCE, "model": MODEL}),
        Problem(
            "missing-argument", "model needs outputs.", "Connect a tensor to its port outputs.", ("model",)
        ),
    ),
    "missing-argument of a call": (
        wired(
            "in>hidden hidden.layer>again",
            {"in": SOURCE, "hidden": LAYER, "again": CALL},
            hidden={"units": 1},
        ),
        Problem(
            "missing-argument", "again needs inputs.", "Connect a tensor to its port inputs.", ("again",)
        ),
    ),
    "unknown-argument": (
        layer(units=1, unit=2),
        Problem(
            "unknown-argument",
            "hidden: Layer has no argument unit; it has units, activation, rate, odd, inner.",
            "Remove it.",
            ("hidden",),
        ),
    ),
    "unknown-argument of a call": (
        Graph(
            nodes=(
                Node(id="in", type=SOURCE),
                Node(id="m", type=MERGE, call={"mask": 1}),
            ),
            links=(Link("in", "", "m", "inputs"),),
        ),
        Problem(
            "unknown-argument", "Merge: Merge has no argument mask; it has inputs.", "Remove it.", ("m",)
        ),
    ),
    "argument-twice": (
        wired("a>b.tensor", {"a": SOURCE, "b": SOURCE}, b={"tensor": None}),
        Problem(
            "argument-twice",
            "b: tensor has a value and a link.",
            "Clear the value, or remove the link.",
            ("b",),
        ),
    ),
    "unsupported-argument": (
        layer(units=1, odd=5),
        Problem(
            "unsupported-argument",
            "hidden: the type of odd is not known, so its value is kept out of the call.",
            "Clear it, or revise the descriptor.",
            ("hidden",),
            "notice",
        ),
    ),
    "wrong-type": (
        layer(units="many"),
        Problem("wrong-type", "hidden: units is 'many'; expected int.", "Change the value.", ("hidden",)),
    ),
    "wrong-type out of range": (
        layer(units=0),
        Problem("wrong-type", "hidden: units is 0; expected at least 1.", "Change the value.", ("hidden",)),
    ),
    "unconnected": (
        wired("hidden", {"hidden": LAYER}, hidden={"units": 1}),
        Problem(
            "unconnected",
            "hidden has no input and nothing uses it.",
            "Connect a tensor to its port inputs.",
            ("hidden",),
            "notice",
        ),
    ),
    "dangling-link from nowhere": (
        Graph(nodes=(Node(id="b", type=PASS, label="end"),), links=(Link("a", "", "b", "x"),)),
        Problem(
            "dangling-link",
            "A link from a to end ends nowhere: there is no node a.",
            "Remove the link.",
            ("b",),
        ),
    ),
    "dangling-link to nowhere": (
        Graph(nodes=(Node(id="a", type=PASS),), links=(Link("a", "", "b", "x"),)),
        Problem(
            "dangling-link",
            "A link from passed to b ends nowhere: there is no node b.",
            "Remove the link.",
            ("a",),
        ),
    ),
    "no-output": (
        wired("data.z>use", {"data": LOAD}),
        Problem(
            "no-output",
            "data has no output z; it has x, y.",
            "Remove the link data -> use.x, or connect another output.",
            ("data", "use"),
        ),
    ),
    "no-output beside the whole value": (
        wired("in.z>use", {"in": SOURCE}),
        Problem(
            "no-output",
            "in has no output z; it has the whole value.",
            "Remove the link in -> use.x, or connect another output.",
            ("in", "use"),
        ),
    ),
    "no-port": (
        wired("in>other.y", {"in": SOURCE}),
        Problem(
            "no-port",
            "in cannot reach other.y: there is no such port; it has x.",
            "Remove the link in -> other.y, or connect another output.",
            ("in", "other"),
        ),
    ),
    "wrong-link": (
        wired("data.x>hidden", {"data": LOAD, "hidden": LAYER}, hidden={"units": 1}),
        Problem(
            "wrong-link",
            "data hands on an array, but hidden.inputs takes tensor.",
            "Remove the link data -> hidden.inputs, or connect another output.",
            ("data", "hidden"),
        ),
    ),
    "port-full": (
        wired("a>hidden b>hidden", {"a": SOURCE, "b": SOURCE, "hidden": LAYER}, hidden={"units": 1}),
        Problem("port-full", "hidden.inputs takes 1 link, found 2.", "Remove the others.", ("hidden",)),
    ),
    "ambiguous-order": (
        wired(
            "in>model.inputs in>model.outputs model>fit model>test data.x>fit.x data.x>test.x",
            {"in": SOURCE, "model": MODEL, "fit": FIT, "test": EVALUATE, "data": LOAD},
        ),
        Problem(
            "ambiguous-order",
            "fit and test use the same object of model, and fit changes it.",
            "Chain them: connect test to the output of fit.",
            ("fit", "test"),
        ),
    ),
    "ambiguous-order by two names of one object": (
        wired(
            "in>model.inputs in>model.outputs model>fit fit.model>again fit>test data.x>fit.x data.x>again.x"
            " data.x>test.x",
            {"in": SOURCE, "model": MODEL, "fit": FIT, "again": FIT, "test": EVALUATE, "data": LOAD},
        ),
        Problem(
            "ambiguous-order",
            "again and test use the same object of fit, and again changes it.",
            "Chain them: connect test to the output of again.",
            ("again", "test"),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("graph", "expected"), CASES.values(), ids=CASES)
def test_a_problem_says_what_is_wrong_where_and_what_to_do(graph: Graph, expected: Problem) -> None:
    assert check(graph, TOY) == (expected,)


def test_every_code_that_check_can_give_is_in_the_table() -> None:
    folder = Path(flowcore.dataflow.__path__[0])
    source = "".join(path.read_text() for path in folder.glob("check*.py"))
    written = re.findall(r'Problem\(\s*"([a-z-]+)"', source)
    written += re.findall(r'_bad_link\(source, target, "([a-z-]+)"', source)
    assert {*written, "cycle"} == {problem.code for _, problem in CASES.values()} | {"empty"}


@pytest.mark.parametrize(
    "graph",
    [
        pytest.param(Graph(), id="nothing"),
        pytest.param(NETWORK, id="a network"),
        pytest.param(wired("a>m b>m c>m", dict.fromkeys("abc", SOURCE) | {"m": MERGE}), id="a merge"),
        pytest.param(
            wired("data.x>fit.x data.x>fit.validation_data[0] data.y>fit.validation_data[1]"
                  " in>m.inputs in>m.outputs m>fit",
                  {"data": LOAD, "fit": FIT, "m": MODEL, "in": SOURCE}),
            id="a tuple filled place by place",
        ),
        pytest.param(
            wired("in>one one.layer>again in>again.inputs", {"in": SOURCE, "one": LAYER, "again": CALL},
                  one={"units": 1}),
            id="a layer that is shared",
        ),
        pytest.param(
            wired("one.layer>again in>again.inputs", {"in": SOURCE, "one": LAYER, "again": CALL},
                  one={"units": 1}),
            id="a layer that is only handed on",
        ),
        pytest.param(
            wired("in>hidden hidden.1>use", {"in": SOURCE, "hidden": LAYER}, hidden={"units": 1}),
            id="an index into results, known only once it has run",
        ),
        pytest.param(
            wired("in>model.inputs in>model.outputs model>test test.model>other data.x>test.x data.x>other.x",
                  {"in": SOURCE, "model": MODEL, "test": EVALUATE, "other": EVALUATE, "data": LOAD}),
            id="two users that change nothing",
        ),
        pytest.param(layer(units=1, activation=None), id="None where that is allowed"),
    ],
)  # fmt: skip
def test_a_graph_in_order_has_no_problems(graph: Graph) -> None:
    assert check(graph, TOY) == ()


def test_everything_is_listed_at_once_documents_first_then_nodes_then_links() -> None:
    graph = Graph(
        nodes=(Node(id="a", type="x.Gone"), Node(id="b", type=LAYER, args={"rate": 2})),
        links=(Link("b", "", "b", "inputs"), Link("c", "", "b", "inputs")),
    )
    assert [problem.code for problem in check(graph, TOY)] == [
        "cycle",
        "unknown-type",
        "wrong-type",
        "missing-argument",
        "dangling-link",
        "port-full",
    ]


@pytest.mark.parametrize("values", [(1, True, 1.0), (True, 1.0, 1), (1.0, 1, True)], ids=repr)
def test_values_that_are_equal_but_of_different_types_are_told_apart(values: tuple[Any, ...]) -> None:
    names = [type(item).__name__ for item in values]
    source, layers = Node(id="in", type=SOURCE), []
    for name, item in zip(names, values, strict=True):
        layers.append(Node(id=name, type=LAYER, args={"units": item}))
    links = tuple(Link("in", "", name, "inputs") for name in names)
    found = check(Graph(nodes=(source, *layers), links=links), TOY)
    assert [problem.nodes for problem in found] == [(name,) for name in names if name != "int"]


def test_a_link_is_not_fine_because_one_from_the_same_type_of_node_is() -> None:
    """A layer that nothing is linked to hands on itself, one that is called what it makes."""
    types = {"in": SOURCE, "called": LAYER, "bare": LAYER, "one": LAYER, "two": LAYER}
    units = {id: {"units": 1} for id in types if id != "in"}
    graph = wired("in>called called>one bare>two", types, **units)
    assert [problem.code for problem in check(graph, TOY)] == ["wrong-link"]
    assert check(graph, TOY)[0].nodes == ("bare", "two")


def test_a_value_and_a_link_for_an_argument_that_there_is_not_are_no_value_twice() -> None:
    graph = layer(units=1, gone=1)
    graph = replace(graph, links=(*graph.links, Link("in", "", "hidden", "gone")))
    assert sorted(problem.code for problem in check(graph, TOY)) == ["no-port", "unknown-argument"]


def test_a_port_of_one_shared_call_is_none_of_another() -> None:
    layers = {"dense": "keras.layers.Dense", "attention": "keras.layers.MultiHeadAttention"}
    types = {"in": "keras.Input", **layers, "first": CALL, "second": CALL}
    links = "in>first.inputs in>second.inputs dense.layer>first.layer attention.layer>second.layer"
    args = {"dense": {"units": 1}, "attention": {"num_heads": 1, "key_dim": 1}}
    found = check(wired(links, types, **args), SHIPPED)
    assert [(one.code, one.nodes) for one in found if "port" in one.code] == [("no-port", ("in", "second"))]


@given(strategies.graphs())
@settings(max_examples=120)
def test_what_is_found_does_not_depend_on_what_was_looked_at_before(graph: Graph) -> None:
    assume(len(graph.by_id) == len(graph.nodes) and all(node.type != CALL for node in graph.nodes))
    backwards = replace(graph, nodes=graph.nodes[::-1], links=graph.links[::-1])
    assert _of_one(check(graph, TOY)) == _of_one(check(backwards, TOY))


def _of_one(problems: tuple[Problem, ...]) -> list[Problem]:
    """The problems of single nodes and links: others name what comes first."""
    several = ("cycle", "ambiguous-order")
    return sorted((one for one in problems if one.code not in several), key=lambda one: (one.nodes, str(one)))


def test_an_empty_graph_is_in_order_but_cannot_run() -> None:
    with pytest.raises(FlowError) as caught:
        require(Graph(), TOY)
    assert caught.value.problems == (
        Problem("empty", "The graph has no nodes.", "Add a node, or open an example."),
    )


def test_notices_keep_no_graph_from_running() -> None:
    graph = layer(units=1, odd=5)
    assert check(graph, TOY)
    assert errors(check(graph, TOY)) == ()
    require(graph, TOY)


def test_what_is_required_is_raised_with_all_its_problems() -> None:
    graph = layer(rate=5, odd=1)
    with pytest.raises(FlowError) as caught:
        require(graph, TOY)
    assert [problem.code for problem in caught.value.problems] == ["wrong-type", "missing-argument"]
    assert str(caught.value) == (
        "hidden: rate is 5; expected less than 1. Change the value.\nhidden needs units. Set units: int."
    )


@pytest.mark.parametrize("name", sorted(api.examples()))
def test_the_shipped_examples_have_no_problems(name: str) -> None:
    assert api.check(api.load(api.examples()[name])) == ()


def test_a_link_into_nothing_makes_no_order_ambiguous() -> None:
    nodes = (Node(id="a", type="toy.Input"), Node(id="b", type="toy.Model.fit"))
    graph = Graph(nodes=nodes, links=(Link("a", "", "b", "self"), Link("a", "", "gone", "self")))
    assert "ambiguous-order" not in {problem.code for problem in check(graph, TOY)}


@given(strategies.graphs())
@settings(max_examples=120)
def test_check_never_raises_on_any_document(graph: Graph) -> None:
    _sensible(graph, TOY)


@given(strategies.real_graphs(SHIPPED))
@settings(max_examples=120)
def test_check_never_raises_on_the_shipped_catalogue_whatever_the_arguments(graph: Graph) -> None:
    found, catalog = _sensible(graph, SHIPPED), SHIPPED
    try:
        read(write(graph), catalog)
    except FlowError:
        assert "bad-value" in [problem.code for problem in found]


def _sensible(graph: Graph, catalog: Catalog) -> tuple[Problem, ...]:
    found = check(graph, catalog)
    assert all(problem.message and problem.hint for problem in found)
    assert all(id in graph.by_id for problem in found for id in problem.nodes)
    return found
