"""Starting a run, and finding an earlier one."""

import time

import streamlit as st

from flowcore.dataflow import plan as plans
from flowcore.dataflow import targets
from flowcore.dataflow.check import check
from flowcore.dataflow.repair import repairs
from flowcore.dataflow.units import duration
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.model.run import Settings
from flowcore.runs import backends
from flowcore.store import runs
from flowcore.ui import control, frame, preview, report, session, shapes
from flowcore.ui.session import Session
from flowcore.ui.words import plain


def draw(here: Session, catalog: Catalog, run_id: str) -> None:
    """How to run, and the button that starts a run; one at a time for each graph."""
    busy = bool(run_id) and not session.supervisor().look(run_id).over
    trains = plans.trains(here.graph, catalog)
    settings = _settings(here, trains)
    pressed = st.button(
        "Train" if trains else "Run",
        icon=":material/play_arrow:",
        type="primary",
        key="train",
        width="stretch",
        disabled=busy or not here.editable,
        help="A run is going on. Stop it first." if busy else None,
    )
    if pressed and here.editable:
        _start(here, catalog, settings)


def _settings(here: Session, trains: bool) -> Settings:
    """What is chosen for the next run; what is left open is chosen by the worker, and shown."""
    seed = st.number_input(
        "Seed",
        value=0,
        step=1,
        min_value=0,
        max_value=2**31,
        key="seed",
        help="The same seed gives the same weights at the start, and the same result.",
        disabled=not here.editable,
    )
    if not trains:
        return Settings(seed=int(seed or 0))
    with st.expander("Speed", key="speed"):
        backend = st.selectbox(
            "Back end",
            backends.installed(),
            format_func=lambda name: backends.NAMES[name],
            key="backend",
            help="What Keras computes with. Others than TensorFlow are used where they are installed.",
            disabled=not here.editable,
        )
        steps = st.number_input(
            "Steps per execution",
            value=None,
            step=1,
            min_value=1,
            max_value=1_000,
            placeholder="chosen by the time of a step",
            key="steps",
            help="Batches that run without a return to Python: more is faster for small networks, "
            "and stop, pause and figures come that much later.",
            disabled=not here.editable,
        )
    return Settings(seed=int(seed or 0), backend=backend or "tensorflow", steps_per_execution=steps)


def _start(here: Session, catalog: Catalog, settings: Settings) -> None:
    """Make the graph a whole program, then run it."""
    try:
        graph = plans.program(here.graph, catalog)
    except FlowError as reason:
        for problem in reason.problems[:8]:
            frame.complain(problem)
        return
    here.apply(lambda _: graph)
    control.start(here, here.graph, settings)
    session.redraw()


def earlier(here: Session, run_id: str) -> None:
    """The runs of this graph, newest first."""
    rows = runs.listing(here.id, 20)
    if not rows:
        return
    with st.expander(f"Runs ({len(rows)})", key="runs"):
        for row in rows:
            when = duration(time.time() - row.created)
            figures = " ".join(
                f"{name} {value:.3g}" for name, value in row.metrics.items() if value is not None
            )
            mark = "→ " if row.id == run_id else ""
            text = plain(f"{mark}{row.state}, {when} ago · {figures}")
            if st.button(text, key=f"run {row.id}", type="tertiary"):
                st.query_params["run"] = row.id
                session.redraw()


def before(here: Session, catalog: Catalog) -> None:
    """What there is to see before the first run: what keeps it from starting, and the layers."""
    graph = _whole(here.graph, catalog)
    found, fresh = shapes.report(here, catalog)
    data = preview.seen(here, catalog, "").known
    fitting = targets.check(graph, catalog, found, data) if fresh else ()
    problems = (*check(graph, catalog), *found.problems, *fitting)
    if not fresh:
        shapes.wait(here, catalog)
    if problems:
        report.problems(
            here, problems, lambda one: repairs(one, graph, catalog, found, data) if fresh else ()
        )
    if not any(one.level == "error" for one in problems):
        _ready(plans.trains(graph, catalog))
    for rows in found.summaries.values():
        report.layers(rows)


def _ready(trains: bool) -> None:
    if trains:
        st.info("Ready to train. Curves appear here as it goes.", icon=":material/model_training:")
    else:
        st.info("Ready to run. What comes out appears here.", icon=":material/play_arrow:")


def _whole(graph: Graph, catalog: Catalog) -> Graph:
    try:
        return plans.program(graph, catalog)
    except FlowError:
        return graph
