"""The command line as a person uses it: a real process each."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from flowcore import api
from flowcore.dataflow.document import write
from flowcore.model import event as e
from flowcore.model.event import Event
from flowcore.model.graph import Graph, Link, Node

SPLIT = Graph(
    name="split",
    nodes=(
        Node(id="n1", type="fallback.samples.load_diabetes", label="patients"),
        Node(
            id="n2",
            type="fallback.prepare.split",
            label="halves",
            args={"test_share": 0.5, "stratify": False},
        ),
    ),
    links=(Link("n1", "x", "n2", "x"), Link("n1", "y", "n2", "y")),
)
FAILING = msgspec.structs.replace(
    SPLIT, nodes=(SPLIT.nodes[0], msgspec.structs.replace(SPLIT.nodes[1], args={"stratify": True}))
)
BROKEN = msgspec.structs.replace(SPLIT, nodes=(*SPLIT.nodes, Node(id="n3", type="keras.layers.Dense")))


def flowcore(home: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "flowcore.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, "FLOWCORE_HOME": str(home), **more},
    )


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "graph.json"
    path.write_bytes(write(SPLIT))
    return path


def test_a_run_that_is_done_tells_its_progress_on_stderr(home: Path, graph: Path) -> None:
    done = flowcore(home, "run", str(graph))
    assert (done.returncode, done.stdout) == (0, "")
    *progress, last = done.stderr.splitlines()
    assert progress == ["patients", "halves"]
    assert re.fullmatch(rf"run [\w-]{{22}}: {home}/.+", last)


def test_a_run_that_fails_ends_with_1_and_its_problem(home: Path, graph: Path) -> None:
    graph.write_bytes(write(FAILING))
    failed = flowcore(home, "run", str(graph))
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "error: halves failed: Expected y to hold classes with at least 2 samples each" in failed.stderr
    assert "\n  Change its arguments, or what comes in: (442, 10) from patients" in failed.stderr


def test_with_json_every_line_is_an_event(home: Path, graph: Path) -> None:
    done = flowcore(home, "run", str(graph), "--json", "--seed", "5")
    assert done.returncode == 0
    events = [msgspec.json.decode(line, type=Event) for line in done.stdout.splitlines()]
    assert [type(event) for event in events if not isinstance(event, e.Text | e.DataSeen)] == [
        e.Started,
        *[e.NodeState] * 4,
        e.Done,
    ]
    started = events[0]
    assert isinstance(started, e.Started)
    assert (started.seed, started.order) == (5, ("n1", "n2"))


def test_a_training_prints_its_epochs_and_its_metrics(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    document = json.loads(api.examples()["digits_mlp"].read_bytes())
    for node in document["nodes"]:
        if node["type"] == "keras.Model.fit":
            node["args"] |= {"epochs": 2}
            node["args"].pop("callbacks", None)
    path.write_text(json.dumps(document))
    done = flowcore(home, "run", str(path))
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stderr.splitlines() if line.startswith("  epoch")] == [
        ["epoch", "1/2"],
        ["epoch", "2/2"],
    ]
    printed = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert set(printed) == {"evaluate accuracy", "evaluate loss"}
    assert 0.5 < float(printed["evaluate accuracy"]) <= 1


def test_a_reader_that_goes_away_is_no_crash(home: Path, graph: Path) -> None:
    command = f"{sys.executable} -m flowcore.cli run {graph} --json | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "FLOWCORE_HOME": str(home)},
    )
    assert json.loads(done.stdout)["event"] == "started"
    assert "Traceback" not in done.stderr


def test_check_lists_every_problem_and_ends_with_1(home: Path, graph: Path) -> None:
    graph.write_bytes(write(BROKEN))
    found = flowcore(home, "check", str(graph))
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.splitlines() == [
        "error: Dense needs units.",
        "  Set units: int.",
        "notice: Dense has no input and nothing uses it.",
        "  Connect a tensor to its port inputs.",
    ]
    lines = flowcore(home, "check", str(graph), "--json").stdout.splitlines()
    assert [json.loads(line)["code"] for line in lines] == ["missing-argument", "unconnected"]


def test_check_of_a_graph_in_order_says_so(home: Path, graph: Path) -> None:
    found = flowcore(home, "check", str(graph))
    assert (found.returncode, found.stdout, found.stderr) == (0, "no problems\n", "")
    as_json = flowcore(home, "check", str(graph), "--json")
    assert (as_json.returncode, as_json.stdout) == (0, "")


def test_a_graph_with_problems_does_not_run(home: Path, graph: Path) -> None:
    graph.write_bytes(write(BROKEN))
    found = flowcore(home, "run", str(graph))
    assert found.returncode == 1
    assert found.stderr.splitlines()[0] == "error: Dense needs units."
    assert not (home / "runs").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "error: Cannot read {path}: No such file or directory."),
        (b"[]", "error: Expected an object at $, found list."),
        (b'{"flowcore": 9}', "error: The document was written by schema version 9; this flowcore reads"),
    ],
)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_file_that_is_no_graph_is_told(
    home: Path, tmp_path: Path, command: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / "file.json"
    if content is not None:
        path.write_bytes(content)
    found = flowcore(home, command, str(path))
    assert found.returncode == 1
    assert found.stderr.startswith(message.format(path=path))
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run"], ["run", "x", "--seed", "one"]])
def test_wrong_usage_ends_with_2(home: Path, arguments: list[str]) -> None:
    found = flowcore(home, *arguments)
    assert found.returncode == 2
    assert "usage: flowcore" in found.stderr


def test_examples_are_listed_with_their_files(home: Path) -> None:
    listed = [line.split("\t") for line in flowcore(home, "examples").stdout.splitlines()]
    assert dict(listed) == {name: str(path) for name, path in api.examples().items()}
    assert {"breast_cancer", "diabetes", "digits_cnn", "digits_mlp"} <= set(dict(listed))
    assert all(Path(path).is_file() for _, path in listed)
