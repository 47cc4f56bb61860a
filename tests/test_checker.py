"""The real check worker: bad graphs, hostile graphs, what is kept between edits, costs, and repairs."""

import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flowcore import api
from flowcore.dataflow import caps, edit
from flowcore.dataflow.check import check, errors
from flowcore.dataflow.repair import repairs
from flowcore.dataflow.targets import Facts
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import Problem
from flowcore.model.value import new
from flowcore.runs.checker import Checker
from tests.bad import BAD, chain, pair
from tests.test_keras_runs import SIAMESE


@pytest.fixture(scope="module", params=["jax", "tensorflow"])
def either(request: pytest.FixtureRequest) -> Iterator[Checker]:
    """A checker on each back end, for the one table."""
    found = Checker(request.param)
    yield found
    found.close()


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    found = Checker()
    yield found
    found.close()


def worker(checker: Checker) -> psutil.Process:
    assert checker._worker is not None
    return psutil.Process(checker._worker.pid)


def found_in(checker: Checker, graph: Graph, catalog: Catalog) -> list[Problem]:
    return [*check(graph, catalog), *checker.report(graph, catalog).problems]


def test_the_checker_takes_jax_whatever_runs_compute_with(
    monkeypatch: pytest.MonkeyPatch, catalog: Catalog
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    found = Checker()
    try:
        found.report(chain(("Dense", {"units": 2}), shape=[2]), catalog)
        loaded = {part.path for part in worker(found).memory_maps()}
    finally:
        found.close()
    assert any("jaxlib" in path for path in loaded)
    assert not any("/tensorflow/" in path for path in loaded)


@pytest.mark.parametrize("name", BAD)
def test_an_error_is_told_at_its_node_with_both_ends_of_the_link(
    either: Checker, catalog: Catalog, name: str
) -> None:
    bad = BAD[name]
    (problem,) = either.report(bad.graph, catalog).problems
    assert (problem.code, problem.nodes) == (bad.code, (bad.node,))
    assert bad.node in problem.message
    assert [word for word in bad.words if word not in str(problem)] == []
    assert "\x1b" not in str(problem)
    assert "Arguments received" not in str(problem)


@pytest.mark.parametrize("name", [name for name, bad in BAD.items() if bad.repaired])
def test_every_repair_of_a_bad_graph_leaves_no_error(checker: Checker, catalog: Catalog, name: str) -> None:
    bad = BAD[name]
    report = checker.report(bad.graph, catalog)
    proposals = repairs(bad.graph, catalog, report.problems[0], Facts(report.shapes, report.dtypes))
    assert [one.label for one in proposals] == list(bad.repaired)
    for one in proposals:
        assert found_in(checker, one.graph, catalog) == [], one.label


LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("Dense", {"units": 3}),
    ("Conv2D", {"filters": 2, "kernel_size": 3}),
    ("Conv1D", {"filters": 2, "kernel_size": 5}),
    ("MaxPooling2D", {}),
    ("LSTM", {"units": 2}),
    ("RepeatVector", {"n": 2}),
    ("Reshape", {"target_shape": [4, 4]}),
    ("BatchNormalization", {"axis": 3}),
    ("Embedding", {"input_dim": 9, "output_dim": 2}),
    ("Flatten", {}),
]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(LAYERS), min_size=1, max_size=4, unique_by=lambda one: one[0]),
    st.lists(st.one_of(st.integers(1, 9), st.none()), max_size=4),
)
def test_a_repair_never_adds_an_error(
    checker: Checker, catalog: Catalog, layers: list[tuple[str, dict[str, Any]]], shape: list[int | None]
) -> None:
    graph = chain(*layers, shape=shape)
    report = checker.report(graph, catalog)
    facts = Facts(report.shapes, report.dtypes)
    before = len(errors((*check(graph, catalog), *report.problems)))
    for problem in report.problems:
        for one in repairs(graph, catalog, problem, facts):
            after = errors(tuple(found_in(checker, one.graph, catalog)))
            assert len(after) <= before, (one.label, after)


HOSTILE = {
    "units": chain(("Dense", {"units": 10**30}), shape=[2]),
    "axes": chain(("Dense", {"units": 1}), shape=[1] * 10**6),
    "kernel": chain(("Conv2D", {"filters": 1, "kernel_size": 10**9}), shape=[4, 4, 1]),
    "repeats": chain(("RepeatVector", {"n": 10**12}), shape=[4]),
    "sequential": Graph(
        nodes=(Node(id="many", type="keras.Sequential", args={"layers": [None] * 10**6}),),
    ),
    "vocabulary": chain(("Dense", {"units": 1, "name": "x" * 10**7}), shape=[4]),
}


