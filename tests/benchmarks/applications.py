"""Every model of keras.applications as a graph and back: python -m tests.benchmarks.applications [NAME ...]

model -> graph -> document -> graph -> model in this process, and graph -> script -> model in a fresh one.
Compared are the number of parameters, the layers with their arguments, names and calls (of operations, whose
names are automatic, everything else), and with the same weights the outputs for two random images. Two graphs
that were changed on purpose show that the comparison sees it.
"""

import gc
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import msgspec
import numpy as np

from flowcore.dataflow import document, edit
from flowcore.dataflow.check import check
from flowcore.dataflow.read_model import read_model
from flowcore.dataflow.script import script
from flowcore.model.graph import Graph, equal
from flowcore.store import descriptors
from tests import models

CATALOG = descriptors.load()
CONTROLS = "MobileNetV2"
GAINS = (2.0, 6.0, 1.0, 12.0, 3.0, 0.7)
APART = 1e-3
IMAGES = (1, 2)


class Row(NamedTuple):
    """What came of one model. apart: how far the outputs for two images are from each other.

    difference, script: how far outputs are from those of the model itself; problems: what is not equal.
    """

    name: str
    nodes: int
    seconds: float
    parameters: int
    difference: float
    script: float
    apart: float
    problems: list[str]


def constructors() -> list[str]:
    """The names of the models."""
    found = vars(keras.applications).items()
    return sorted(name for name, one in found if callable(one) and name[:1].isupper())


def row(name: str) -> Row:
    """One model there and back."""
    model = getattr(keras.applications, name)(weights=None)
    began = time.perf_counter()
    graph = read_model(model.to_json().encode(), CATALOG)
    read = document.read(document.write(graph), CATALOG)
    again = models.build(read, CATALOG)
    seconds = time.perf_counter() - began
    expected = models.described(model)
    problems = [] if equal(graph, read) else ["the document"]
    problems += [f"check: {one}" for one in check(graph, CATALOG)]
    problems += models.differences(expected, models.described(again))
    problems += ["parameters"] if again.count_params() != model.count_params() else []
    wanted, apart, gain = _told_apart(model)
    again.set_weights(model.get_weights())
    difference = _far(wanted, [models.outputs(again, seed) for seed in IMAGES])
    parameters = model.count_params()
    del again, model
    keras.backend.clear_session(free_memory=True)
    gc.collect()
    described, count, given = _in_script(graph, gain)
    problems += [f"script: {one}" for one in models.differences(expected, described)]
    problems += ["script: parameters"] if count != parameters else []
    script_difference = _far(wanted, given)
    problems += ["outputs"] if max(difference, script_difference) > 1e-6 * apart else []
    return Row(name, len(graph.nodes), seconds, parameters, difference, script_difference, apart, problems)


def controls() -> dict[str, list[str]]:
    """What the comparison says of graphs that are not the model's."""
    model = getattr(keras.applications, CONTROLS)(weights=None)
    graph = read_model(model.to_json().encode(), CATALOG)
    expected = models.described(model)
    wanted, apart, _ = _told_apart(model)
    found = {}
    for name, changed in (("rewired shortcut", _rewired(graph)), ("other activation", _activated(graph))):
        again = models.build(changed, CATALOG)
        again.set_weights(model.get_weights())
        seen = models.differences(expected, models.described(again))
        far = _far(wanted, [models.outputs(again, seed) for seed in IMAGES])
        found[name] = [*seen, *([f"outputs by {far:.1g} of {apart:.1g}"] if far > 1e-6 * apart else [])]
    return found


def _rewired(graph: Graph) -> Graph:
    """One shortcut begins a block earlier."""
    adds = [node.id for node in graph.nodes if node.type == "keras.layers.Add"]
    for one, other in pairwise(adds):
        link = next((link for link in graph.into(other) if link.source == one), None)
        if link:
            return edit.relink(graph, link, graph.into(one)[0].source, "")
    raise AssertionError("no shortcut")


