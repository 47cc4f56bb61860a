"""The buttons of a run: pause, resume and stop while it goes on; run again and continue afterwards."""

from collections.abc import Callable

import streamlit as st
from msgspec.structs import replace

from flowcore.dataflow import resume
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.model.run import Run, Settings
from flowcore.store import runs
from flowcore.ui import session
from flowcore.ui.links import names
from flowcore.ui.session import Session
from flowcore.ui.words import plain


def draw(here: Session, run_id: str, run: Run, ran: Graph) -> None:
    """What the owner can do with the run as it stands."""
    if not here.editable:
        return
    if run.over:
        _afterwards(here, run_id, run, ran)
    else:
        _meanwhile(run_id, run)


def start(here: Session, graph: Graph, settings: Settings) -> None:
    """Start a run, to be shown at the next drawing of the page; so is what keeps it from starting."""
    if run_id := session.attempt(lambda: session.supervisor().start(graph, here.owner, settings)):
        session.show_run(run_id)


def _meanwhile(run_id: str, run: Run) -> None:
    supervisor = session.supervisor()
    if run.state in ("pausing", "paused"):
        _button("Resume", "resume", lambda: supervisor.resume(run_id))
    elif run.started:
        held = "Holds at the end of the batch, or of the node that is at work."
        _button("Pause", "pause", lambda: supervisor.pause(run_id), run.state != "running", held)
    _button("Stop", "stop", lambda: supervisor.stop(run_id), run.state == "stopping")


def _afterwards(here: Session, run_id: str, run: Run, ran: Graph) -> None:
    settings = runs.settings(run_id)
    busy = bool(session.supervisor().active(here.id))
    source = runs.continued(run_id)
    if source == run_id:
        _continue(here, source, run, ran, settings, busy)
    elif source:  # it came to nothing itself
        _continue(here, source, session.supervisor().look(source), session.ran(source), settings, busy)
    again = "The same graph, seed and settings once more: the same figures come out."
    _button("Run again", "again", lambda: start(here, replace(ran, id=here.id), settings), busy, again)


def _continue(here: Session, source: str, run: Run, ran: Graph, settings: Settings, busy: bool) -> None:
    """Train on from what a run has kept. ran: its graph. settings: how that is done."""
    graph, on = here.graph, replace(settings, resume=source)
    left = _left(graph, ran, run)
    if not run.checkpoints or (run.state == "done" and not left):
        return
    fit, kept, wanted = left or ("", [*run.checkpoints.values()][-1], 0)
    name = plain(names(graph).get(fit, fit))
    which = f" of {name}" if len(run.checkpoints) > 1 and fit else ""
    label = f"Continue from epoch {kept}{which}" if kept else f"Continue with {name}"
    help_ = f"Trains on from epoch {kept} of {wanted}, with the graph as it is now."
    if not left:
        help_ = f"Epoch {kept} is done, and no more are asked for: raise Epochs to train on."
    _button(label, "continue", lambda: start(here, graph, on), busy or not left, help_)


def _left(graph: Graph, ran: Graph, run: Run) -> tuple[str, int, int] | None:
    try:
        return resume.left(graph, ran, run, session.catalog())
    except FlowError:
        return None  # a cycle, which the list of problems tells


def _button(
    label: str, key: str, act: Callable[[], None], disabled: bool = False, help: str | None = None
) -> None:
    """Act, and draw the whole page again: it may be another run's now."""
    if st.button(label, icon=_ICONS[key], key=key, disabled=disabled, help=help, width="content"):
        act()
        session.redraw()


_ICONS = {
    "resume": ":material/play_arrow:",
    "pause": ":material/pause:",
    "stop": ":material/stop:",
    "continue": ":material/resume:",
    "again": ":material/replay:",
}
