"""Training: runs against the same network in a script with Keras' default fit.

Arms are measured in turn, in one run; figures are medians of 5. Wall times are from the beginning of fit to
the end of its last epoch, in the worker that a person at the app gets and in a fresh script. Processor
times are of whole fresh processes less their imports, with the script measured twice as the floor.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from flowcore import api
from flowcore.dataflow import edit
from flowcore.model.frame import RunRequest
from flowcore.model.graph import Graph, Link, Node, types
from flowcore.model.run import Run, Settings
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from tests.benchmarks.running import rested

ROUNDS = 5
EPOCHS = 20
TURNS, DRAWS = 16, 1_000
LONG = 60  # epochs: beside them the tracing, whose time wanders, counts for little
ORDERS = {
    "in order": {"shuffle": False},
    "shuffled": {"shuffle": True},
    "validated": {"shuffle": True, "validation_split": 0.2},
}
SCRIPTS = Path(__file__).parents[1] / "scripts"
# Runs a script whose fit says how long it took: (wall, processor) seconds on the last line.
TIMED = """
import runpy, sys, time
import keras
class Clock(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.began = time.time(), time.process_time()
    def on_epoch_end(self, epoch, logs=None):
        self.ended = time.time(), time.process_time()
fit = keras.Model.fit
clock = Clock()
keras.Model.fit = lambda self, *args, **given: fit(self, *args, **{**given, "callbacks": [clock]})
script, *arguments = sys.argv[1:]
sys.argv = [script, *arguments]
runpy.run_path(script, run_name="__main__")
print(clock.ended[0] - clock.began[0], clock.ended[1] - clock.began[1])
"""
# Runs a graph as a worker does, in this process: its processor time can then be compared with a script's.
WORKER = """
import gc, os, sys, time
import msgspec
from flowcore.model.frame import RunRequest
from flowcore.worker import run
from flowcore.worker.channel import Channel
from flowcore.worker.locate import add_fallback
import keras
add_fallback()
path, *kinds = sys.argv[1:]
request = msgspec.json.decode(open(path, "rb").read(), type=RunRequest)
fit = keras.Model.fit
def timed(self, *args, **given):
    if kind == "silent":
        given["callbacks"] = []
    gc.collect()
    began = time.process_time()
    try:
        return fit(self, *args, **given)
    finally:
        print("fit took", time.process_time() - began, flush=True)
keras.Model.fit = timed
watch = run.Watch
run.Watch = lambda node, emit, control, folder, *rest: watch(
    node, emit, control, folder if kind == "kept" else None, *rest
)
reader, writer = os.pipe()
channel = Channel(os.fdopen(reader, "rb"), open(os.devnull, "wb"))
for kind in kinds:
    run._run(request, channel)
    keras.backend.clear_session()
os._exit(0)
"""


def main() -> None:
    os.environ["FLOWCORE_HOME"] = tempfile.mkdtemp(prefix="flowcore-bench-")
    catalog = api.catalog()
    supervisor = Supervisor(lambda: catalog, Workers(spares=1, fork=True))
    for order in ORDERS:
        _tabular(supervisor, order)
    supervisor.close()
    _processor()
    _telling()


def _tabular(supervisor: Supervisor, order: str) -> None:
    graph = _network(order)
    ours, by_hand, jax, spread = [], [], [], []
    for seed in range(ROUNDS):
        expected = _timed("tabular.py", str(seed), order)
        by_hand.append(expected["wall"])
        run = _run(supervisor, graph, Settings(seed=seed))
        losses = [epoch.metrics["loss"] for epoch in run.epochs]
        assert losses == expected["history"]["loss"], "the losses differ"
        if order == "validated":
            validated = [epoch.metrics["val_loss"] for epoch in run.epochs]
            assert validated == expected["history"]["val_loss"], "the losses of what is kept back differ"
        ours.append(_seconds(run))
        other = _run(supervisor, graph, Settings(seed=seed, backend="jax"))
        jax.append(_seconds(other))
        spread.append((run.epochs[-1].metrics["accuracy"], other.epochs[-1].metrics["accuracy"]))
    print(f"tabular network, 20 epochs, {order}: script {median(by_hand):.2f} s")
    print(f"  run {median(ours):.2f} s, ratio {median(ours) / median(by_hand):.2f}, every loss equal")
    print(f"  run on JAX {median(jax):.2f} s, ratio {median(jax) / median(by_hand):.2f}")
    print(f"  accuracy by seed: {', '.join(f'{one:.3f} (JAX {other:.3f})' for one, other in spread)}")


def _processor() -> None:
    """Processor time of fit: what the digits CNN costs here, and what telling of it costs."""
    digits = edit.set_argument(api.load(api.examples()["digits_cnn"]), "n12", "epochs", EPOCHS)
    arms: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, found in (
            ("digits CNN, script", lambda: _timed("digits_cnn.py", "0", str(EPOCHS))["processor"]),
            ("digits CNN, run", lambda: _worker(digits, "told")[0]),
            ("digits CNN, script again", lambda: _timed("digits_cnn.py", "0", str(EPOCHS))["processor"]),
        ):
            arms.setdefault(name, []).append(found())
    middle = {name: median(found) for name, found in arms.items()}
    floor = middle["digits CNN, script again"] / middle["digits CNN, script"]
    print(f"digits CNN, {EPOCHS} epochs, processor time: script {middle['digits CNN, script']:.1f} s")
    ratio = middle["digits CNN, run"] / middle["digits CNN, script"]
    print(f"  run against script {ratio:.3f} (floor {floor:.3f})")


def _telling() -> None:
    """What it costs to tell of a training, and to keep it: fits in turn, in one process.

    The noise of a fit is above what is looked for, and a fit feels what ran before it: each arm takes each
    place in a turn equally often. The floor is what one half of those without a callback is to the other, in
    95 of 100 ways to halve them.
    """
    graph = edit.set_argument(_network("shuffled"), "fit", "epochs", LONG)
    arms = ("silent", "told", "kept", "silent")
    kinds = [arms[(turn + place) % len(arms)] for turn in range(TURNS) for place in range(len(arms))]
    arm: dict[str, list[float]] = {}
    for kind, seconds in zip(kinds, _worker(graph, "kept", *kinds)[1:], strict=True):
        arm.setdefault(kind, []).append(seconds)
    silent, chance = arm["silent"], random.Random(0)
    told, kept = (median(arm[kind]) / median(silent) for kind in ("told", "kept"))
    halves = (chance.sample(silent, len(silent)) for _ in range(DRAWS))
    floor = sorted(median(drawn[:TURNS]) / median(drawn[TURNS:]) for drawn in halves)
    print(f"tabular, {LONG} epochs, processor time against no callback, medians of {TURNS}")
    print(f"  metrics told of {told:.3f}; with checkpoints too {kept:.3f}")
    print(f"  floor {floor[DRAWS // 40]:.3f} to {floor[-DRAWS // 40]:.3f}")


def _network(order: str) -> Graph:
    """The graph of scripts/tabular.py."""
    made = {"n_samples": 2000, "n_features": 30, "n_informative": 12, "random_state": 0}
    nodes = (
        ("data", "sklearn.datasets.make_classification", made),
        ("row", "keras.Input", {"shape": [30]}),
        ("a", "keras.layers.Dense", {"units": 64, "activation": "relu"}),
        ("b", "keras.layers.Dense", {"units": 32, "activation": "relu"}),
        ("c", "keras.layers.Dense", {"units": 1, "activation": "sigmoid"}),
        ("model", "keras.Model", {}),
        (
            "compile",
            "keras.Model.compile",
            {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"]},
        ),
        ("fit", "keras.Model.fit", {"epochs": 20, "batch_size": 32, **ORDERS[order]}),
    )
    links = (
        ("row", "", "a", "inputs"),
        ("a", "", "b", "inputs"),
        ("b", "", "c", "inputs"),
        ("row", "", "model", "inputs"),
        ("c", "", "model", "outputs"),
        ("model", "", "compile", "self"),
        ("compile", "model", "fit", "self"),
        ("data", "X", "fit", "x"),
        ("data", "y", "fit", "y"),
    )
    made_nodes = tuple(Node(id=id, type=type_, args=args) for id, type_, args in nodes)
    graph = Graph(id="tabular", nodes=made_nodes, links=tuple(Link(*link) for link in links))
    return edit.title(graph, "tabular")


def _run(supervisor: Supervisor, graph: Graph, settings: Settings) -> Run:
    """A run on a server that has nothing else to do: a spare that is made meanwhile takes its processors."""
    supervisor.workers.warm(settings.backend)
    rested(supervisor.workers)
    run = supervisor.wait(supervisor.start(graph, settings=settings))
    assert run.state == "done", run.problem
    return run


def _seconds(run: Run) -> float:
    assert run.training is not None
    return run.epochs[-1].at - run.training.at


def _timed(script: str, *args: str) -> dict[str, Any]:
    command = [sys.executable, "-c", TIMED, str(SCRIPTS / script), *args]
    found, times = _lines(command)
    wall, processor = map(float, times.split())
    return {**json.loads(found), "wall": wall, "processor": processor}


def _worker(graph: Graph, *kinds: str) -> list[float]:
    """Processor seconds of each fit."""
    with tempfile.TemporaryDirectory() as folder:
        request = RunRequest(graph, api.catalog().only(types(graph)), 0, folder)
        path = Path(folder) / "request.json"
        path.write_bytes(msgspec.json.encode(request))
        lines = _lines([sys.executable, "-c", WORKER, str(path), *kinds])
        return [float(line.removeprefix("fit took ")) for line in lines if line.startswith("fit took ")]


def _lines(command: list[str]) -> list[str]:
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return found.stdout.splitlines()


if __name__ == "__main__":
    main()