def nested(depth: int) -> Any:
    value: Any = None
    for _ in range(depth):
        value = new("keras.layers.TimeDistributed", layer=value)
    return value


HOSTILE["nesting"] = chain(("Bidirectional", {"layer": nested(1000)}), shape=[4, 4])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_graph_costs_nothing_and_the_checker_lives_on(
    checker: Checker, catalog: Catalog, name: str
) -> None:
    good = chain(("Dense", {"units": 2}), shape=[2])
    checker.report(good, catalog)
    process = worker(checker)
    before = process.memory_info().rss, sum(process.cpu_times()[:2])
    (problem,) = checker.report(HOSTILE[name], catalog).problems
    assert problem.code == "too-large"
    assert "cap" in problem.message or "deeper" in problem.message
    assert worker(checker).pid == process.pid
    assert process.memory_info().rss - before[0] < 20 * 2**20
    assert sum(process.cpu_times()[:2]) - before[1] < 0.5
    assert checker.report(good, catalog).shapes["dense"][""] == "(None, 2)"


def test_what_is_within_the_caps_is_worked_out_beside_what_is_not(checker: Checker, catalog: Catalog) -> None:
    graph = chain(("Dense", {"units": 2}), ("Conv2D", {"filters": 10**10, "kernel_size": 1}), shape=[2])
    report = checker.report(graph, catalog)
    assert report.problems == (
        Problem(
            "too-large",
            "conv2d: filters is 10,000,000,000; the cap is 2,147,483,647.",
            "Set filters to a smaller number.",
            ("conv2d",),
        ),
    )
    assert report.shapes["dense"][""] == "(None, 2)"


def test_too_many_nodes_or_parameters_are_told_with_the_cap(checker: Checker, catalog: Catalog) -> None:
    many = Graph(nodes=tuple(Node(id=f"n{i}", type="keras.Input") for i in range(caps.NODES + 1)))
    assert [one.code for one in checker.report(many, catalog).problems] == ["too-many-nodes"]
    large = chain(("Dense", {"units": 2 * 10**9}), ("EinsumDense", {}), shape=[1000])
    (problem,) = checker.report(large, catalog).problems
    assert problem.code == "too-many-parameters"
    assert "2,002,000,000,000" in problem.message
    assert problem.nodes == ("dense",)


def long(length: int) -> Graph:
    layers = [(name, args) for name, args in (("Dense", {"units": 8}),)] * length
    nodes = [Node(id="n0", type="keras.Input", args={"shape": [8]})]
    links = []
    for index, (name, args) in enumerate(layers, start=1):
        nodes.append(Node(id=f"n{index}", type=f"keras.layers.{name}", args=args))
        links.append(Link(f"n{index - 1}", "", f"n{index}", "inputs"))
    nodes.append(Node(id="model", type="keras.Model"))
    links += [Link("n0", "", "model", "inputs"), Link(f"n{length}", "", "model", "outputs")]
    return Graph(id="kept", nodes=tuple(nodes), links=tuple(links))


EDITS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(
            [("units", 4), ("units", 8), ("units", 9), ("activation", "relu"), ("use_bias", False)]
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS, st.booleans())
def test_after_any_edits_the_report_is_that_of_a_graph_never_seen_before(
    checker: Checker, catalog: Catalog, edits: list[tuple[int, tuple[str, Any]]], cut: bool
) -> None:
    graph = long(6)
    for index, (name, value) in edits:
        graph = edit.set_argument(graph, f"n{index}", name, value)
        kept = checker.report(graph, catalog)
    if cut:
        graph = edit.disconnect(graph, graph.into("n4")[0])
        kept = checker.report(graph, catalog)
    assert kept == checker.report(replace(graph, id=""), catalog)


def test_a_shared_layer_is_made_anew_where_a_call_of_it_changes(checker: Checker, catalog: Catalog) -> None:
    graph = replace(SIAMESE, id="siamese")
    checker.report(graph, catalog)
    for shape in ([5], [4], [4, 4]):
        graph = edit.set_argument(edit.set_argument(graph, "right", "shape", shape), "left", "shape", shape)
        assert checker.report(graph, catalog) == checker.report(replace(graph, id=""), catalog)
    gone = edit.remove(graph, ["again"])
    assert checker.report(gone, catalog) == checker.report(replace(gone, id=""), catalog)


def test_a_thousand_edits_leave_the_memory_of_the_checker_as_it_is(checker: Checker, catalog: Catalog) -> None:
    graph = long(10)
    for turn in range(500):
        checker.report(edit.set_argument(graph, "n5", "units", 8 + turn % 7), catalog)
    process = worker(checker)
    before = process.memory_info().rss
    for turn in range(500):
        checker.report(edit.set_argument(graph, "n5", "units", 8 + turn % 7), catalog)
    assert process.memory_info().rss - before < 20 * 2**20


