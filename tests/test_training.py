"""Training in real workers: pause, checkpoints, going on from them, the same again, other back ends."""

import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from msgspec.structs import replace

from flowcore import api
from flowcore.dataflow import edit
from flowcore.dataflow.order import ordered
from flowcore.model import event as e
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import Limits
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError
from flowcore.model.run import Run, Settings
from flowcore.runs import backends
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import runs
from flowcore.worker import fingerprint
from tests.watch import until

HIDDEN, COMPILE, FIT, EVALUATE = "n6", "n10", "n11", "n12"
USUAL = Settings(seed=3)


def digits(epochs: int, **fit: Any) -> Graph:
    """Shuffled digits, a hidden layer, dropout: whatever is drawn by chance in a training is in it."""
    graph = api.load(api.examples()["digits_mlp"])
    for name, value in {"epochs": epochs, **fit}.items():
        graph = edit.set_argument(graph, FIT, name, value)
    return graph


def done(supervisor: Supervisor, graph: Graph, settings: Settings = USUAL) -> Run:
    found = supervisor.wait(supervisor.start(graph, settings=settings), 200)
    assert found.state == "done", (found.problem, found.output.text[-2000:])
    return found


def kept(supervisor: Supervisor, graph: Graph, epochs: int = 1, settings: Settings = USUAL) -> str:
    """A run under way that has kept so many epochs."""
    id = supervisor.start(graph, settings=settings)
    until(lambda: supervisor.look(id).checkpoints.get(FIT, 0) >= epochs or supervisor.look(id).over, 90)
    assert not supervisor.look(id).over, supervisor.look(id).problem
    return id


def end(supervisor: Supervisor, id: str, killed: bool = False) -> Run:
    """A run that was stopped, or whose worker was killed."""
    if killed:
        trace = runs.traced(id)
        assert trace is not None
        psutil.Process(trace.pid).send_signal(signal.SIGKILL)
    else:
        supervisor.stop(id)
    return supervisor.wait(id, 10)


def metrics(run: Run) -> list[dict[str, float | None]]:
    return [epoch.metrics for epoch in run.epochs]


def test_a_stopped_training_goes_on_as_if_it_had_never_been_stopped(supervisor: Supervisor) -> None:
    id = kept(supervisor, digits(100_000))
    until(lambda: len(supervisor.look(id).epochs) > 3)
    supervisor.stop(id)
    stopped = supervisor.wait(id, 10)
    assert stopped.state == "stopped"
    until_ = stopped.checkpoints[FIT]
    assert until_ == len(stopped.epochs) > 1
    last = until_ + 5

    went_on = done(supervisor, digits(last), Settings(seed=3, resume=id))
    assert [epoch.epoch for epoch in went_on.epochs] == list(range(1, last + 1))
    assert metrics(went_on)[:until_] == metrics(stopped)[:until_]
    assert runs.settings(runs.latest("")) == Settings(seed=3, resume=id)

    whole = done(supervisor, digits(last))
    assert metrics(went_on) == metrics(whole)
    assert went_on.results == whole.results
    assert went_on.checkpoints == {FIT: last}


PATIENT = [  # nothing is ever an improvement of 10 on the first epoch
    {
        "$new": "keras.callbacks.EarlyStopping",
        "args": {"monitor": "loss", "min_delta": 10.0, "patience": 60, "restore_best_weights": True},
    },
    {
        "$new": "keras.callbacks.ReduceLROnPlateau",
        "args": {"monitor": "loss", "min_delta": 10.0, "patience": 7, "factor": 0.9},
    },
]


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_callbacks_go_on_as_if_the_training_had_never_been_stopped(
    supervisor: Supervisor, killed: bool
) -> None:
    graph = digits(1_000, callbacks=PATIENT, batch_size=256)
    id = kept(supervisor, graph)
    until(lambda: len(supervisor.look(id).epochs) > 9)
    assert len(end(supervisor, id, killed).epochs) < 60
    went_on, whole = done(supervisor, graph, Settings(seed=3, resume=id)), done(supervisor, graph)
    assert len(whole.epochs) == 61
    assert metrics(went_on) == metrics(whole)
    assert went_on.results == whole.results


def test_a_learning_rate_that_was_changed_meanwhile_is_the_one_that_counts(supervisor: Supervisor) -> None:
    def descending(rate: float, epochs: int) -> Graph:
        optimizer = {"$new": "keras.optimizers.SGD", "args": {"learning_rate": rate}}
        return edit.set_argument(digits(epochs), COMPILE, "optimizer", optimizer)

    done(supervisor, descending(0.05, 3))
    went_on = done(supervisor, descending(0.0, 5), Settings(seed=3, resume=runs.latest("")))
    losses = [epoch.metrics["val_loss"] for epoch in went_on.epochs]
    assert losses[0] != losses[1] != losses[2]
    assert losses[2] == losses[3] == losses[4]


