"""Real training by the real engine, and shapes by the real checker: the slow part."""

import fcntl
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import psutil
import pytest
from msgspec.structs import replace

from flowcore import api
from flowcore.dataflow import edit, plan
from flowcore.dataflow.check import check
from flowcore.dataflow.read_script import read_script
from flowcore.model import event as e
from flowcore.model.descriptor import Catalog, Range, merge
from flowcore.model.event import LayerRow
from flowcore.model.frame import RunRequest, ShapeReport
from flowcore.model.graph import Graph, Link, Node, types
from flowcore.model.problem import Problem
from flowcore.model.run import Run, Settings
from flowcore.runs.checker import LIMIT, Checker
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import runs
from tests.toy import wired

SCRIPT = Path(__file__).parent / "scripts" / "digits_cnn.py"
LAYERS = "keras.layers."
TYPES = {
    "Input": "keras.Input",
    "Model": "keras.Model",
    "call": "flowcore.call",
    **{
        name: f"{LAYERS}{name}"
        for name in ("Dense", "Conv2D", "Flatten", "Add", "Concatenate", "LSTM", "Dropout", "Bidirectional")
    },
}


def network(links: str, **nodes: tuple[str, dict[str, object]]) -> Graph:
    """Links as in `wired`; each node by its type's name and its arguments."""
    types = {id: TYPES[name] for id, (name, _) in nodes.items()}
    return wired(links, types, **{id: args for id, (_, args) in nodes.items()})  # type: ignore[arg-type]


def run(supervisor: Supervisor, graph: Graph, seed: int = 0) -> tuple[str, Run]:
    id = supervisor.start(graph, settings=Settings(seed=seed))
    found = supervisor.wait(id, 300)
    assert found.state == "done", (found.problem, found.output.text[-2000:])
    return id, found


