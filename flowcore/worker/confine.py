"""The limits that the system keeps for a worker, so that too large a request fails where it is made."""

import errno
import resource
from typing import Any, Final

from flowcore.dataflow.bounds import hint
from flowcore.dataflow.units import size
from flowcore.model.frame import Limits
from flowcore.model.problem import Problem, error
from flowcore.store.memory import status
from flowcore.worker import sizes

SLACK: Final = 1 << 29  # stacks of threads that libraries start, counted whole before they are used


def confine(limits: Limits) -> None:
    """Let an allocation beyond the limit of memory raise MemoryError, a file beyond that of disk OSError."""
    if limits.memory is not None:
        _limit(resource.RLIMIT_DATA, status().get("VmData", 0) + limits.memory + SLACK)
    if limits.disk is not None:
        _limit(resource.RLIMIT_FSIZE, limits.disk)


def exhausted(reason: BaseException, limits: Limits) -> Problem | None:
    """What is to be said of a request for more memory or disk than is allowed; None of anything else."""
    if isinstance(reason, OSError) and reason.errno == errno.EFBIG and limits.disk is not None:
        return Problem(
            "limit-disk",
            f"It wrote a file of more than {size(limits.disk)}, which is the limit of disk space.",
            hint("disk"),
        )
    if not isinstance(reason, MemoryError) and type(reason).__name__ != "ResourceExhaustedError":
        return None
    limit = "the machine has" if limits.memory is None else f"the limit of {size(limits.memory)} leaves"
    return Problem("limit-memory", f"It asked for more memory than {limit}.", hint("memory"))


def admit(outputs: dict[str, Any], counted: dict[int, int], limit: int | None) -> None:
    """Count the parameters of a layer that was made. Raises FlowError("limit-parameters") past the limit."""
    layer: Any = outputs.get("layer")
    if limit is None or layer is None:
        return
    counted[id(layer)] = sizes.size(layer.weights)
    total = sum(counted.values())
    if total > limit:
        raise error(
            "limit-parameters",
            f"The layers have {total:,} parameters so far; the limit is {limit:,}.",
            hint("parameters"),
        )


def _limit(kind: int, wanted: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