def test_what_was_kept_is_gone_on_from_even_where_going_on_came_to_nothing(supervisor: Supervisor) -> None:
    first = kept(supervisor, digits(100_000))
    supervisor.stop(first)
    done_ = supervisor.wait(first, 10).checkpoints[FIT]
    again = supervisor.start(digits(100_000), settings=Settings(seed=3, resume=first))
    supervisor.stop(again)
    assert not supervisor.wait(again, 10).checkpoints
    went_on = done(supervisor, digits(done_ + 2), Settings(seed=3, resume=again))
    assert metrics(went_on)[:done_] == metrics(supervisor.look(first))[:done_]
    assert runs.settings(runs.latest("")).resume == first


def test_a_run_that_has_kept_nothing_is_not_gone_on_from(supervisor: Supervisor) -> None:
    id = supervisor.start(digits(100_000))
    supervisor.stop(id)
    assert not supervisor.wait(id, 10).checkpoints
    with pytest.raises(FlowError, match="before it kept anything"):
        supervisor.start(digits(2), settings=Settings(resume=id))


def test_a_metric_of_each_class_is_told_class_by_class(supervisor: Supervisor) -> None:
    graph = edit.set_argument(digits(2), COMPILE, "loss", "categorical_crossentropy")
    graph = edit.set_argument(graph, COMPILE, "metrics", [{"$new": "keras.metrics.F1Score"}])
    one_hot = Node(id="hot", type="keras.utils.to_categorical")
    split = next(link for link in graph.links if (link.target, link.port) == (FIT, "y"))
    test = next(link for link in graph.links if (link.target, link.port) == (EVALUATE, "y"))
    links = [replace(split, target="hot", port="x"), replace(split, source="hot", output="")]
    links += [replace(test, target="hot-2", port="x"), replace(test, source="hot-2", output="")]
    others = [link for link in graph.links if link not in (split, test)]
    nodes = (*graph.nodes, one_hot, replace(one_hot, id="hot-2"))
    found = done(supervisor, replace(graph, nodes=nodes, links=(*others, *links)))
    names = {f"f1_score[{index}]" for index in range(10)}
    assert names | {f"val_{name}" for name in names} < found.epochs[-1].metrics.keys()
    assert found.results[EVALUATE].keys() == names | {"loss"}


def test_a_fit_begins_at_the_epoch_that_it_is_told(supervisor: Supervisor) -> None:
    found = done(supervisor, digits(5, initial_epoch=3))
    assert [epoch.epoch for epoch in found.epochs] == [4, 5]


def test_a_training_goes_on_after_its_worker_was_killed(supervisor: Supervisor) -> None:
    id = kept(supervisor, digits(100_000))
    failed = end(supervisor, id, killed=True)
    assert failed.state == "failed"
    epochs = failed.checkpoints[FIT]
    went_on = done(supervisor, digits(epochs + 1), Settings(seed=3, resume=id))
    assert len(went_on.epochs) == epochs + 1


def test_a_training_goes_on_from_the_last_epoch_before_its_node_failed(supervisor: Supervisor) -> None:
    broken = {"filepath": "/dev/null/x.weights.h5", "save_weights_only": True, "save_best_only": True}
    broken |= {"monitor": "accuracy", "mode": "max", "initial_value_threshold": 0.9}
    callbacks = [{"$new": "keras.callbacks.ModelCheckpoint", "args": broken}]
    id = supervisor.start(digits(20, callbacks=callbacks), settings=USUAL)
    failed = supervisor.wait(id, 60)
    assert failed.problem is not None
    assert failed.problem.code == "node-failed"
    assert failed.checkpoints == {FIT: len(failed.epochs)}
    assert len(failed.epochs) > 2
    went_on = done(supervisor, digits(8), Settings(seed=3, resume=id))
    assert metrics(went_on) == metrics(done(supervisor, digits(8)))


def test_going_on_with_another_network_is_refused_and_says_why(supervisor: Supervisor) -> None:
    id = kept(supervisor, digits(100_000))
    supervisor.stop(id)
    supervisor.wait(id, 10)
    other = edit.set_argument(digits(100_000), HIDDEN, "units", 32)
    found = supervisor.wait(supervisor.start(other, settings=Settings(resume=id)), 60)
    assert found.state == "failed"
    assert found.problem is not None
    assert found.problem.code == "checkpoint-mismatch"
    assert found.problem.nodes == (FIT,)
    assert "32" in found.problem.message
    epochs = supervisor.look(id).checkpoints[FIT]
    found = supervisor.wait(supervisor.start(digits(epochs), settings=Settings(resume=id)), 60)
    assert found.problem is not None
    assert found.problem.code == "nothing-to-train"