def test_the_digits_network_trains_exactly_as_a_script_by_hand_does(supervisor: Supervisor) -> None:
    script = subprocess.Popen(
        [sys.executable, str(SCRIPT), "7"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    id, found = run(supervisor, api.load(api.examples()["digits_cnn"]), seed=7)
    expected = json.loads(script.communicate(timeout=300)[0])

    assert len(found.epochs) == 15
    for name, series in expected["history"].items():
        assert [epoch.metrics[name] for epoch in found.epochs] == pytest.approx(series, abs=1e-6), name
    assert found.results["n13"] == pytest.approx(expected["metrics"], abs=1e-6)

    accuracy = found.results["n13"]["accuracy"]
    assert accuracy is not None
    assert accuracy >= 0.97
    assert found.seed == 7
    assert found.progress == 1
    assert [epoch.epoch for epoch in found.epochs] == list(range(1, 16))
    assert found.training is not None
    assert (found.training.epochs, found.training.steps) == (15, 41)
    assert found.shapes["n1"] == {"": "[(1797, 8, 8, 1), (1797,)]", "x": "(1797, 8, 8, 1)", "y": "(1797,)"}
    assert found.summaries["n10"] == CNN_ROWS
    assert found.classes["n3"] == {"y_train": 10, "y_test": 10}
    assert list(runs.weights(id)) == ["n12"]


@pytest.mark.parametrize(
    ("name", "metric", "low", "high"),
    [
        ("digits_mlp", "accuracy", 0.95, 1),
        ("breast_cancer", "accuracy", 0.94, 1),
        ("diabetes", "mean_absolute_error", 30, 50),
    ],
)
def test_the_shipped_examples_learn(
    supervisor: Supervisor, name: str, metric: str, low: float, high: float
) -> None:
    _, found = run(supervisor, api.load(api.examples()[name]))
    (metrics,) = found.results.values()
    value = metrics[metric]
    assert value is not None
    assert low <= value <= high
    assert found.nodes == dict.fromkeys(found.order, "done")


TWO = """import keras
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
a = keras.Input((4,))
x = keras.layers.Dense(8, activation="swish")(a)
kind = keras.layers.Dense(3, activation="softmax", name="kind")(x)
size = keras.layers.Dense(4, name="size")(x)
"""
BY_NAME = """m = keras.Model(a, {"kind": kind, "size": size})
m.compile("Adam", loss={"kind": "sparse_categorical_crossentropy", "size": keras.losses.Huber(delta=2.0)},
          loss_weights={"kind": 1.0, "size": 0.5}, metrics={"kind": ["acc"], "size": ["mae"]})
m.fit(X, {"kind": y, "size": X}, epochs=2)
"""
BY_PLACE = """m = keras.Model(a, [kind, size])
m.compile("Adam", loss=["sparse_categorical_crossentropy", keras.losses.Huber(delta=2.0)],
          loss_weights=[1.0, 0.5], metrics=[["acc"], ["mae"]])
m.fit(X, [y, X], epochs=2)
"""


@pytest.mark.parametrize("way", [BY_NAME, BY_PLACE], ids=["by name", "by place"])
def test_outputs_with_losses_of_their_own_train_and_the_train_form_leaves_them(
    home: Path, catalog: Catalog, way: str
) -> None:
    graph = read_script(TWO + way, catalog)
    assert check(graph, catalog) == ()
    longer = plan.write(graph, replace(plan.read(graph, catalog), epochs=3, batch_size=64), catalog)
    fit = next(node for node in graph.nodes if node.type == plan.FIT)
    assert longer.links == graph.links
    assert [node for node in longer.nodes if node not in graph.nodes] == [
        replace(fit, args={"epochs": 3, "batch_size": 64})
    ]
    found = api.run(longer)
    assert found.state == "done", found.problem
    metrics = {"loss", "kind_loss", "size_loss", "kind_acc", "size_mae"}
    assert [set(epoch.metrics) for epoch in found.epochs] == [metrics] * 3
    parts = found.epochs[-1].metrics["kind_loss"], found.epochs[-1].metrics["size_loss"]
    assert found.epochs[-1].metrics["loss"] == pytest.approx(parts[0] + 0.5 * parts[1], rel=0.05)


def test_training_is_stopped_within_two_seconds(supervisor: Supervisor) -> None:
    graph = edit.set_argument(api.load(api.examples()["digits_cnn"]), "n12", "epochs", 10_000)
    trained = []
    id = supervisor.start(graph, listener=lambda event: trained.append(isinstance(event, e.Epoch)))
    end = time.monotonic() + 60
    while not any(trained):
        assert time.monotonic() < end
        time.sleep(0.05)
    trace = runs.traced(id)
    assert trace is not None
    began = time.monotonic()
    supervisor.stop(id)
    found = supervisor.wait(id, 10)
    assert time.monotonic() - began < 2
    assert found.state == "stopped"
    assert found.epochs
    assert 0 < found.progress < 0.1
    assert not psutil.pid_exists(trace.pid)


def test_training_goes_on_while_nobody_reads_its_events_and_none_is_lost(
    home: Path, tmp_path: Path, catalog: Catalog, forks: Workers
) -> None:
    graph = api.load(api.examples()["diabetes"])
    for name, value in {"epochs": 100, "batch_size": 400, "callbacks": []}.items():
        graph = edit.set_argument(graph, "n9", name, value)
    worker = forks.take("run")
    fcntl.fcntl(worker.events, fcntl.F_SETPIPE_SZ, PIPE)
    assert worker.send(RunRequest(graph, catalog.only(types(graph)), 0, str(tmp_path)))
    read = msgspec.json.Decoder(e.Event).decode
    events = [read(next(worker.events))]
    while not isinstance(events[-1], e.Epoch):
        events.append(read(next(worker.events)))
    end = time.monotonic() + 60
    while not list(tmp_path.glob("*.weights.h5")):
        assert time.monotonic() < end
        time.sleep(0.05)
    unread = worker.events.readlines()
    assert sum(map(len, unread)) > 3 * PIPE
    events += map(read, unread)
    assert [event.epoch for event in events if isinstance(event, e.Epoch)] == list(range(1, 101))
    assert isinstance(events[-1], e.Done)
    assert worker.wait(10) == 0
    worker.output.close()
    worker.close()


PIPE = 4096  # bytes: the least that a pipe holds


def test_a_graph_that_cannot_be_built_fails_at_its_node_with_what_came_in(supervisor: Supervisor) -> None:
    graph = network(
        "in>flat flat>conv in>model.inputs conv>model.outputs",
        **{"in": ("Input", {"shape": [8, 8, 1]})},
        flat=("Flatten", {}),
        conv=("Conv2D", {"filters": 2, "kernel_size": 3}),
        model=("Model", {}),
    )
    found = supervisor.wait(supervisor.start(graph), 60)
    assert found.state == "failed"
    assert found.problem == CONV_PROBLEM
    assert found.nodes == {"in": "done", "flat": "done", "conv": "failed"}


def _row(
    node: str, name: str, kind: str, shape: str, parameters: int, multiply_adds: int, numbers: int
) -> LayerRow:
    """numbers: how many the layer hands on for one sample."""
    size = 4 * parameters
    return LayerRow(node, name, kind, shape, parameters, parameters, size, multiply_adds, 4 * numbers)


CNN_ROWS = (
    _row("n4", "input_layer", "InputLayer", "(None, 8, 8, 1)", 0, 0, 64),
    _row("n5", "conv2d", "Conv2D", "(None, 8, 8, 32)", 320, 64 * 9 * 32, 2048),
    _row("n6", "max_pooling2d", "MaxPooling2D", "(None, 4, 4, 32)", 0, 0, 512),
    _row("n7", "conv2d_1", "Conv2D", "(None, 2, 2, 64)", 18_496, 4 * 9 * 32 * 64, 256),
    _row("n8", "flatten", "Flatten", "(None, 256)", 0, 0, 256),
    _row("n9", "dense", "Dense", "(None, 10)", 2_570, 2_560, 10),
)
CONV_PROBLEM = Problem(
    "wrong-rank",
    "conv expects 4 axes (batch, rows, columns, channels); flat gives (None, 64), which has 2.",
    "Insert a Reshape before conv, or connect another tensor.",
    ("conv",),
)


def test_the_checker_knows_the_shapes_and_layers_of_the_digits_network(
    checker: Checker, catalog: Catalog
) -> None:
    report = checker.report(api.load(api.examples()["digits_cnn"]), catalog)
    assert report.problems == ()
    assert {node: shapes[""] for node, shapes in report.shapes.items() if node != "n10"} == {
        row.node: row.shape for row in CNN_ROWS
    }
    assert report.summaries == {"n10": CNN_ROWS}


def test_the_checker_attaches_an_error_to_its_node_and_goes_on_with_the_others(
    checker: Checker, catalog: Catalog
) -> None:
    graph = network(
        "in>flat flat>conv conv>after flat>dense",
        **{"in": ("Input", {"shape": [8, 8, 1]})},
        flat=("Flatten", {}),
        conv=("Conv2D", {"filters": 2, "kernel_size": 3}),
        after=("Flatten", {}),
        dense=("Dense", {"units": 3}),
    )
    report = checker.report(graph, catalog)
    assert report.problems == (CONV_PROBLEM,)
    assert {node: shapes[""] for node, shapes in report.shapes.items()} == {
        "in": "(None, 8, 8, 1)",
        "flat": "(None, 64)",
        "dense": "(None, 3)",
    }


def test_mismatching_shapes_are_told_at_the_node_that_adds_them(checker: Checker, catalog: Catalog) -> None:
    graph = network(
        "in>one in>two one>sum two>sum",
        **{"in": ("Input", {"shape": [4]})},
        one=("Dense", {"units": 3}),
        two=("Dense", {"units": 5}),
        sum=("Add", {}),
    )
    (problem,) = checker.report(graph, catalog).problems
    assert problem == Problem(
        "shapes-differ",
        "sum expects equal axes; one gives (None, 3), two gives (None, 5). Their axis 1 differs.",
        "Change one or two so that they agree.",
        ("sum",),
    )


def test_a_machine_that_is_busy_with_others_makes_no_check_fail(checker: Checker, catalog: Catalog) -> None:
    graph = api.load(api.examples()["digits_cnn"])
    checker.report(Graph(nodes=graph.nodes[:1]), catalog)
    assert checker._worker is not None
    worker = psutil.Process(checker._worker.pid)
    worker.suspend()
    threading.Timer(LIMIT + 0.5, worker.resume).start()
    assert checker.report(graph, catalog).problems == ()


def test_ten_billion_parameters_are_counted_without_memory_for_them(
    checker: Checker, catalog: Catalog
) -> None:
    graph = network(
        "in>huge in>model.inputs huge>model.outputs",
        **{"in": ("Input", {"shape": [9]})},
        huge=("Dense", {"units": 10**9}),
        model=("Model", {}),
    )
    checker.report(Graph(nodes=graph.nodes[:1]), catalog)
    assert checker._worker is not None
    worker = psutil.Process(checker._worker.pid)
    before, began = worker.memory_info().rss, time.monotonic()
    report = checker.report(graph, catalog)
    assert time.monotonic() - began < 2
    assert worker.memory_info().rss - before < 100 * 2**20
    assert report.summaries["model"][-1] == _row(
        "huge", "dense", "Dense", "(None, 1000000000)", 10**10, 9 * 10**9, 10**9
    )


def test_one_result_may_go_to_two_layers(checker: Checker, catalog: Catalog) -> None:
    graph = network(
        "in>shared shared>one shared>two one>both two>both in>model.inputs both>model.outputs",
        **{"in": ("Input", {"shape": [4]})},
        shared=("Dense", {"units": 6}),
        one=("Dense", {"units": 2}),
        two=("Dense", {"units": 3}),
        both=("Concatenate", {}),
        model=("Model", {}),
    )
    report = checker.report(graph, catalog)
    assert report.problems == ()
    assert report.shapes["both"][""] == "(None, 5)"
    assert sum(row.parameters for row in report.summaries["model"]) == 4 * 6 + 6 + 6 * 2 + 2 + 6 * 3 + 3


SIAMESE = network(
    "left>tower right>again.inputs tower.layer>again.layer tower>both again>both both>out"
    " left>model.inputs right>model.inputs out>model.outputs",
    left=("Input", {"shape": [4]}),
    right=("Input", {"shape": [4]}),
    tower=("Dense", {"units": 8}),
    again=("call", {}),
    both=("Concatenate", {}),
    out=("Dense", {"units": 1}),
    model=("Model", {}),
)


def test_a_shared_layer_counts_its_weights_once(checker: Checker, catalog: Catalog) -> None:
    assert check(SIAMESE, catalog) == ()
    report = checker.report(SIAMESE, catalog)
    assert report.problems == ()
    assert report.shapes["again"] == {"": "(None, 8)"}
    rows = report.summaries["model"]
    assert [(row.node, row.parameters) for row in rows if row.kind == "Dense"] == [
        ("tower", 4 * 8 + 8),
        ("out", 16 + 1),
    ]


def test_results_of_a_recurrent_layer_are_taken_by_index(checker: Checker, catalog: Catalog) -> None:
    graph = network(
        "in>lstm.sequences lstm.1>state lstm.2>cell state>model.outputs cell>model.outputs in>model.inputs"
        " lstm.9>gone",
        **{"in": ("Input", {"shape": [5, 3]})},
        lstm=("LSTM", {"units": 4, "return_state": True, "return_sequences": True}),
        state=("Dense", {"units": 1}),
        cell=("Dense", {"units": 2}),
        model=("Model", {}),
        gone=("Dense", {"units": 2}),
    )
    report = checker.report(graph, catalog)
    assert report.shapes["lstm"] == {
        "": "[(None, 5, 4), (None, 4), (None, 4)]",
        "0": "(None, 5, 4)",
        "1": "(None, 4)",
        "2": "(None, 4)",
    }
    assert report.dtypes["lstm"] == dict.fromkeys(("0", "1", "2"), "float32")
    assert report.shapes["cell"][""] == "(None, 2)"
    assert report.problems == (
        Problem(
            "no-output",
            "gone: There is no output '9'; found 3 results.",
            "Connect another output.",
            ("gone",),
        ),
    )


def test_layers_and_initializers_inside_arguments_are_made_too(checker: Checker, catalog: Catalog) -> None:
    graph = network(
        "in>both.sequences",
        **{"in": ("Input", {"shape": [5, 3]})},
        both=(
            "Bidirectional",
            {
                "layer": {
                    "$new": "keras.layers.LSTM",
                    "args": {
                        "units": 4,
                        "kernel_initializer": {"$new": "keras.initializers.HeNormal", "args": {}},
                    },
                }
            },
        ),
    )
    assert check(graph, catalog) == ()
    report = checker.report(graph, catalog)
    assert (report.shapes, report.problems) == ({"in": {"": "(None, 5, 3)"}, "both": {"": "(None, 8)"}}, ())


def test_old_names_of_types_work_without_being_rewritten(checker: Checker, catalog: Catalog) -> None:
    graph = Graph(
        nodes=(
            Node(id="in", type="keras.layers.Input", args={"shape": [2]}),
            Node(id="out", type="keras.layers.Dense", args={"units": 1}),
        ),
        links=(Link("in", "", "out", "inputs"),),
    )
    assert check(graph, catalog) == ()
    assert checker.report(graph, catalog).shapes["out"][""] == "(None, 1)"


def test_a_layer_without_its_arguments_or_inputs_is_left_out_and_no_problem(
    checker: Checker, catalog: Catalog
) -> None:
    graph = network("in>out", **{"in": ("Input", {"shape": [2]})}, out=("Dense", {}))
    report = checker.report(graph, catalog)
    assert (report.shapes, report.problems) == ({"in": {"": "(None, 2)"}}, ())


def test_what_is_wrong_with_a_result_taken_by_index_names_both_ends(
    checker: Checker, catalog: Catalog
) -> None:
    graph = network(
        "in>one.sequences one.1>two.sequences",
        **{"in": ("Input", {"shape": [5, 3]})},
        one=("LSTM", {"units": 4, "return_state": True}),
        two=("LSTM", {"units": 2}),
    )
    (problem,) = checker.report(graph, catalog).problems
    assert (problem.code, problem.nodes) == ("wrong-rank", ("two",))
    assert "one gives (None, 4), which has 2" in problem.message


def test_a_report_in_the_background_comes_once_and_is_kept(checker: Checker, catalog: Catalog) -> None:
    graph = msgspec.structs.replace(api.load(api.examples()["digits_mlp"]), id="background")
    assert checker.latest(graph, catalog) == (ShapeReport(), False)
    found = latest(checker, graph, catalog)
    assert found.summaries
    moved = edit.place(graph, {"n1": (5, 5)})
    assert checker.latest(moved, catalog) == (found, True)


def test_a_report_in_the_background_is_of_the_descriptors_as_they_are(
    checker: Checker, catalog: Catalog
) -> None:
    graph = network("in>out", **{"in": ("Input", {"shape": [2]})}, out=("Dense", {"units": 2}))
    graph = replace(graph, id="described")
    shapes = latest(checker, graph, catalog).shapes
    assert set(shapes) == {"in", "out"}
    assert set(latest(checker, graph, wider(catalog)).shapes) == {"in"}
    assert latest(checker, graph, catalog).shapes == shapes


def wider(catalog: Catalog) -> Catalog:
    """The catalogue after a correction: Dense takes 3 units at least."""
    dense = catalog.by_type[f"{LAYERS}Dense"]
    args = [replace(one, range=Range(low=3)) if one.arg == "units" else one for one in dense.args]
    return merge(catalog, Catalog(nodes=(replace(dense, args=tuple(args)),)))


def latest(checker: Checker, graph: Graph, catalog: Catalog) -> ShapeReport:
    """The report in the background, once it is of today."""
    end = time.monotonic() + 20
    while not (found := checker.latest(graph, catalog))[1]:
        assert time.monotonic() < end
        time.sleep(0.05)
    return found[0]


def test_a_checker_that_was_killed_is_started_again(checker: Checker, catalog: Catalog) -> None:
    graph = network("in>out", **{"in": ("Input", {"shape": [2]})}, out=("Dense", {"units": 3}))
    assert checker.report(graph, catalog).shapes["out"][""] == "(None, 3)"
    assert checker._worker is not None
    psutil.Process(checker._worker.pid).kill()
    assert checker.report(graph, catalog).shapes["out"][""] == "(None, 3)"
