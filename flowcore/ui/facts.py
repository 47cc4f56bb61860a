"""What a run was made of: enough to make it again elsewhere and to know whether it is the same."""

import streamlit as st

from flowcore.dataflow.units import duration, size
from flowcore.model.frame import Limits
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.model.run import Run
from flowcore.runs.backends import NAMES
from flowcore.store import runs
from flowcore.store.journal import NAME, read
from flowcore.store.tensorboard import archive, require
from flowcore.ui import session
from flowcore.ui.words import plain

_NAMES = {"xla": "XLA"}


def draw(run_id: str, run: Run, ran: Graph) -> None:
    """A table of seed, versions, fingerprints, choices and limits."""
    rows = {**_settings(run_id, run), **_data(run, ran), **_choices(run, ran)}
    rows |= _limits(session.supervisor().limits)
    rows |= {f"{name} version": version for name, version in run.versions.items()}
    st.dataframe(
        {"Fact": list(rows), "Value": list(rows.values())},
        hide_index=True,
        width="stretch",
        column_config={"Fact": st.column_config.TextColumn(width="medium")},
    )
    if run.over and run.epochs:
        _logs(run_id, ran)


def _logs(run_id: str, ran: Graph) -> None:
    try:
        require()
    except FlowError as reason:
        st.caption(plain(f"{reason.problems[0].message} {reason.problems[0].hint}"))
        return
    st.download_button(
        "TensorBoard logs",
        data=lambda: archive(read(runs.folder(run_id) / NAME)[0], ran),  # made when it is asked for
        file_name=f"{run_id[:6]}-logs.zip",
        mime="application/zip",
        icon=":material/download:",
        key="logs",
        help="Unpack it, then: tensorboard --logdir FOLDER",
        on_click="ignore",
    )


def _settings(run_id: str, run: Run) -> dict[str, str]:
    settings = runs.settings(run_id)
    found = {
        "Run": run_id,
        "Seed": str(settings.seed),
        "Back end": NAMES.get(settings.backend, settings.backend),
        "Fingerprint of the graph": run.fingerprint[:16] or "known once it has started",
    }
    if settings.resume:
        found["Continues"] = settings.resume
    if run.held:
        found["Paused"] = duration(run.held)
    return found


def _choices(run: Run, ran: Graph) -> dict[str, str]:
    return {
        f"{_NAMES.get(name) or name.replace('_', ' ').capitalize()} of {ran.title(node)}": words
        for node, choices in run.chosen.items()
        for name, words in choices.items()
    }


def _data(run: Run, ran: Graph) -> dict[str, str]:
    """Fingerprints of what came into a node, short."""
    return {
        f"Fingerprint of {name} of {ran.title(node)}": mark[:16]
        for node, marks in run.data.items()
        for name, mark in marks.items()
    }


def _limits(limits: Limits) -> dict[str, str]:
    shown = {
        "Time limit": limits.seconds and duration(limits.seconds),
        "Memory limit": limits.memory and size(limits.memory),
        "Output limit": limits.output and size(limits.output),
        "Disk limit": limits.disk and size(limits.disk),
        "Parameter limit": limits.parameters and f"{limits.parameters:,}",
        "Pause limit": limits.pause and duration(limits.pause),
    }
    return {name: text for name, text in shown.items() if text}
