"""Scanning a package: in a process of its own, since importing a package runs it."""

import select
from typing import Final

import msgspec

from flowcore.model.descriptor import Catalog, Source
from flowcore.model.event import Failed
from flowcore.model.frame import DescribeRequest
from flowcore.model.problem import FlowError, error
from flowcore.runs.process import WorkerProcess

LIMIT: Final = 300.0


def describe(package: str, source: Source) -> Catalog:
    """The catalogue of a package as it is installed now.

    Raises FlowError: "worker-failed" with the reason, "describe-failed" after LIMIT seconds.
    """
    worker = WorkerProcess("describe", keep_output=False)
    try:
        worker.send(DescribeRequest(package, source))
        ready, _, _ = select.select([worker.events], [], [], LIMIT)
        line = worker.events.readline() if ready else b""
    finally:
        worker.kill()
        worker.wait()
        worker.close()
    if not line:
        raise error(
            "describe-failed",
            f"The scan of {package} gave no answer within {LIMIT:.0f} s.",
            "Name fewer modules in descriptors/sources.toml.",
        )
    try:
        return msgspec.json.decode(line, type=Catalog)
    except msgspec.ValidationError:
        raise FlowError(msgspec.json.decode(line, type=Failed).problem) from None
