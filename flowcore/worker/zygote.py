"""The zygote: imports Keras once, runs no operation of it, and forks the workers that it is asked for.

A child forked after an operation never finishes its own fit, so nothing here may call one.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from types import FrameType
from typing import Final

import msgspec

from flowcore.model.frame import Exited, Fork, Forked, FromZygote, ZygoteReady
from flowcore.store.processes import adopt, end_children, end_group
from flowcore.worker.locate import add_fallback, locate, uncollected

PIPES: Final = 3
MESSAGE: Final = 1 << 20
_PDEATHSIG: Final = 1
# What most graphs need; a package that is not installed, or imports nothing for a back end, is left out.
_PRELOADED: Final = ("keras", "numpy", "pandas", "sklearn.datasets", "sklearn.model_selection", "fallback")
_decoder = msgspec.json.Decoder(Fork)
_encoder = msgspec.json.Encoder()
Begin = Callable[[str, int, bool], None]


def serve(descriptor: int, parent: int, begin: Begin) -> None:
    """Fork until the other end of the socket is closed, then end every worker that is left.

    parent: the process that is served. begin(mode, events, warm) is what a child does for the rest of its
    life.
    """
    _die_with(parent)
    adopt()
    control = socket.socket(fileno=descriptor)
    preload()
    workers: set[int] = set()
    signal.signal(signal.SIGTERM, lambda number, frame: _end(workers))
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _noticed)
    _tell(control, ZygoteReady())
    with selectors.DefaultSelector() as events:
        events.register(control, selectors.EVENT_READ)
        events.register(woken, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in events.select()}
            if woken in ready:
                os.read(woken, 1024)
                _reap(control, workers)
            if control.fileno() in ready:
                _answer(control, workers, begin, (woken, wake))


def _answer(control: socket.socket, workers: set[int], begin: Begin, ours: tuple[int, int]) -> None:
    """One worker, or the end of them all where nobody asks any more."""
    try:
        content, pipes, _, _ = socket.recv_fds(control, MESSAGE, PIPES)
    except OSError:
        content, pipes = b"", []
    if not content:
        _end(workers)
    request = _decoder.decode(content)
    pid = os.fork()
    if not pid:
        _become(request, pipes, begin, (control.detach(), *ours))
    for pipe in pipes:
        os.close(pipe)
    workers.add(pid)
    _tell(control, Forked(pid))


def _become(request: Fork, pipes: list[int], begin: Begin, ours: tuple[int, ...]) -> None:
    """A worker as one that was started by itself: own session, pipes in place, nothing of the zygote's."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    for descriptor in ours:
        os.close(descriptor)
    os.setsid()
    frames, events, output = pipes
    os.dup2(frames, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(frames)
    os.close(output)
    os.environ.update(request.environment)
    tempfile.tempdir = None
    begin(request.mode, events, request.warm)
    os._exit(0)


def preload() -> None:
    """Import what most graphs need, whatever of it is there."""
    add_fallback()
    with uncollected():
        for name in _PRELOADED:
            with contextlib.suppress(Exception):
                locate(name)


def _reap(control: socket.socket, workers: set[int]) -> None:
    """What a worker started ends with it, for as long as its number means its group."""
    for pid in tuple(workers):
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            end_group(pid)
            _, status = os.waitpid(pid, 0)
            workers.discard(pid)
            end_children(but=workers)  # that left the group of the worker
            _tell(control, Exited(pid, os.waitstatus_to_exitcode(status)))


def _end(workers: set[int]) -> None:
    for pid in workers:
        end_group(pid)
    end_children()
    os._exit(0)


def _tell(control: socket.socket, message: FromZygote) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more: the next reading says so
        control.send(_encoder.encode(message))


def _noticed(number: int, frame: FrameType | None) -> None:
    """Without a handler a signal wakes nobody."""


def _die_with(parent: int) -> None:
    """While it imports it reads nothing, and would not notice that its server is gone (prctl(2))."""
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)
