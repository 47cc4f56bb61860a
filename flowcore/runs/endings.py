"""How a run ended: the worker's own word, or what its exit code says if it had no time for one."""

import signal
import time
from typing import Final

from flowcore.model.event import Event, Failed, Stopped
from flowcore.model.problem import FlowError, Problem
from flowcore.model.run import Run
from flowcore.runs.process import UNSEEN

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
    if code == UNSEEN:
        hint = "Its last output may tell why."
        return Problem("worker-died", "The worker ended before the graph was done.", hint, running)
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


def not_started(reason: Exception, hint: str) -> Problem:
    """Why there is no worker: its own reason, or what the system said."""
    if isinstance(reason, FlowError):
        return reason.problems[0]
    return Problem("no-worker", f"The worker could not be started: {reason}.", hint)


def orphaned(run_id: str, run: Run) -> Problem:
    """What is to be said of a run whose server died."""
    kept = [0, *run.checkpoints.values()][-1]
    hint = f"Continue it from epoch {kept}, or run it again" if kept else "Run it again"
    return Problem(
        "server-gone",
        f"The process that ran {run_id[:6]} ended while it was running.",
        f"{hint}; what it had recorded until then is kept.",
    )


def full(reason: OSError) -> Problem:
    """What is to be said when the journal takes no more."""
    return Problem(
        "disk-full",
        f"The journal of the run could not be written: {reason.strerror or reason}.",
        "Make room in FLOWCORE_HOME, then run it again.",
    )