def test_a_paused_training_does_nothing_until_it_is_resumed_and_ends_as_if_never_paused(
    supervisor: Supervisor,
) -> None:
    graph = digits(60, batch_size=256)
    id = supervisor.start(graph, settings=USUAL)
    until(lambda: supervisor.look(id).epochs, 90)
    supervisor.pause(id)
    until(lambda: supervisor.look(id).state == "paused", 10)
    trace = runs.traced(id)
    assert trace is not None
    worker, before = psutil.Process(trace.pid), supervisor.look(id)
    ticks = sum(worker.cpu_times()[:2])
    time.sleep(2)
    assert sum(worker.cpu_times()[:2]) - ticks <= 0.05
    assert supervisor.look(id).epochs == before.epochs
    supervisor.resume(id)
    found = supervisor.wait(id, 120)
    assert found.state == "done"
    assert found.held >= 2
    assert metrics(found) == metrics(done(supervisor, graph))


def test_the_same_settings_give_the_same_figures_in_a_warmed_and_in_a_cold_worker(
    supervisor: Supervisor, catalog: Catalog, forks: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = digits(4)
    with monkeypatch.context() as spare:
        spare.setattr(forks, "spares", 1)
        forks.warm()
        until(lambda: len(forks.pids) > 1, 90)
    warm = done(supervisor, graph)
    cold_supervisor = Supervisor(lambda: catalog, Workers(fork=False), Limits())
    cold = done(cold_supervisor, graph)
    cold_supervisor.close()
    assert metrics(warm) == metrics(cold)
    assert warm.results == cold.results
    assert warm.summaries == cold.summaries
    assert warm.data == cold.data
    assert warm.data[FIT].keys() == {"x", "y"}
    assert warm.fingerprint == cold.fingerprint
    assert metrics(warm) != metrics(done(supervisor, graph, Settings(seed=4)))
    assert {"keras", "tensorflow", "python"} <= warm.versions.keys()


def test_what_was_chosen_is_told_and_can_be_overruled_without_another_figure(supervisor: Supervisor) -> None:
    graph = digits(3)
    chosen = done(supervisor, graph)
    plain = done(supervisor, graph, Settings(seed=3, steps_per_execution=1))
    some = done(supervisor, graph, Settings(seed=3, steps_per_execution=7))
    assert chosen.chosen[FIT]["steps_per_execution"].startswith("32: a step takes about")
    assert chosen.chosen[FIT]["input"].startswith("rows of a whole epoch")
    off = "off: without a GPU it makes training slower; jit_compile of compile overrules it"
    assert plain.chosen[FIT] == {"steps_per_execution": "1, as set", "input": "as Keras does it", "xla": off}
    assert some.chosen[FIT]["steps_per_execution"] == "7, as set"
    assert metrics(chosen) == metrics(plain) == metrics(some)
    compiled = edit.set_argument(graph, "n10", "steps_per_execution", 5)
    assert done(supervisor, compiled).chosen[FIT]["steps_per_execution"] == "5, as compiled"


def test_a_document_in_any_order_is_run_in_order_under_its_own_fingerprint(supervisor: Supervisor) -> None:
    written = digits(1)
    graph = replace(written, nodes=written.nodes[::-1])
    run = done(supervisor, graph)
    assert run.order == tuple(node.id for node in ordered(graph).nodes) != tuple(graph.by_id)
    assert run.fingerprint == fingerprint.of_graph(graph) != fingerprint.of_graph(ordered(graph))


def _layer(name: str, **args: Any) -> dict[str, Any]:
    return {"$new": f"keras.layers.{name}", "args": args}


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ([_layer("Conv2D", filters=256, kernel_size=3) for _ in range(2)], "1: a step takes about"),
        ([_layer("Reshape", target_shape=[64, 1]), _layer("LSTM", units=4, return_sequences=True)], "1: a"),
        ([_layer("Dense", units=4)], "32: a step takes about"),
    ],
    ids=["convolutions", "loop", "small"],
)
def test_what_a_step_takes_is_known_of_a_network_that_is_built_by_its_data(
    supervisor: Supervisor, layers: list[Any], why: str
) -> None:
    graph = edit.remove(api.load(api.examples()["digits_cnn"]), ["n4", "n5", "n6", "n7", "n8", "n9", "n13"])
    whole = [*layers, _layer("Flatten"), _layer("Dense", units=10, activation="softmax")]
    model = Node(id="n10", type="keras.Sequential", args={"layers": whole})
    nodes = tuple(model if node.id == "n10" else node for node in graph.nodes)
    graph = edit.set_argument(replace(graph, nodes=nodes), "n12", "epochs", 1)
    assert done(supervisor, graph).chosen["n12"]["steps_per_execution"].startswith(why)


