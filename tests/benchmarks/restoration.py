"""Sharper pictures: decibels over bicubic interpolation against time, on a part that no network has seen.

``python -m tests.benchmarks.restoration [SECONDS] [NAME ...]``. The four published networks as they are, and
variants that say only what is to be added; each trains for SECONDS (180) in a worker, and is measured on the
held-out part of the photograph after every epoch, which counts as time.
"""

import os
import sys
import tempfile
import threading
from pathlib import Path

import plotly.graph_objects as go

from flowcore import api
from flowcore.dataflow import edit
from flowcore.model import event as e
from flowcore.model.graph import Graph
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store.examples import TOPICS

SECONDS = 180.0
MARKS = (5, 10, 20, 40, 60, 90, 120, 150, 180)
FIT, PAIR, SHOWN = "keras.Model.fit", "fallback.restore.picture_pair", "val_psnr"


def main(seconds: float = SECONDS, names: tuple[str, ...] = TOPICS["Sharper pictures"]) -> None:
    os.environ["FLOWCORE_HOME"] = tempfile.mkdtemp(prefix="flowcore-bench-")
    catalog = api.catalog()
    supervisor = Supervisor(lambda: catalog, Workers(spares=1, fork=True))
    curves: dict[str, list[tuple[float, float]]] = {}
    marks = [mark for mark in MARKS if mark <= seconds]
    print(f"\n## Sharper pictures: decibels over bicubic after seconds, {seconds:.0f} s each")
    print(f"{'':22}{'parameters':>11}{'epochs':>8} {' '.join(f'{mark:>6}' for mark in marks)}   best")
    for name in names:
        graph = measured(api.load(api.examples()[name]))
        curve, run, parameters = trained(supervisor, graph, seconds)
        cells = [gain(curve, mark, run) for mark in marks]
        curves[name] = [(at, decibels - run) for at, decibels in curve]
        best = max(decibels for _, decibels in curve) - run
        told = " ".join(f"{cell:>6}" for cell in cells)
        print(f"{name:22}{parameters:>11,}{len(curve):>8} {told}  {best:+.2f}", flush=True)
    supervisor.close()
    print(f"the curves: {drawn(curves)}")


def drawn(curves: dict[str, list[tuple[float, float]]]) -> Path:
    """A page with a curve for each network, and bicubic as the line at 0."""
    figure = go.Figure()
    for name, curve in curves.items():
        figure.add_scatter(x=[at for at, _ in curve], y=[over for _, over in curve], name=name)
    figure.add_hline(y=0, annotation_text="bicubic")
    figure.update_layout(xaxis_title="seconds", yaxis_title="decibels over bicubic", yaxis_range=[-3, 0.6])
    path = Path(__file__).parents[2] / "build" / "restoration.html"
    path.parent.mkdir(exist_ok=True)
    figure.write_html(path)
    return path


def measured(graph: Graph) -> Graph:
    """The graph with the held-out part as validation data, and epochs without end."""
    catalog = api.catalog()
    fit = next(node.id for node in graph.nodes if node.type == FIT)
    pair = next(node.id for node in graph.nodes if node.type == PAIR)
    for output, port in (("x", "validation_data[0]"), ("y", "validation_data[1]")):
        graph = edit.connect(graph, pair, output, fit, port, catalog)
    return edit.set_argument(graph, fit, "epochs", 100_000)


def trained(
    supervisor: Supervisor, graph: Graph, seconds: float
) -> tuple[list[tuple[float, float]], float, int]:
    """Seconds since the beginning of fit and decibels, by epoch; those of bicubic; the parameters."""
    curve: list[tuple[float, float]] = []
    began: list[float] = []
    over = threading.Event()

    def hear(event: e.Event) -> None:
        if isinstance(event, e.TrainingBegan):
            began.append(event.at)
        elif isinstance(event, e.Epoch):
            curve.append((event.at - began[0], event.metrics[SHOWN] or 0.0))
            if curve[-1][0] > seconds:
                over.set()

    run_id = supervisor.start(graph, listener=hear)
    over.wait(seconds + 120)
    supervisor.stop(run_id)
    run = supervisor.wait(run_id)
    assert curve, run.problem
    return curve, _bicubic(graph), sum(row.parameters for rows in run.summaries.values() for row in rows)


def gain(curve: list[tuple[float, float]], mark: float, bicubic: float) -> str:
    """Decibels over bicubic at the last epoch that was done by then."""
    done = [decibels for at, decibels in curve if at <= mark]
    return f"{done[-1] - bicubic:+.2f}" if done else "-"


def _bicubic(graph: Graph) -> float:
    """What the enlarged picture itself has: the network is cut off."""
    node = next(node for node in graph.nodes if node.label == "bicubic")
    needed = {node.id}
    for _ in graph.nodes:
        needed |= {link.source for link in graph.links if link.target in needed}
    alone = edit.remove(graph, [one.id for one in graph.nodes if one.id not in needed])
    run = api.run(alone)
    return next(value for values in run.results.values() for value in values.values() if value is not None)


if __name__ == "__main__":
    chosen = tuple(sys.argv[2:]) or TOPICS["Sharper pictures"]
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS, chosen)
