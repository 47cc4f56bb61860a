"""Training curves: one chart for each metric, training and validation together."""

from html import escape
from typing import Any

import plotly.graph_objects as go

from flowcore.model.run import Run
from flowcore.ui.colours import Palette

TRAIN, VALIDATION = "#4263eb", "#f76707"


def metrics(run: Run) -> list[str]:
    """Names of the metrics that a run reports, loss first."""
    found: dict[str, None] = {}
    for point in (*run.epochs, *((run.batch,) if run.batch else ())):
        found.update(dict.fromkeys(name.removeprefix("val_") for name in point.metrics))
    return sorted(found, key=lambda name: (name != "loss", name))


def curve(run: Run, name: str, colours: Palette) -> Any:
    """The values of a metric at the end of each epoch; the epoch that is under way as an open dot."""
    figure = go.Figure()
    for key, label, colour in ((name, "training", TRAIN), (f"val_{name}", "validation", VALIDATION)):
        points = [(x, epoch.metrics[key]) for x, epoch in enumerate(run.epochs, 1) if key in epoch.metrics]
        if points:
            figure.add_scatter(
                x=[x for x, _ in points],
                y=[y for _, y in points],
                name=label,
                mode="lines+markers" if len(points) < 60 else "lines",
                line={"color": colour, "width": 2},
                marker={"size": 5},
            )
    _under_way(figure, run, name)
    done, epochs = len(run.epochs), _before(run) + (run.training.epochs if run.training else 0)
    last = min(max(epochs, 2), max(10, 2 * done))
    figure.update_layout(
        height=270,
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
        title={"text": escape(name.replace("_", " ")), "font": {"size": 14}, "x": 0, "xanchor": "left"},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.16},
        hovermode="x unified",
        uirevision=name,
        xaxis={"range": [0.5, last + 0.5] if not run.over else None, "title": {"text": "epoch"}},
        yaxis={"gridcolor": colours.line},
    )
    return figure


def _before(run: Run) -> int:
    """Epochs of the fits before the one that is under way: fits that follow each other are one curve."""
    return sum(run.training is None or epoch.node != run.training.node for epoch in run.epochs)


def _under_way(figure: Any, run: Run, name: str) -> None:
    batch, done = run.batch, len(run.epochs)
    if run.over or batch is None or batch.epoch <= done - _before(run) or name not in batch.metrics:
        return
    steps = run.training.steps if run.training else 0
    x = done + (batch.step / steps if steps else 0.5)
    figure.add_scatter(
        x=[x],
        y=[batch.metrics[name]],
        name="this epoch",
        mode="markers",
        marker={"size": 9, "color": "rgba(0,0,0,0)", "line": {"color": TRAIN, "width": 2}},
        showlegend=False,
    )