def _activated(graph: Graph) -> Graph:
    """One activation is another, of as many parameters."""
    node = [node for node in graph.nodes if node.type == "keras.layers.ReLU"][3]
    return edit.set_argument(graph, node.id, "max_value", 3.0)


def _told_apart(model: Any) -> tuple[list[np.ndarray], float, float]:
    """Outputs for two images with the first gain that keeps them apart, or the best; and how far apart."""
    best: tuple[list[np.ndarray], float, float] | None = None
    for gain in GAINS:
        models.fill(model, gain)
        found = [models.outputs(model, seed) for seed in IMAGES]
        apart = float(np.abs(found[0] - found[1]).max())
        if best is None or apart > best[1]:
            best = found, apart, gain
        if apart >= APART:
            break
    assert best
    models.fill(model, best[2])
    return best


def _far(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return max(float(np.abs(left - right).max()) for left, right in zip(one, other, strict=True))


def _in_script(graph: Graph, gain: float) -> tuple[Any, int, list[np.ndarray]]:
    """Description, number of parameters and outputs of the model that a fresh process makes of a script."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.py"
        path.write_text(script(graph, CATALOG, {}), encoding="utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.applications", "--script", folder, str(gain)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return {"layers": [], "inputs": [], "outputs": []}, 0, [np.full(1, np.nan)] * 2
        said = msgspec.json.decode((Path(folder) / "said.json").read_bytes())
        given = np.load(Path(folder) / "outputs.npy")
    return _tuples(said["described"]), said["parameters"], list(given)


def _run_script(folder: str, gain: float) -> None:
    """The other side of it: runs a script, and writes down what it made."""
    names: dict[str, Any] = {}
    exec(compile((Path(folder) / "network.py").read_text(encoding="utf-8"), "network.py", "exec"), names)
    model = [one for one in names.values() if isinstance(one, keras.Model)][-1]
    models.fill(model, gain)
    np.save(Path(folder) / "outputs.npy", np.stack([models.outputs(model, seed) for seed in IMAGES]))
    said = {"described": models.described(model), "parameters": model.count_params()}
    (Path(folder) / "said.json").write_bytes(msgspec.json.encode(said))


def _tuples(item: Any) -> Any:
    """A description after JSON: a tensor is a tuple again."""
    if isinstance(item, list):
        whole = len(item) == 3 and isinstance(item[0], str) and isinstance(item[1], int)
        return tuple(item) if whole else [_tuples(part) for part in item]
    return {key: _tuples(part) for key, part in item.items()} if isinstance(item, dict) else item


def main(names: list[str]) -> None:
    """Prints the table."""
    began = time.perf_counter()
    print(f"{'model':<20}{'nodes':>6}{'seconds':>9}{'parameters':>13}{'graph':>9}{'script':>9}{'apart':>9}")
    rows = []
    for name in names or constructors():
        try:
            one = row(name)
        except Exception as reason:
            print(f"{name:<20} {type(reason).__name__}: {reason}", flush=True)
            continue
        rows.append(one)
        told = "equal" if not one.problems else "; ".join(one.problems[:3])
        print(
            f"{one.name:<20}{one.nodes:>6}{one.seconds:>9.2f}{one.parameters:>13,}{one.difference:>9.1g}"
            f"{one.script:>9.1g}{one.apart:>9.1g}  {told}",
            flush=True,
        )
    for name, seen in controls().items():
        print(f"{CONTROLS}, {name}: {'noticed: ' + '; '.join(seen)[:150] if seen else 'NOT NOTICED'}")
    equal_ = sum(not one.problems for one in rows)
    far = max((max(one.difference, one.script) for one in rows), default=0.0)
    total = time.perf_counter() - began
    print(f"{equal_} of {len(names or constructors())} equal, outputs at most {far:.1g} apart, {total:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--script"]:
        _run_script(sys.argv[2], float(sys.argv[3]))
    else:
        main(sys.argv[1:])
