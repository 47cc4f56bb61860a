"""Servers and a browser to measure them with."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    f"--{flag}"
    for flag in (
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    )
]


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("The page figures need Chromium. Install it, for instance: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@contextlib.contextmanager
def server(command: Sequence[str], port: int, cwd: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that answers, with a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, "FLOWCORE_HOME": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait(port)
            yield process
        finally:
            process.terminate()
            process.wait()


def app(port: int) -> list[str]:
    """The command that serves flowcore."""
    return [sys.executable, "-m", "flowcore.cli", "app", f"--port={port}"]


def empty(port: int, folder: Path) -> list[str]:
    """The command that serves a Streamlit page with one line of text, under the same settings."""
    return bare(port, folder, 'import streamlit as st\nst.title("empty")\n')


def bare(port: int, folder: Path, page: str) -> list[str]:
    """The command that serves a page, and those in its folder ``pages``, under the same settings."""
    script = folder / "page.py"
    script.write_text(page)
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit", dirs_exist_ok=True)
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    return [sys.executable, "-m", "streamlit", "run", str(script), *options]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
            return
        time.sleep(0.05)
    sys.exit(f"No server answered on port {port} within 60 s.")
