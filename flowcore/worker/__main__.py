"""``python -m flowcore.worker {run, session, check, describe} EVENTS`` or ``zygote SOCKET PARENT``.

Started by runs alone. Frames come in on descriptor 0, events go out on descriptor EVENTS, output is
whatever is printed.
"""

import contextlib
import faulthandler
import os
import resource
import sys

from flowcore.model.event import Failed
from flowcore.model.frame import CheckRequest, Described, DescribeRequest, Limits, ShapeReport
from flowcore.model.problem import FlowError
from flowcore.store.processes import adopt, end_children
from flowcore.worker import run, zygote
from flowcore.worker.channel import Channel
from flowcore.worker.confine import confine
from flowcore.worker.locate import add_fallback, add_own_functions, locate, uncollected

CHECK_MEMORY = 1 << 29  # bytes beyond its imports: shapes take next to nothing


def main(mode: str, descriptor: int, parent: int = 0) -> None:
    if mode == "zygote":
        zygote.serve(descriptor, parent, work)
    else:
        work(mode, descriptor)


def work(mode: str, events: int, warm: bool = False) -> None:
    """What a worker does from its first step to its last. warm: a spare one, which waits for its work."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    adopt()
    sys.setrecursionlimit(50_000)  # keras.Model() walks a chain of 1,000 layers by recursion
    add_fallback()
    frames = os.fdopen(os.dup(0), "rb")
    # What a node starts must not read the frames, nor hold the events open.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.set_inheritable(events, False)
    channel = Channel(frames, os.fdopen(events, "wb"))
    try:
        if warm:
            from flowcore.worker.warm import warm_up  # costs what no other worker has to pay

            warm_up()
        _MODES[mode](channel)
    except FlowError as reason:
        channel.send(Failed(problem=reason.problems[0]))
    except BaseException as reason:  # the last word, before the process ends
        channel.send(run.crash(reason))
    channel.close()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # a node may have closed it
            stream.flush()
    end_children()
    # Tearing TensorFlow down takes longer than it is worth, and nothing is left to save.
    os._exit(0)


def _check(channel: Channel) -> None:
    from flowcore.worker.shapes import Checks

    if os.environ.get("KERAS_BACKEND") == "jax":
        # Keras and JAX import what they find; without these two they take half the time and memory.
        sys.modules["tensorflow"] = sys.modules["sklearn"] = None  # type: ignore[assignment]
        os.environ["JAX_PLATFORMS"] = "cpu"
    with uncollected():
        locate("keras")
    checks = Checks()
    confine(Limits(memory=CHECK_MEMORY))
    channel.send(ShapeReport())  # ready: what takes time from here on is the graph's doing
    while isinstance(request := channel.receive(), CheckRequest):
        channel.send(checks.infer(request))


def _describe(channel: Channel) -> None:
    from flowcore.worker.scan import scan

    request = channel.receive()
    if isinstance(request, DescribeRequest):
        channel.send(scan(request, lambda done, total: channel.send(Described(done, total))))


def _run(channel: Channel) -> None:
    add_own_functions()
    run.serve(channel)


def _session(channel: Channel) -> None:
    from flowcore.worker import session  # not needed by those that run one graph, once

    add_own_functions()
    session.serve(channel)


_MODES = {"run": _run, "session": _session, "check": _check, "describe": _describe}

if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
