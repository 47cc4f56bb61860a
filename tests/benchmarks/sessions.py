"""Running again what an edit changed, against running everything: ``python -m tests.benchmarks.sessions``.

One warm session worker and a graph of 20 nodes that ship: a photograph is scaled, made grey and blurred, cut
into patches, standardized, reduced and divided; beside it an untrained network. Each arm is there once the
end of the data and the compiled model are. "last layer": it has changed. "all but loading": the nodes after
the loading have changed as well. "a full run": the graph as a run of its own, in a spare worker that waits.
Arms are interleaved, figures are medians of 5.
"""

import os
import statistics
import tempfile
import time
from typing import Any, Final

from flowcore.dataflow import edit
from flowcore.model.graph import Graph, Link, Node
from flowcore.runs.sessions import Sessions
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import descriptors
from tests.benchmarks.running import rested

TURNS: Final = 5
ROWS: Final = (20_000, 60_000)  # MNIST has 60,000
DATA, MODEL = "mean", "compile"  # what each arm asks for
IMAGE: Final = {"patch_size": [12, 12], "random_state": 0}
NODES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "photo": ("sklearn.datasets.load_sample_image", {"image_name": "china.jpg"}),
    "scale": ("fallback.prepare.scale", {"divisor": 255.0}),
    "grey": ("skimage.color.rgb2gray", {}),
    "blurred": ("skimage.filters.gaussian", {"sigma": 1.5}),
    "inputs": ("sklearn.feature_extraction.image.extract_patches_2d", IMAGE),
    "targets": ("sklearn.feature_extraction.image.extract_patches_2d", IMAGE),
    "x": ("numpy.reshape", {"shape": [-1, 144]}),
    "y": ("numpy.reshape", {"shape": [-1, 144]}),
    "scaler": ("sklearn.preprocessing.StandardScaler", {}),
    "standard": ("sklearn.preprocessing.StandardScaler.fit_transform", {}),
    "pca": ("sklearn.decomposition.PCA", {"n_components": 32, "random_state": 0}),
    "reduced": ("sklearn.decomposition.PCA.fit_transform", {}),
    "split": ("fallback.prepare.split", {"stratify": False}),
    "mean": ("numpy.mean", {}),
    "in": ("keras.Input", {"shape": [32]}),
    "one": ("keras.layers.Dense", {"units": 64, "activation": "relu"}),
    "two": ("keras.layers.Dense", {"units": 128, "activation": "relu"}),
    "out": ("keras.layers.Dense", {"units": 144}),
    "model": ("keras.Model", {}),
    "compile": ("keras.Model.compile", {"loss": "mean_squared_error"}),
}
LINKS: Final = (
    "photo.>scale.x scale.>grey.rgb grey.>blurred.image blurred.>inputs.image "
    "grey.>targets.image inputs.>x.a targets.>y.a scaler.>standard.self x.>standard.X pca.>reduced.self "
    "standard.transformed>reduced.X reduced.transformed>split.x y.>split.y split.x_train>mean.a "
    "in.>one.inputs one.>two.inputs "
    "two.>out.inputs in.>model.inputs out.>model.outputs model.>compile.self"
)


def graph(rows: int) -> Graph:
    nodes = tuple(Node(id=id, type=type_, args=args) for id, (type_, args) in NODES.items())
    ends = [[end.partition(".") for end in link.split(">")] for link in LINKS.split()]
    links = tuple(Link(one[0], one[2], other[0], other[2]) for one, other in ends)
    found = Graph(id="bench", nodes=nodes, links=links)
    for patches in ("inputs", "targets"):
        found = edit.set_argument(found, patches, "max_patches", rows)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLOWCORE_HOME"] = folder
        catalog, workers = descriptors.load(), Workers(spares=1)
        sessions, supervisor = Sessions(lambda: catalog, workers), Supervisor(lambda: catalog, workers)
        try:
            for rows in ROWS:
                _report(sessions, supervisor, graph(rows), rows)
        finally:
            sessions.close()
            supervisor.close()


def _report(sessions: Sessions, supervisor: Supervisor, whole: Graph, rows: int) -> None:
    names = ("last layer", "all but loading", "a full run", "nothing")
    arms: dict[str, list[tuple[float, int]]] = {name: [] for name in names}
    _asked(sessions, whole)
    for turn in range(1, TURNS + 1):
        whole = edit.set_argument(whole, "out", "activation", ("relu", "tanh")[turn % 2])
        whole = edit.set_argument(whole, "scale", "divisor", 255.0 + turn)
        whole = edit.set_argument(whole, "scaler", "copy", bool(turn % 2))
        whole = edit.set_argument(whole, "pca", "copy", bool(turn % 2))
        arms["all but loading"].append(_asked(sessions, whole))
        arms["nothing"].append(_asked(sessions, whole))
        other = edit.set_argument(whole, "out", "activation", "sigmoid")
        arms["last layer"].append(_asked(sessions, other))
        rested(supervisor.workers)
        arms["a full run"].append(_run(supervisor, other))
    print(f"{len(NODES)} nodes, {rows:,} samples, medians of {TURNS}: what changed, seconds, nodes that ran")
    for name, turns in arms.items():
        seconds = [found for found, _ in turns]
        spread = f"{min(seconds):.3f} to {max(seconds):.3f}"
        print(f"  {name:15} {statistics.median(seconds):8.3f}  ({spread})  {turns[-1][1]:3}")
    medians = {name: statistics.median(found for found, _ in turns) for name, turns in arms.items()}
    for name in ("a full run", "all but loading"):
        print(f"  ratio, last layer to {name}: {medians['last layer'] / medians[name]:.3f} (to reach: 0.2)")


def _run(supervisor: Supervisor, wanted: Graph) -> tuple[float, int]:
    """Seconds until the run is done, and how many nodes ran."""
    start = time.perf_counter()
    run = supervisor.wait(supervisor.start(wanted))
    if run.state != "done":
        raise SystemExit(f"{run.problem}\n{run.output.text}")
    return time.perf_counter() - start, len(run.nodes)


def _asked(sessions: Sessions, wanted: Graph) -> tuple[float, int]:
    """Seconds until both values are there, and how many nodes had to run."""
    start, ran = time.perf_counter(), 0
    for node in (DATA, MODEL):
        sessions.evaluate(wanted, "bench", node)
        while (look := sessions.look(wanted.id, "bench")).busy:
            time.sleep(0.001)
        if look.run.state != "done":
            raise SystemExit(f"{look.run.problem}\n{look.run.output.text}")
        ran += len(look.answers[node].found.ran)
    return time.perf_counter() - start, ran


if __name__ == "__main__":
    main()