def test_what_a_step_takes_is_known_of_a_network_that_leaves_the_size_of_images_open(
    supervisor: Supervisor,
) -> None:
    written = api.load(api.examples()["digits_cnn"])
    pooled = {"n8": Node(id="n8", type="keras.layers.GlobalAveragePooling2D")}
    graph = replace(written, nodes=tuple(pooled.get(node.id, node) for node in written.nodes))
    graph = edit.set_argument(graph, "n12", "epochs", 1)
    closed = done(supervisor, graph)
    opened = done(supervisor, edit.set_argument(graph, "n4", "shape", [None, None, 1]))
    assert opened.chosen["n12"] == closed.chosen["n12"]
    assert ": a step takes about" in opened.chosen["n12"]["steps_per_execution"]
    assert opened.results == closed.results


def test_a_network_with_too_many_parameters_ends_where_it_passes_the_limit(
    home: Path, catalog: Catalog, forks: Workers
) -> None:
    supervisor = Supervisor(lambda: catalog, forks, Limits(parameters=5000))
    found = supervisor.wait(supervisor.start(digits(1)), 60)
    assert found.problem is not None
    assert found.problem.code == "limit-parameters"
    assert "8,320 parameters so far; the limit is 5,000." in found.problem.message
    assert found.problem.nodes == (HIDDEN,)


def test_the_parameters_of_a_model_that_another_node_builds_count(
    home: Path, catalog: Catalog, forks: Workers
) -> None:
    supervisor = Supervisor(lambda: catalog, forks, Limits(parameters=5000))
    layers = {"layers": [{"$new": "keras.layers.Dense", "args": {"units": 4000}}]}
    nodes = (
        Node(id="in", type="keras.Input", args={"shape": [3]}),
        Node(id="whole", type="keras.Sequential", args=layers),
        Node(id="call", type="flowcore.call"),
    )
    links = (Link("whole", "", "call", "layer"), Link("in", "", "call", "inputs"))
    found = supervisor.wait(supervisor.start(Graph(nodes=nodes, links=links)), 60)
    assert found.problem is not None
    assert "16,000 parameters so far; the limit is 5,000." in found.problem.message
    assert found.problem.nodes == ("call",)


def test_more_memory_than_is_allowed_is_refused_where_it_is_asked_for(
    home: Path, catalog: Catalog, forks: Workers
) -> None:
    supervisor = Supervisor(lambda: catalog, forks, Limits(memory=10**9))
    graph = edit.set_argument(digits(1), HIDDEN, "units", 100_000_000)
    found = supervisor.wait(supervisor.start(graph), 120)
    assert found.state == "failed"
    assert found.problem is not None
    assert found.problem.code == "limit-memory"
    assert "1.0 GB" in found.problem.message
    assert done(supervisor, digits(1)).state == "done"


@pytest.mark.parametrize("backend", [name for name in ("jax", "torch") if name in backends.installed()])
def test_another_back_end_trains_stops_pauses_and_goes_on(supervisor: Supervisor, backend: str) -> None:
    usual = done(supervisor, digits(8))
    other = Settings(seed=3, backend=backend)
    found = done(supervisor, digits(8), other)
    assert found.backend == backend
    assert found.chosen[FIT]["input"] == "as Keras does it"
    assert found.results[EVALUATE]["accuracy"] == pytest.approx(usual.results[EVALUATE]["accuracy"], abs=0.03)
    assert metrics(found) == metrics(done(supervisor, digits(8), other))

    shuffled = backend == "jax"  # PyTorch draws in a way of its own
    id = kept(supervisor, digits(100_000, shuffle=shuffled), settings=other)
    until(lambda: len(supervisor.look(id).epochs) > 3)
    supervisor.pause(id)
    until(lambda: supervisor.look(id).state == "paused", 10)
    supervisor.resume(id)
    began = time.monotonic()
    supervisor.stop(id)
    stopped = supervisor.wait(id, 10)
    assert stopped.state == "stopped"
    assert time.monotonic() - began < 3
    epochs = stopped.checkpoints[FIT]
    assert epochs == len(stopped.epochs) > 1
    graph = digits(epochs + 2, shuffle=shuffled)
    went_on = done(supervisor, graph, Settings(seed=3, backend=backend, resume=id))
    assert metrics(went_on) == metrics(done(supervisor, graph, other))
    assert [epoch.epoch for epoch in went_on.epochs] == list(range(1, epochs + 3))
    assert isinstance(went_on.epochs[-1], e.Epoch)


def test_the_back_ends_of_this_checkout_are_installed() -> None:
    assert {"tensorflow", "jax"} <= set(backends.installed())
