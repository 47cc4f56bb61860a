"""What has to run for a value, with real objects that chance makes and methods change; no process."""

import copy
import os
import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcore.dataflow import edit
from flowcore.dataflow.network import network
from flowcore.dataflow.order import ordered
from flowcore.model.frame import EvaluateRequest
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.worker.channel import Channel
from flowcore.worker.checksum import checksum
from flowcore.worker.evaluate import Outputs, evaluate
from flowcore.worker.keep import Values
from flowcore.worker.weights import Weights
from flowcore.worker.work import Work
from tests.toy_network import CATALOG, GRAPH, linked, node

NAN = float("nan")
RESULTS = {
    "scaled": "",
    "seen": "metrics",
    "fit": "history",
    "tested": "metrics",
    "again": "history",
    "last": "metrics",
}
CHOICES = {
    ("load", "rows"): (2, 4),
    ("scaled", "by"): (0.5, 2.0),
    ("one", "units"): (1, 2),
    ("two", "units"): (1, 3),
    ("compiled", "rate"): (0.1, 0.2),
    ("fit", "epochs"): (1, 2),
    ("again", "epochs"): (1, 3),
}


class Bench:
    """A session without its process."""

    def __init__(self, channel: Channel) -> None:
        self._values = Values()
        self._initial = Weights()
        self._channel = channel

    def work(self, graph: Graph, seed: int = 3) -> Work:
        usable = tuple(one.id for one in graph.nodes)
        request = EvaluateRequest(graph, CATALOG, "", usable, seed=seed)
        return Work(request, self._values, self._initial, self._channel)

    def run(self, graph: Graph, id: str, seed: int = 3) -> tuple[list[str], Any]:
        """What ran, and the value."""
        work = self.work(graph, seed)
        work.bring([id])
        return work.ran, self.value(id)

    def value(self, id: str) -> Any:
        return copy.deepcopy(self._values[id].get(RESULTS.get(id, "")))


@pytest.fixture(scope="module")
def channel() -> Channel:
    """One that nobody writes to, and whose events nobody reads. Its ends stay open: see `Channel`."""
    frames, _ = os.pipe()
    return Channel(os.fdopen(frames, "rb"), open(os.devnull, "wb"))


@pytest.fixture
def bench(channel: Channel) -> Bench:
    return Bench(channel)


def in_full(graph: Graph, wanted: str, seed: int = 3) -> Any:
    """The value of a node in a run of the whole graph, from nothing."""
    values: dict[str, Outputs] = {}
    first = next(iter(network(graph, CATALOG)), "")
    random.seed(seed)
    for one in ordered(graph).nodes:
        id = one.id
        if id == first:
            keras.utils.set_random_seed(seed)
        values[id] = evaluate(graph, one, CATALOG, values, _call)
        if id == wanted:
            return copy.deepcopy(values[id].get(RESULTS.get(id, "")))
    raise AssertionError(wanted)


def _call(target: Any, name: str, args: dict[str, Any]) -> Any:
    return getattr(target, name)(**args)


steps = st.lists(
    st.tuples(
        st.sampled_from(sorted(CHOICES)).flatmap(
            lambda place: st.tuples(st.just(place), st.sampled_from(CHOICES[place]))
        ),
        st.sampled_from(sorted(RESULTS)),
    ),
    min_size=1,
    max_size=8,
)


@given(steps)
def test_after_any_edits_in_any_order_values_are_those_of_a_full_run(
    channel: Channel, steps: list[Any]
) -> None:
    bench, graph = Bench(channel), GRAPH
    for ((id, argument), value), wanted in steps:
        graph = edit.set_argument(graph, id, argument, value)
        assert bench.run(graph, wanted)[1] == in_full(graph, wanted)


