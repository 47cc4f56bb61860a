"""The limits that the system keeps for a worker, so that too large a request fails where it is made."""

import errno
import math
import resource
from typing import Any, Final

from flowcore.dataflow.units import size
from flowcore.model.frame import Limits
from flowcore.model.problem import Problem, error

SLACK: Final = 1 << 29  # stacks of threads that libraries start, counted whole before they are used


def confine(limits: Limits) -> None:
    """Let an allocation beyond the limit of memory raise MemoryError, a file beyond that of disk OSError."""
    if limits.memory is not None:
        _limit(resource.RLIMIT_DATA, _data() + limits.memory + SLACK)
    if limits.disk is not None:
        _limit(resource.RLIMIT_FSIZE, limits.disk)


def exhausted(reason: BaseException, limits: Limits) -> Problem | None:
    """What is to be said of a request for more memory or disk than is allowed; None of anything else."""
    if isinstance(reason, OSError) and reason.errno == errno.EFBIG and limits.disk is not None:
        return Problem(
            "limit-disk",
            f"It wrote a file of more than {size(limits.disk)}, which is the limit of disk space.",
            "Write less, or raise FLOWCORE_LIMIT_DISK where flowcore is started.",
        )
    if not isinstance(reason, MemoryError) and type(reason).__name__ != "ResourceExhaustedError":
        return None
    limit = "the machine has" if limits.memory is None else f"the limit of {size(limits.memory)} leaves"
    return Problem(
        "limit-memory",
        f"It asked for more memory than {limit}.",
        "Use a smaller batch, model or data set, or raise FLOWCORE_LIMIT_MEMORY where flowcore is started.",
    )


def admit(outputs: dict[str, Any], counted: dict[int, int], limit: int | None) -> None:
    """Count the parameters of a layer that was made. Raises FlowError("limit-parameters") past the limit."""
    layer: Any = outputs.get("layer")
    if limit is None or layer is None:
        return
    counted[id(layer)] = sum(math.prod(weight.shape) for weight in layer.weights)
    total = sum(counted.values())
    if total > limit:
        raise error(
            "limit-parameters",
            f"The layers have {total:,} parameters so far; the limit is {limit:,}.",
            "Use fewer or smaller layers, or raise FLOWCORE_LIMIT_PARAMETERS where flowcore is started.",
        )


def _limit(kind: int, wanted: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _data() -> int:
    """Bytes of data that this process has mapped by now (proc(5), VmData); 0 where nobody tells."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            line = next(line for line in file if line.startswith("VmData:"))
    except (OSError, StopIteration):
        return 0
    return int(line.split()[1]) * 1024
