"""Serving the app: Streamlit in this process, with what the pages import on its way already."""

import importlib
import os
import threading
from pathlib import Path

import streamlit.web.cli

import flowcore
from flowcore.runs import limits
from flowcore.runs.queue import Queue
from flowcore.runs.sessions import Sessions
from flowcore.runs.workers import Workers
from flowcore.store import overlay


def serve(address: str, port: int) -> None:
    """Serve until interrupted. The first visitor does not wait for imports.

    Raises FlowError for a setting that is wrong: it is no business of a visitor's.
    """
    limits.allowed()
    Queue()
    workers = Workers()
    Sessions(overlay.load, workers)
    workers.close()
    threading.Thread(target=_warm, name="warm", daemon=True).start()
    script = Path(flowcore.__file__).parent.parent / "app.py"
    os.chdir(script.parent)  # Streamlit reads its settings from here
    options = [f"--server.address={address}", f"--server.port={port}", "--server.headless=true"]
    streamlit.web.cli.main(["run", str(script), *options], standalone_mode=False)


def _warm() -> None:
    # Not the canvas: agraph must register with a server that is already there.
    for name in ("gallery", "charts"):
        importlib.import_module(f"flowcore.ui.{name}")
    overlay.load()
