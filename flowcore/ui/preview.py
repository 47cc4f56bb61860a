"""Run up to here: the button of the selected node, how it goes, and the value that comes out."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import streamlit as st

from flowcore.dataflow import plan as plans
from flowcore.dataflow import ports
from flowcore.dataflow.signature import signatures
from flowcore.dataflow.training import Known
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import Sample
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import FlowError
from flowcore.model.run import Run
from flowcore.runs.talk import Answer, Look
from flowcore.runs.trained import trained
from flowcore.store import runs
from flowcore.ui import frame, links, session, shown
from flowcore.ui.session import Session
from flowcore.ui.words import plain

VALUE: Final = "Value"
ACTIVATIONS: Final = "Activations"
LINES: Final = 40


class Seen(NamedTuple):
    """What the session of this browser has seen of the graph. now: signatures of the graph as it is."""

    look: Look
    now: Mapping[str, str]
    seed: int

    @property
    def states(self) -> dict[str, str]:
        """By node: "kept" for a value that is up to date, and how the request fares."""
        states = dict.fromkeys(self.look.fresh(self.now), "kept")
        going = {id: "running" for id, state in self.look.run.nodes.items() if state == "running"}
        failed = self.look.run.problem.nodes if self.look.run.problem else ()
        return states | going | {id: "failed" for id in failed if id not in states}

    @property
    def known(self) -> Known:
        """Shapes and classes of the values that are up to date."""
        fresh, look = self.look.fresh(self.now), self.look
        return Known(
            {id: shapes for id, shapes in look.shapes.items() if id in fresh},
            {id: counts for id, counts in look.classes.items() if id in fresh},
        )


def seen(here: Session, catalog: Catalog, run_id: str) -> Seen:
    """How the session stands. Others than the owner have none, and start none."""
    seed = runs.settings(run_id).seed if run_id and runs.exists(run_id) else 0
    look = session.sessions().look(here.id, here.owner) if here.editable else Look()
    try:
        now = signatures(here.graph, catalog, seed) if look.known or look.answers else {}
    except FlowError:
        now = {}  # a cycle: nothing is up to date, and the list of problems says why
    return Seen(look, now, seed)


def controls(here: Session, catalog: Catalog, found: Seen) -> None:
    """What to look at, and the button; while a request is under way, how it goes."""
    node = here.graph.by_id.get(here.selected)
    if node is None or not here.editable:
        return
    if found.look.busy:
        _progress(here)
        return
    sample = _sample(here.graph, node, catalog) if _mode(here.graph, node, catalog) == ACTIVATIONS else None
    pressed = st.button(
        "Run up to here",
        icon=":material/play_arrow:",
        key="run here",
        shortcut="Ctrl+Enter",
        help="Evaluates this node and what it needs. What has not changed is not run again. (Ctrl+Enter)",
        width="stretch",
    )
    if pressed:
        _start(here, node, found.seed, sample)


def value(here: Session, found: Seen) -> None:
    """What the selected node handed on when it was last looked at."""
    node = here.graph.by_id.get(here.selected)
    if node is None or not here.editable:
        return
    with st.container(border=True, key="preview"):
        st.markdown(f"**{plain(node.title)}**")
        if found.look.node == node.id and not found.look.busy:
            _ending(found.look.run)
        answer = found.look.answers.get(node.id)
        if answer is None:
            st.caption("Run up to here to see what this node hands on.")
        else:
            _answer(node, answer, found)


def _mode(graph: Graph, node: Node, catalog: Catalog) -> str:
    """What to look at: of what hands a tensor on, activations too."""
    if not _has_activations(graph, node, catalog):
        return VALUE
    chosen = st.segmented_control(
        "Look at",
        (VALUE, ACTIVATIONS),
        default=VALUE,
        key=f"{node.id} look",
        label_visibility="collapsed",
        required=True,
        width="stretch",
    )
    return str(chosen)


def _has_activations(graph: Graph, node: Node, catalog: Catalog) -> bool:
    comes_in = bool(graph.into(node.id))
    return comes_in and ports.carried(graph, node, "", catalog) in ("tensor", "tensors")


def _sample(graph: Graph, node: Node, catalog: Catalog) -> Sample | None:
    """Which sample to show the layer: of the data of the training, unless another output is chosen."""
    options = plans.samples(graph, catalog)
    if not options:
        st.caption("There is no array in the graph that it could be shown.")
        return None
    left, right = st.columns([2, 1])
    names = links.names(graph)
    place = left.selectbox(
        "Samples",
        options,
        format_func=lambda place: f"{names.get(place[0], place[0])}: {place[1] or 'value'}",
        key=f"{node.id} samples",
    )
    index = right.number_input("Number", min_value=0, value=0, step=1, key=f"{node.id} sample")
    known = trained(graph, catalog)
    return Sample(*place, int(index), known.fit, known.weights, known.missing)


def _start(here: Session, node: Node, seed: int, sample: Sample | None) -> None:
    try:
        session.sessions().evaluate(here.graph, here.owner, node.id, seed, sample)
    except FlowError as reason:
        session.say(*reason.problems[:4])
    session.redraw()


@st.fragment(run_every=0.4)
def _progress(here: Session) -> None:
    """How the request goes, and Stop; the page is drawn again once it is over."""
    look = session.sessions().look(here.id, here.owner)
    if not look.busy:
        session.refresh()
    words, share = _going(here.graph, look.run)
    st.progress(share, text=plain(words))
    st.button(
        "Stop",
        icon=":material/stop:",
        key="stop here",
        disabled=look.run.state == "stopping",
        on_click=lambda: session.sessions().stop(here.id, here.owner),
        width="stretch",
    )


def _going(graph: Graph, run: Run) -> tuple[str, float]:
    """In words what is being done, and which share of the nodes is done."""
    if not run.started:
        return "Starting a worker…", 0.0
    now = next((id for id, state in run.nodes.items() if state == "running"), "")
    done = sum(state == "done" for state in run.nodes.values())
    share = min(1.0, done / max(1, len(run.order)))
    if run.state == "stopping":
        return "Stopping…", share
    if run.training and now == run.training.node and run.training.epochs:
        epochs = sum(epoch.node == now for epoch in run.epochs)
        return f"{graph.title(now)}: epoch {epochs + 1} of {run.training.epochs}", run.progress
    return f"{graph.title(now)}…" if now else "Looking at the value…", share


def _ending(run: Run) -> None:
    """Why the last request has no value, and what was printed."""
    if run.problem is not None:
        frame.complain(run.problem)
    elif run.state == "stopped":
        st.info("Stopped. Run up to here again to see its value.", icon=":material/stop:")
    if run.output.text.strip():
        with st.expander("Output", key="preview output", expanded=run.problem is not None):
            st.code(run.output.last(LINES), language=None, wrap_lines=True, height=220)


def _answer(node: Node, answer: Answer, found: Seen) -> None:
    if found.now.get(node.id) != answer.signature:
        st.caption(":orange[:material/history:] As it was before the last changes. Run up to here again.")
    else:
        count = len(answer.found.ran)
        did = f"{count} node{'s'[: count != 1]} ran" if count else "nothing had to run"
        st.caption(f":primary[:material/check_circle:] Up to date · {did} · {answer.seconds:.2f} s")
    if answer.found.activations is not None:
        value, looked = st.tabs([VALUE, ACTIVATIONS], default=ACTIVATIONS, key=f"{node.id} tabs")
        with value:
            shown.outputs(answer.found.previews, node.id)
        with looked:
            shown.activations(answer.found.activations, node.id)
    else:
        shown.outputs(answer.found.previews, node.id)
