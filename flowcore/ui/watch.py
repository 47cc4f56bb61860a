"""A run as it goes on: read from its journal, so that any browser at any time sees the same."""

import time
from pathlib import Path

import streamlit as st

from flowcore.dataflow.units import duration
from flowcore.model.graph import Graph
from flowcore.model.run import Run
from flowcore.store import runs
from flowcore.ui import canvas, charts, control, facts, frame, report, session
from flowcore.ui.colours import palette
from flowcore.ui.links import names
from flowcore.ui.session import Session
from flowcore.ui.words import plain

FILES = 20
_BADGES = {
    "waiting": ("waiting", "gray", ":material/hourglass_empty:"),
    "queued": ("waiting", "gray", ":material/hourglass_empty:"),
    "running": ("running", "blue", ":material/play_arrow:"),
    "pausing": ("pausing", "orange", ":material/pause:"),
    "paused": ("paused", "orange", ":material/pause:"),
    "stopping": ("stopping", "orange", ":material/stop:"),
    "done": ("done", "green", ":material/check:"),
    "stopped": ("stopped", "orange", ":material/stop:"),
    "failed": ("failed", "red", ":material/error:"),
}


def draw(here: Session, run_id: str) -> None:
    """Progress, curves, results, layers and output of a run; redrawn each second while it runs."""
    over = session.supervisor().look(run_id).over
    st.fragment(_live, run_every=None if over else 1)(here, run_id, over)


def _live(here: Session, run_id: str, over: bool) -> None:
    run = session.supervisor().look(run_id)
    if run.over and not over:
        session.refresh()
    ran = session.ran(run_id)
    _status(here, run_id, run, ran)
    if run.problem:
        frame.complain(run.problem)
        if not run.epochs and run.output.text:
            st.caption("Its last output")
            st.code(run.output.last(12), language=None, wrap_lines=True)
    _results(ran, run)
    _curves(run)
    _details(run_id, run, ran)


def _status(here: Session, run_id: str, run: Run, ran: Graph) -> None:
    label, colour, icon = _BADGES[run.state]
    with st.container(horizontal=True, vertical_alignment="center", key="status"):
        st.badge(label, icon=icon, color=colour)  # type: ignore[arg-type]  # one of its literals
        st.caption(_words(ran, run), width="stretch")
        control.draw(here, run_id, run, ran)
    if run.training and not run.over:
        st.progress(run.progress)


def _words(graph: Graph, run: Run) -> str:
    """Where the run stands, in a line."""
    parts = []
    busy = [node for node, state in run.nodes.items() if state == "running"]
    if run.place and not run.over:
        return f"Place {run.place} in the queue: other runs are going on."
    if not run.over and not run.started:
        return "Starting the worker…"
    if run.training:
        done = sum(epoch.node == run.training.node for epoch in run.epochs)
        epoch = min(run.training.epochs, done + (0 if run.over else 1))
        parts.append(f"epoch {epoch} of {run.training.epochs}")
    elif busy:
        parts.append(f"{plain(graph.title(busy[-1]))}…")
    if run.seconds_left is not None:
        parts.append(f"about {duration(run.seconds_left)} left")
    passed = (run.ended or run.paused or time.time()) - run.started - run.held
    if run.started:
        parts.append(f"{duration(passed)} {'in all' if run.over else 'so far'}")
    parts.append(f"seed {run.seed}")
    return " · ".join(parts)


def _results(graph: Graph, run: Run) -> None:
    """What came out at the end, or the last epoch's figures until then."""
    shown = [(graph.title(node), values) for node, values in run.results.items()]
    if not shown and run.epochs:
        shown = [(f"epoch {run.epochs[-1].epoch}", run.epochs[-1].metrics)]
    for title, values in shown:
        ordered = sorted(values.items(), key=lambda item: ("loss" not in item[0], item[0]))
        with st.container(horizontal=True, gap="large"):
            for name, value in ordered:
                shown_value = "not a number" if value is None else f"{value:.4g}"
                st.metric(plain(f"{title}: {name}"), shown_value, width="content")


def _curves(run: Run) -> None:
    known = charts.metrics(run)
    if not known and not run.over:
        st.caption("Curves appear with the first epoch.")
    colours = palette()
    for start in range(0, len(known), 2):
        for cell, name in zip(st.columns(2), known[start : start + 2], strict=False):
            figure = charts.curve(run, name, colours)
            cell.plotly_chart(figure, key=f"curve {name}", config={"displaylogo": False})


def _details(run_id: str, run: Run, ran: Graph) -> None:
    graph, layers, output, epochs, how = st.tabs(
        ["Graph", "Layers", "Output", "Epochs", "Facts"], key="details"
    )
    with graph:
        canvas.draw(
            ran,
            session.catalog(),
            key="run graph",
            mode=canvas.OVERVIEW,
            shapes=run.shapes,
            states=run.nodes,
            height=380,
        )
    with layers:
        if not run.summaries:
            st.caption("Known once the model is built.")
        for node, rows in run.summaries.items():
            if len(run.summaries) > 1:
                st.markdown(f"**{plain(names(ran).get(node, node))}**")
            report.layers(rows)
    with output:
        if run.output.text:
            st.code(run.output.text, language=None, height=340, wrap_lines=True)
        else:
            st.caption("Nothing was printed.")
    with epochs:
        _table(run)
    with how:
        facts.draw(run_id, run, ran)
    if run.over:
        _files(run_id, ran)


def _files(run_id: str, ran: Graph) -> None:
    """What a run has left to take home: the weights of each fit, and what its nodes wrote."""
    weights = runs.weights(run_id)
    with st.container(horizontal=True):
        for node, path in weights.items():
            of = f" of {plain(names(ran).get(node, node))}" if len(weights) > 1 else ""
            name = f"{run_id[:8]}{f'-{node}' if of else ''}.weights.h5"
            _download(f"Download weights{of}", path, name, f"weights {node}")
        for path in runs.files(run_id)[:FILES]:
            _download(plain(path.name), path, path.name, f"file {path.name}")


def _download(label: str, path: Path, name: str, key: str) -> None:
    st.download_button(
        label, data=path.read_bytes, file_name=name, icon=":material/download:", key=key, on_click="ignore"
    )


def _table(run: Run) -> None:
    if not run.epochs:
        st.caption("No epoch is done yet.")
        return
    columns = list(dict.fromkeys(name for epoch in run.epochs for name in epoch.metrics))
    st.dataframe(
        {
            "epoch": [epoch.epoch for epoch in run.epochs],
            **{name: [epoch.metrics.get(name) for epoch in run.epochs] for name in columns},
            "seconds": [round(epoch.seconds, 2) for epoch in run.epochs],
        },
        hide_index=True,
        width="stretch",
    )