def attention() -> Graph:
    return pair("MultiHeadAttention", [5, 8], [7, 8], num_heads=2, key_dim=4)


COSTS: dict[str, tuple[Graph, str, int, int]] = {
    "dense": (chain(("Dense", {"units": 3}), shape=[5]), "dense", 18, 5 * 3),
    "dense on a sequence": (chain(("Dense", {"units": 3}), shape=[4, 5]), "dense", 18, 4 * 5 * 3),
    "conv1d": (chain(("Conv1D", {"filters": 4, "kernel_size": 3}), shape=[10, 2]), "conv1d", 28, 8 * 4 * 3 * 2),
    "conv2d with groups": (
        chain(("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2, "padding": "same"}), shape=[6, 6, 2]),
        "conv2d",
        40,
        36 * 4 * 9 * 1,
    ),
    "conv3d": (
        chain(("Conv3D", {"filters": 2, "kernel_size": 2}), shape=[4, 4, 4, 3]),
        "conv3d",
        50,
        27 * 2 * 8 * 3,
    ),
    "transposed": (
        chain(("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2}), shape=[5, 5, 2]),
        "conv2dtranspose",
        76,
        25 * 2 * 9 * 4,
    ),
    "depthwise": (
        chain(("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}), shape=[6, 6, 3]),
        "depthwiseconv2d",
        60,
        16 * 3 * 2 * 9,
    ),
    "separable": (
        chain(("SeparableConv2D", {"filters": 8, "kernel_size": 3}), shape=[6, 6, 3]),
        "separableconv2d",
        59,
        16 * (3 * 9 + 3 * 8),
    ),
    "lstm": (chain(("LSTM", {"units": 3}), shape=[5, 2]), "lstm", 72, 5 * 4 * 3 * (2 + 3)),
    "gru": (chain(("LSTM", {"units": 3}), shape=[5, 2]), "lstm", 72, 5 * 4 * 3 * (2 + 3)),
    "bidirectional": (
        chain(("Bidirectional", {"layer": new("keras.layers.GRU", units=3)}), shape=[5, 2]),
        "bidirectional",
        126,
        2 * 5 * 3 * 3 * (2 + 3),
    ),
    "embedding": (
        chain(("Embedding", {"input_dim": 10, "output_dim": 4}), shape=[5], dtype="int32"),
        "embedding",
        40,
        0,
    ),
    "attention of heads": (
        attention(),
        "both",
        4 * 64 + 24 + 8,
        5 * 8 * 8 + 2 * 7 * 8 * 8 + 2 * 5 * 7 * (4 + 4) + 5 * 8 * 8,
    ),
    "flatten": (chain(("Flatten", {}), shape=[4, 4]), "flatten", 0, 0),
}
del COSTS["gru"]


@pytest.mark.parametrize("name", COSTS)
def test_multiply_adds_and_parameters_are_those_counted_by_hand(
    either: Checker, catalog: Catalog, name: str
) -> None:
    graph, node, parameters, multiply_adds = COSTS[name]
    report = either.report(graph, catalog)
    assert report.problems == ()
    assert (report.costs[node].parameters, report.costs[node].multiply_adds) == (parameters, multiply_adds)
    assert report.costs[node].weights == 4 * parameters


def test_a_model_costs_what_its_layers_do_and_an_open_size_leaves_it_unknown(
    checker: Checker, catalog: Catalog
) -> None:
    report = checker.report(api.load(api.examples()["digits_cnn"]), catalog)
    costs = [report.costs[id] for id in ("n4", "n5", "n6", "n7", "n8", "n9")]
    assert report.costs["n10"].multiply_adds == sum(one.multiply_adds or 0 for one in costs)
    assert report.costs["n10"].activations == sum(one.activations or 0 for one in costs)
    assert {report.dtypes[id][""] for id in ("n4", "n9")} == {"float32"}
    open_ = checker.report(chain(("Dense", {"units": 3}), shape=[None, 5]), catalog)
    assert open_.costs["dense"].multiply_adds is None
    assert open_.costs["dense"].parameters == 18


def test_a_graph_that_takes_too_long_is_given_up_and_the_next_one_works(catalog: Catalog) -> None:
    slow = long(3000)
    found = Checker()
    try:
        began = time.monotonic()
        (problem,) = found.report(slow, catalog).problems
        assert time.monotonic() - began < 60
        assert problem.code == "check-failed"
        assert "2 s" in problem.message
        assert found.report(long(2), catalog).problems == ()
    finally:
        found.close()
