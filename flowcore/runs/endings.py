"""How a run ended: the worker's own word, or what its exit code says if it had no time for one."""

import signal
import time
from typing import Final

from flowcore.model.event import Event, Failed, Stopped
from flowcore.model.problem import Problem

_CAUSES: Final = {
    signal.SIGKILL: "The system does that when memory runs out: try a smaller batch or model.",
    signal.SIGSEGV: "A compiled library crashed: its trace is at the end of the output.",
    signal.SIGABRT: "A compiled library gave up: its reason is at the end of the output.",
    signal.SIGTERM: "Somebody or something asked it to end: run it again.",
}


def ending(last: Event | None, code: int, asked: bool, running: tuple[str, ...] = ()) -> Event:
    """The last event of a run.

    asked: somebody stopped it, so that its death is no surprise. running: the nodes that it died in.
    """
    if last is not None:
        return last
    if asked:
        return Stopped(at=time.time())
    return Failed(at=time.time(), problem=death(code, running))


def death(code: int, running: tuple[str, ...] = ()) -> Problem:
    """A worker that ended without a word. code: as subprocess gives it, negative for a signal."""
    if code < 0:
        try:
            name, hint = signal.Signals(-code).name, _CAUSES.get(signal.Signals(-code), "")
        except ValueError:
            name, hint = f"signal {-code}", ""
        hint = hint or "Its last output may tell why."
        return Problem("worker-died", f"The worker was killed by {name}.", hint, running)
    return Problem(
        "worker-died",
        f"The worker ended with exit code {code} before the graph was done.",
        "Something in the graph ended the process: its last output may tell what.",
        running,
    )
