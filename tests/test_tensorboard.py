"""Logs for TensorBoard, opened by TensorBoard itself."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flowcore.model import event as e
from flowcore.model.graph import Graph, Group, Link, Node
from flowcore.store import tensorboard

GRAPH = Graph(
    name="two layers",
    nodes=(
        Node(id="n1", type="keras.Input", label="row <b>", args={"shape": [3]}),
        Node(id="n2", type="keras.layers.Dense", args={"units": 4}),
        Node(id="n3", type="keras.layers.Dense", args={"units": 1}),
        Node(id="n4", type="keras.Model.fit", label="fit"),
    ),
    links=(Link("n1", "", "n2", "inputs"), Link("n2", "", "n3", "inputs")),
    groups=(Group("g", "hidden part", ("n2", "n3")),),
)
EVENTS = (
    e.Started(at=100.0, pid=1, seed=0, order=("n1",), versions={}),
    e.Epoch(at=101.0, node="n4", epoch=1, seconds=1.0, metrics={"loss": 0.5, "val_loss": 0.75}),
    e.Epoch(at=102.0, node="n4", epoch=2, seconds=1.0, metrics={"loss": 0.25, "val_loss": None}),
    e.Done(at=103.0),
)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a TensorBoard that shows the logs of a run."""
    folder = tmp_path_factory.mktemp("logs")
    zipfile.ZipFile(BytesIO(tensorboard.archive(EVENTS, GRAPH))).extractall(folder / "run")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    log = (folder / "log").open("w")
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port)]
    process = subprocess.Popen([*command, "--load_fast", "false"], stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}/data"
    finally:
        process.kill()
        process.wait()


def asked(address: str, ready: Any = bool) -> Any:
    """The answer once there is one: TensorBoard reads its folder in the background."""
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                content = answer.read()
            found = json.loads(content) if content[:1] in b"[{" else content.decode()
            if ready(found):
                return found
        except OSError:
            pass
        assert time.monotonic() < end, f"no answer at {address}"
        time.sleep(0.2)


def test_tensorboard_shows_the_curves_under_the_names_that_keras_gives_them(board: str) -> None:
    tags = asked(f"{board}/plugin/scalars/tags", lambda found: len(found) == 2)
    assert {run: set(found) for run, found in tags.items()} == {
        "run/train": {"epoch_loss"},
        "run/validation": {"epoch_loss"},
    }
    points = asked(f"{board}/plugin/scalars/scalars?run=run/train&tag=epoch_loss")
    assert points == [[101.0, 0, 0.5], [102.0, 1, 0.25]]


def test_tensorboard_draws_the_graph_with_a_scope_for_each_group(board: str) -> None:
    query = "run=run/train&conceptual=false&limit_attr_size=1024&large_attrs_key=_too_large_attrs"
    text = asked(f"{board}/plugin/graphs/graph?{query}", lambda found: "node {" in found)
    assert [line.strip() for line in text.splitlines() if "  name:" in line or "  input:" in line] == [
        'name: "row_b_n1"',
        'name: "hidden_part/Dense_n2"',
        'input: "row_b_n1"',
        'name: "hidden_part/Dense_n3"',
        'input: "hidden_part/Dense_n2"',
        'name: "fit_n4"',
    ]


def test_figures_of_several_trainings_and_results_are_told_apart(tmp_path: Path) -> None:
    twice = replace(GRAPH, nodes=(*GRAPH.nodes, Node(id="n5", type="keras.Model.fit", label="second fit")))
    logs = tensorboard.Logs(tmp_path, twice)
    for event in (*EVENTS, e.Result(at=104.0, node="n5", metrics={"accuracy": 1.0})):
        logs(event)
    logs.close()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(tmp_path / "train"))
    found.Reload()
    assert found.Tags()["tensors"] == ["fit/epoch_loss", "second_fit/result_accuracy"]