DRAWING = Graph(
    id="drawing",
    nodes=(
        node("a", "load", rows=1), node("b", "load", rows=0), node("c", "load", rows=2),
        node("d", "scaled", by=2.0), node("e", "load", rows=1),
    ),
    links=linked("c.>d.x"),
)  # fmt: skip
looks = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "e"]), st.sampled_from([0, 1, 2, None]),
        st.sampled_from("abcde"), st.sampled_from([3, 4]),
    ),
    max_size=8,
)  # fmt: skip


@given(looks)
def test_data_draw_as_in_a_run_with_this_seed_whatever_was_looked_at(channel: Channel, looks: Any) -> None:
    bench = Bench(channel)
    for id, rows, wanted, seed in looks:
        graph = edit.remove(DRAWING, [id]) if rows is None else edit.set_argument(DRAWING, id, "rows", rows)
        if wanted in graph.by_id:
            work = bench.work(graph, seed)
            work.bring([wanted])
            assert wanted in work.kept()
            assert all(bench.value(one) == in_full(graph, one, seed) for one in work.kept())


def test_of_what_draws_nothing_another_seed_makes_nothing_anew(bench: Bench) -> None:
    assert bench.run(DRAWING, "e")[0] == ["e", "a", "b", "c", "d", "e"]
    assert bench.run(DRAWING, "b", seed=4)[0] == []
    assert bench.run(DRAWING, "c", seed=4)[0] == ["a", "c"]


NETWORK = ["one", "two", "model"]


@pytest.mark.parametrize(
    ("first", "changed", "then", "expected"),
    [
        pytest.param("last", None, "last", [], id="nothing changed, nothing runs"),
        pytest.param("scaled", None, "load", [], id="what came before is kept"),
        pytest.param("scaled", ("scaled", "by", 2.0), "scaled", ["scaled"], id="only what changed"),
        pytest.param("scaled", ("load", "rows", 2), "scaled", ["load", "scaled"], id="and what uses it"),
        pytest.param("last", ("scaled", "by", 2.0), "seen", [], id="and nothing beside it"),
        pytest.param("model", ("two", "units", 1), "one", NETWORK, id="the network as a whole"),
        pytest.param("model", ("load", "rows", 2), "one", [], id="the network needs no data"),
        pytest.param(
            "fit", ("fit", "epochs", 5), "fit", [*NETWORK, "compiled", "seen", "fit"],
            id="a second fit begins with a new network",
        ),
        pytest.param("fit", None, "tested", ["tested"], id="a look at what was trained trains nothing"),
        pytest.param("tested", None, "again", ["again"], id="the next fit goes on from the first"),
        pytest.param(
            "last", ("again", "epochs", 2), "again",
            [*NETWORK, "compiled", "seen", "fit", "tested", "again"],
            id="what a later fit has changed is made anew",
        ),
        pytest.param("last", ("again", "epochs", 2), "tested", [], id="but its results stay true"),
    ],
)  # fmt: skip
def test_no_more_runs_than_has_to(
    bench: Bench, first: str, changed: tuple[str, str, Any] | None, then: str, expected: list[str]
) -> None:
    bench.run(GRAPH, first)
    graph = edit.set_argument(GRAPH, *changed) if changed else GRAPH
    assert bench.run(graph, then)[0] == expected


def test_chance_is_where_the_network_left_it_whatever_ran_in_between(bench: Bench) -> None:
    bench.run(GRAPH, "model")
    assert bench.run(GRAPH, "scaled")[0] == ["load", "scaled"]
    assert bench.run(GRAPH, "fit") == (["compiled", "seen", "fit"], in_full(GRAPH, "fit"))


def test_layers_are_looked_at_as_they_were_built_after_training_too(bench: Bench) -> None:
    nodes = (*GRAPH.nodes[:6], node("weight", "weighed"), *GRAPH.nodes[6:])
    graph = Graph(id="toy", nodes=nodes, links=(*GRAPH.links, *linked("two.>weight.layers")))
    bench.run(graph, "fit")
    assert bench.run(graph, "weight") == ([*NETWORK, "weight"], in_full(graph, "weight"))


