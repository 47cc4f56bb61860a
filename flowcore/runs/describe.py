"""Scanning a package: in a process of its own, since importing a package runs it."""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from flowcore.model.descriptor import Catalog, Source
from flowcore.model.event import Failed
from flowcore.model.frame import Described, DescribeRequest, Scanned
from flowcore.model.problem import FlowError, error
from flowcore.runs.process import WorkerProcess

LIMIT: Final = 300.0
BEAT: Final = 0.1
Tell = Callable[[int, int], None]
_decoder = msgspec.json.Decoder(Described | Scanned | Failed)


def describe(
    package: str,
    source: Source,
    tell: Tell | None = None,
    stop: threading.Event | None = None,
    *,
    static: bool = False,
    only: tuple[str, ...] = (),
) -> Catalog:
    """The catalogue of a package as it is installed now; of the modules in only, if there are any.

    static: its files are read, and nothing of it is imported. tell hears how many callables are
    described, and how many there are. Raises FlowError: "worker-failed" with the reason,
    "describe-failed" after LIMIT seconds, "describe-stopped" once stop is set; static:
    "not-installed", and "no-source" for a package that is compiled.
    """
    return ask(DescribeRequest(package, source, static=static, only=only), tell, stop).catalog


def ask(request: DescribeRequest, tell: Tell | None = None, stop: threading.Event | None = None) -> Scanned:
    """What a worker answers to a request; raises what `describe` raises."""
    worker = WorkerProcess("describe", keep_output=False)
    try:
        worker.send(request)
        for line in _lines(worker, request.package, stop or threading.Event()):
            match _decoder.decode(line):
                case Described(done, total) if tell:
                    tell(done, total)
                case Scanned() as found:
                    return found
                case Failed(problem=problem):
                    raise FlowError(problem)
    finally:
        worker.kill()
        worker.wait()
        worker.close()
    raise error(
        "describe-failed",
        f"The scan of {request.package} ended its process: importing it exits or crashes.",
        "Read it without importing (flowcore describe --static), or install another version.",
    )


def _lines(worker: WorkerProcess, package: str, stop: threading.Event) -> Iterator[bytes]:
    """Lines until the worker is gone. Read as they come: a buffer would hide those that wait in it."""
    end, pipe, rest = time.monotonic() + LIMIT, worker.events.fileno(), b""
    while time.monotonic() < end:
        if stop.is_set():
            raise error("describe-stopped", f"The scan of {package} was stopped.", "Start it again.")
        if select.select([pipe], [], [], BEAT)[0]:
            read = os.read(pipe, 1 << 20)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            yield from lines
    raise error(
        "describe-failed",
        f"The scan of {package} gave no answer within {LIMIT:.0f} s.",
        "Name fewer modules in descriptors/sources.toml.",
    )
