"""The buttons of a run: pause, resume and stop while it goes on; run again and continue afterwards."""

from collections.abc import Callable

import streamlit as st
from msgspec.structs import replace

from flowcore.dataflow import plan as plans
from flowcore.model.graph import Graph
from flowcore.model.run import Run, Settings
from flowcore.store import runs
from flowcore.ui import session
from flowcore.ui.session import Session


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
    kept = max(run.checkpoints.values(), default=0)
    graph = here.graph
    wanted = plans.read(graph, session.catalog()).epochs
    if kept and (run.state != "done" or wanted > kept):
        on = replace(settings, resume=run_id)
        short = wanted <= kept
        help_ = f"Epoch {kept} of {wanted} is done: raise Epochs to train on." if short else None
        help_ = help_ or f"Trains on from epoch {kept} of {wanted}, with the graph as it is now."
        _button(
            f"Continue from epoch {kept}", "continue", lambda: start(here, graph, on), busy or short, help_
        )
    again = "The same graph, seed and settings once more: the same figures come out."
    _button("Run again", "again", lambda: start(here, replace(ran, id=here.id), settings), busy, again)


def _button(
    label: str, key: str, act: Callable[[], None], disabled: bool = False, help: str | None = None
) -> None:
    """Act, and draw the whole page again: it may be another run's now."""
    if st.button(label, icon=_ICONS[key], key=key, disabled=disabled, help=help, width="content"):
        act()
        st.rerun()


_ICONS = {
    "resume": ":material/play_arrow:",
    "pause": ":material/pause:",
    "stop": ":material/stop:",
    "continue": ":material/resume:",
    "again": ":material/replay:",
}