def test_an_iterator_that_was_used_up_is_made_again(bench: Bench) -> None:
    graph = Graph(
        nodes=(
            node("load", "load", rows=4),
            node("it", "one_by_one"),
            node("sum", "added"),
            node("other", "added"),
        ),
        links=linked("load.>it.x", "it.>sum.x", "it.>other.x"),
    )
    assert bench.run(graph, "sum") == (["load", "it", "sum"], in_full(graph, "sum"))
    assert bench.run(graph, "other") == (["it", "other"], in_full(graph, "sum"))


def _row(table: pd.DataFrame) -> None:
    table.loc[1, "a"] = 9.0


CELLS = np.empty(2, object)
CELLS[:] = [[1], "b"]


@pytest.mark.parametrize(
    ("value", "change"),
    [
        pytest.param(np.arange(6.0).reshape(2, 3), lambda one: one.__imul__(2), id="numbers"),
        pytest.param(np.arange(6).reshape(2, 3).T[:, ::-1], np.random.default_rng(0).shuffle, id="order"),
        pytest.param(np.array(["a", "b"]), lambda one: one.put(0, "c"), id="words"),
        pytest.param(CELLS, lambda one: one[0].append(2), id="cells"),
        pytest.param(np.ma.array([1, 2]), lambda one: one.__iadd__(1), id="a masked array"),
        pytest.param({"a": [np.zeros(2)]}, lambda one: one["a"][0].fill(1), id="what is nested"),
        pytest.param([3, NAN, "a"], list.reverse, id="a list"),
        pytest.param(pd.DataFrame({"a": [1.0, NAN], "b": ["x", "y"]}), _row, id="a cell of a table"),
        pytest.param(pd.DataFrame({"a": [1]}), lambda one: one.insert(0, "b", 1), id="a new column"),
        pytest.param(pd.DataFrame({"a": [1]}), lambda one: setattr(one, "columns", ["b"]), id="names"),
        pytest.param(pd.DataFrame({"a": [[1]]}), lambda one: one.__setitem__("b", 1), id="beside lists"),
        pytest.param(pd.Series([2, 1]), lambda one: one.__setitem__(0, 3), id="a value of a column"),
    ],
)  # fmt: skip
def test_a_change_in_place_is_noticed(value: Any, change: Callable[[Any], object]) -> None:
    before = checksum(value)
    assert checksum(value) == before
    change(value)
    assert checksum(value) != before


def test_a_list_in_itself_and_a_network_have_checksums() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert checksum(circle) == checksum(circle)
    tensor = keras.Input((3,))
    assert checksum([tensor]) == checksum([tensor])


def test_what_shares_the_memory_of_a_changed_array_is_made_again() -> None:
    values, whole = Values(), np.arange(4)
    for id, value in {
        "whole": whole,
        "half": whole[:2],
        "pair": (whole[2:], 1),
        "copy": whole.copy(),
    }.items():
        values.put(id, "s", Outputs(value))
    values.outdate(whole)
    assert {id for id in values if values.holds(id, "s")} == {"copy"}


def test_a_fault_elsewhere_in_the_network_keeps_nobody_from_looking(bench: Bench) -> None:
    nodes = (*GRAPH.nodes, node("bad", "Layer", units="many"))
    graph = Graph(id="toy", nodes=nodes, links=(*GRAPH.links, *linked("two.>bad.inputs")))
    assert bench.run(graph, "tested")[1] == in_full(GRAPH, "tested")
    with pytest.raises(FlowError, match="bad failed"):
        bench.run(graph, "bad")


def test_a_fit_that_failed_leaves_nothing_to_go_on_from(bench: Bench) -> None:
    bench.run(GRAPH, "seen")
    failing = edit.set_argument(GRAPH, "fit", "epochs", "two")
    with pytest.raises(FlowError, match="fit failed"):
        bench.run(failing, "fit")
    ran, value = bench.run(GRAPH, "fit")
    assert ran == [*NETWORK, "compiled", "seen", "fit"]
    assert value == in_full(GRAPH, "fit")
