"""What the app does, as a library does it: graphs are changed, evaluated, run, and gone on with."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import flowcore
from flowcore import api
from flowcore.model.graph import Group
from flowcore.model.preview import ArrayPreview
from tests.watch import until

PLAN = {"loss": "sparse_categorical_crossentropy", "epochs": 2, "validation": 0.0}


@pytest.fixture
def irises(home: Path) -> flowcore.Graph:
    graph = flowcore.Graph(id="irises", name="irises")
    graph, data = flowcore.add(graph, "sklearn.datasets.load_iris")
    graph, row = flowcore.add(graph, "keras.Input", shape=[4])
    graph, _ = flowcore.add(graph, "keras.layers.Dense", after=row, units=3, activation="softmax")
    plan = flowcore.Plan(x=(data, "data"), y=(data, "target"), **PLAN)  # type: ignore[arg-type]
    return flowcore.train(graph, plan)


def test_nodes_are_changed_grouped_and_removed(irises: flowcore.Graph) -> None:
    graph = flowcore.change(irises, "n3", label="kind", note="one of three", units=4, use_bias=False)
    node = graph.by_id["n3"]
    assert (node.label, node.note, node.args["units"], node.args["use_bias"]) == (
        "kind",
        "one of three",
        4,
        False,
    )
    assert "use_bias" not in flowcore.change(graph, "n3", use_bias=flowcore.DEFAULT).by_id["n3"].args
    graph = flowcore.group(graph, "network", "n2", "n3")
    assert graph.groups == (Group("g1", "network", ("n2", "n3")),)
    assert flowcore.group(graph, "", "n2", "n3").groups == ()
    link = graph.into("n3")[0]
    assert flowcore.remove(graph, link).into("n3") == ()
    left = flowcore.remove(graph, "n3")
    assert "n3" not in left.by_id
    assert link not in left.links
    with pytest.raises(flowcore.FlowError, match="n99"):
        flowcore.change(graph, "n99", units=1)


def test_a_value_is_looked_at_without_a_run(irises: flowcore.Graph) -> None:
    found = flowcore.evaluate(irises, "n1")["data"]
    assert isinstance(found, ArrayPreview)
    assert found.shape == (150, 4)
    with pytest.raises(flowcore.FlowError, match="units"):
        flowcore.evaluate(flowcore.change(irises, "n3", units="many"), "n3")
    assert flowcore.evaluate(irises, "n3")


def test_a_run_leaves_its_weights_and_is_gone_on_with(irises: flowcore.Graph) -> None:
    first = flowcore.run(irises, seed=3)
    assert first.state == "done", first.problem
    assert [path.name for path in flowcore.folder(first).glob("*.weights.h5")] == ["n6.weights.h5"]
    longer = flowcore.change(irises, "n6", epochs=3)
    second = flowcore.run(longer, seed=3, resume=first.id, steps_per_execution=1)
    assert second.state == "done", second.problem
    assert [epoch.epoch for epoch in second.epochs] == [1, 2, 3]
    assert [one.metrics for one in second.epochs[:2]] == [one.metrics for one in first.epochs]
    with pytest.raises(flowcore.FlowError, match="'nothing' is not the id of a run"):
        flowcore.run(irises, resume="nothing")


def test_an_evaluation_that_is_stopped_says_so_and_hands_on_no_earlier_answer(home: Path) -> None:
    graph = flowcore.load(flowcore.examples()["digits_mlp"])
    graph = flowcore.change(graph, "n11", epochs=1)
    assert flowcore.evaluate(graph, "n11")
    sessions = api._sessions()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(flowcore.evaluate, flowcore.change(graph, "n11", epochs=10_000), "n11")
        until(lambda: sessions.look(graph.id, "library").run.nodes.get("n11") == "running")
        sessions.stop(graph.id, "library")
        with pytest.raises(flowcore.FlowError, match="It was stopped"):
            asked.result(30)
